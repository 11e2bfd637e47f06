import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { appendMetrics, writeRuns } from './metrics.ts'
import { api, text, withBrowser } from './support.ts'

const { visit, context, allow } = withBrowser()

test('12: the zoo’s counts are the API’s, and no law is told before it is asked for', async () => {
  const rows =
    await api<{ name: string; category: string; held_out: boolean; equation: string }[]>('/api/subjects/discover')
  const page = await visit('/zoo')
  await expect.poll(() => text(page, 'count')).toBe(`${rows.length} of ${rows.length} systems`)
  const body = await page.content()
  expect(rows.filter((row) => body.includes(row.equation)).map((row) => row.name)).toEqual([])
  await page.getByLabel('Category').selectOption('mechanics')
  await page.getByLabel('Split').selectOption('held out')
  const wanted = rows.filter((row) => row.category === 'mechanics' && row.held_out)
  await expect.poll(() => text(page, 'count')).toBe(`${wanted.length} of ${rows.length} systems`)
  expect(await page.locator('main ul > li h2').allInnerTexts()).toEqual(
    wanted.map((row) => row.name.replaceAll('_', ' ')),
  )
  await page.reload()
  await expect.poll(() => text(page, 'count')).toBe(`${wanted.length} of ${rows.length} systems`)
  await page.getByRole('button', { name: 'Show laws' }).click()
  expect(await page.locator('[data-law]').allInnerTexts()).toEqual(wanted.map((row) => row.equation))
})

interface Rolled {
  frames: { number: number; predicted: number[][]; errors: { position: number } }[]
  scene: { first: number; frames: unknown[] }
}

test('13: the canvas shows the streamed state, First miss the computed frame; keys work', async () => {
  const page = await visit('/predict?scenario=billiards&level=1&seed=0&frames=40&a=linear')
  // It is this test that reads pixels back.
  allow(page, /willReadFrequently/)
  await page.waitForURL(/rollout=/)
  await page.getByRole('button', { name: /First miss: \d+|No miss/ }).waitFor()
  const id = new URL(page.url()).searchParams.get('rollout') ?? ''
  await expect.poll(async () => (await api<{ status: string }>(`/api/rollouts/${id}`)).status).toBe('finished')
  const rolled = await api<Rolled>(`/api/rollouts/${id}`)
  const miss = rolled.frames.findIndex((frame) => frame.errors.position > 1) + 1
  await page.getByRole('button', { name: `First miss: ${miss}` }).waitFor()
  const player = page.getByTestId('player')
  await player.focus()
  await page.keyboard.press('m')
  expect(await text(page, 'frame')).toBe(`frame ${miss}/40`)
  await page.keyboard.press('Home')
  expect(await text(page, 'frame')).toBe('frame 0/40')
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('ArrowLeft')
  expect(await text(page, 'frame')).toBe('frame 9/40')
  await page.keyboard.press('End')
  expect(await text(page, 'frame')).toBe('frame 40/40')
  await page.keyboard.press('3')
  expect(await page.getByLabel('error', { exact: true }).isChecked()).toBe(true)
  await page.keyboard.press('1')
  const stage = page.getByTestId('stage')
  const pixel = (x: number, y: number) =>
    stage.evaluate(
      (node, [px, py]) => {
        const canvas = node as HTMLCanvasElement
        const data = canvas
          .getContext('2d')
          ?.getImageData(
            Math.round((px as number) * canvas.width),
            Math.round((py as number) * canvas.height),
            1,
            1,
          ).data
        return [...(data ?? [])].slice(0, 3)
      },
      [x, y],
    )
  const state = rolled.frames
    .at(-1)
    ?.predicted.find(([x = 0, y = 0]) => x > 60 && x < 740 && y > 60 && y < 540) as number[]
  const [x, y] = [(state[0] as number) / 800, 1 - (state[1] as number) / 600]
  const background = await pixel(0.5, 0.01)
  expect(await pixel(x + 0.004, y)).not.toEqual(background)
})

test('14: a line that is appended to a metrics file appears; runs are overlaid', async () => {
  const folder = join(inject('folder'), 'runs')
  writeRuns(folder, ['one', 'two', 'three', 'four'], 30)
  const page = await visit('/runs?run=one&run=two&run=three&run=four')
  const points = () => page.locator('[data-metric="loss"]').getAttribute('data-points')
  await expect.poll(points, { timeout: 15_000 }).toBe('120')
  await page.getByRole('region', { name: 'Options in which they differ' }).getByText('learning_rate').waitFor()
  appendMetrics(folder, 'one', 0, 30)
  await expect.poll(points, { timeout: 6000 }).toBe('121')
})

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const ROUTES = [
  '/',
  '/discover',
  '/predict',
  '/zoo',
  '/zoo?kind=scenarios',
  '/zoo/discover/lorenz',
  '/zoo/predict/billiards',
  '/results',
  '/runs',
  '/about',
  '/nothing',
]

for (const [name, width, scheme] of [
  ['light', 1280, 'light'],
  ['dark', 1280, 'dark'],
  ['320 px', 320, 'light'],
] as const)
  test(`15: axe finds nothing on any route, ${name}; nothing scrolls sideways`, async () => {
    const opened = await context({ viewport: { width, height: 800 }, colorScheme: scheme, bypassCSP: true })
    const page = await opened.newPage()
    allow(page, /404/)
    const found: string[] = []
    await page.goto('/about')
    for (const route of ROUTES) {
      // Within the page, as a visitor goes: the server answers an unknown path with 404.
      await page.evaluate((path) => {
        history.pushState(null, '', path)
      }, route)
      await page.locator('main h1').first().waitFor({ state: 'attached' })
      await page.waitForLoadState('networkidle')
      await page.waitForTimeout(300)
      await page.addScriptTag({ path: axe })
      const violations = await page.evaluate(async () => {
        // biome-ignore lint/suspicious/noExplicitAny: axe is a global of the script tag
        const result = await (globalThis as any).axe.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        })
        return result.violations.map(
          (each: { id: string; nodes: { html: string }[] }) => `${each.id}: ${each.nodes[0]?.html.slice(0, 160)}`,
        )
      })
      found.push(...violations.map((each: string) => `${route} ${each}`))
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) found.push(`${route} is ${wide} px too wide`)
    }
    expect(found).toEqual([])
  }, 180_000)
