import { cpus, loadavg } from 'node:os'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { api, run, SETTINGS, WRONG, withBrowser } from './support.ts'

const { endpoint, visit, context } = withBrowser()

/** Times are promised for two quiet cores; each may take twice as long, and on a busy machine it says nothing. */
function within(what: string, value: number, limit: number, unit: string): void {
  console.log(`${what}: ${value.toFixed(unit === '' ? 4 : 1)} ${unit} of ${limit} ${unit}`.trim())
  if ((loadavg()[0] as number) <= cpus().length) expect(value, what).toBeLessThan(2 * limit)
}

interface Told {
  lcp: number
  shift: number
  tasks: number[]
  inputs: number[]
  frames: number[]
  scripts: number[]
}

/** Lets a page note its paints, shifts, long tasks, inputs and frames from its first moment on. */
async function observe(page: Page): Promise<() => Promise<Told>> {
  await page.addInitScript(() => {
    const told: Told = { lcp: 0, shift: 0, tasks: [], inputs: [], frames: [], scripts: [] }
    Object.assign(window, { told })
    const watch = (type: string, take: (entry: PerformanceEntry) => void, more = {}) =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more })
    watch('largest-contentful-paint', (entry) => {
      told.lcp = entry.startTime
    })
    watch('layout-shift', (entry) => {
      const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
      if (!shift.hadRecentInput) told.shift += shift.value
    })
    watch('longtask', (entry) => told.tasks.push(entry.duration))
    watch('event', (entry) => entry.name === 'keydown' && told.inputs.push(entry.duration), { durationThreshold: 16 })
    const ask = window.requestAnimationFrame.bind(window)
    window.requestAnimationFrame = (callback) =>
      ask((now) => {
        const begun = performance.now()
        callback(now)
        told.frames.push(now)
        told.scripts.push(performance.now() - begun)
      })
  })
  return () => page.evaluate(() => (window as unknown as { told: Told }).told)
}

const share = (values: number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))] ?? 0

test('17: the first paint and how far it shifts', async () => {
  const page = await (await context()).newPage()
  const tell = await observe(page)
  await page.goto('/')
  await page.locator('.law .katex').first().waitFor()
  await page.waitForTimeout(500)
  const told = await tell()
  within('largest contentful paint', told.lcp, 1000, 'ms')
  console.log(`layout shift: ${told.shift.toFixed(4)} of 0.02`)
  expect(told.lcp).toBeGreaterThan(0)
  expect(told.shift).toBeLessThan(0.02)
})

test('17: a key is answered while both sides stream a hundred tokens a second', async () => {
  const slow = { slow: 'a'.repeat(4000), ms: 10 }
  const sides = [endpoint.script('fast-a', WRONG, slow), endpoint.script('fast-b', WRONG, slow)]
  const page = await (await context()).newPage()
  const tell = await observe(page)
  await page.goto(
    `/?${SETTINGS}&turns=2&a=${encodeURIComponent(sides[0] as string)}&b=${encodeURIComponent(sides[1] as string)}`,
  )
  await run(page)
  await page.getByRole('button', { name: /^B, turn 1/ }).waitFor()
  await page.getByRole('button', { name: /^A, turn 1/ }).focus()
  for (let k = 0; k < 20; k++) {
    await page.keyboard.press('Tab')
    await page.waitForTimeout(60)
  }
  const told = await tell()
  await page.getByRole('button', { name: 'Stop' }).first().click()
  within('key to paint, slowest of 20', Math.max(0, ...told.inputs), 150, 'ms')
})

test('17: a crowded scene with prediction, truth, ghosts and vectors keeps its frames', async () => {
  const page = await (await context({ reducedMotion: 'no-preference' })).newPage()
  const tell = await observe(page)
  await page.goto('/predict?scenario=fluid_sim&level=5&seed=0&frames=120&a=linear')
  await page.waitForURL(/rollout=/)
  const id = new URL(page.url()).searchParams.get('rollout') ?? ''
  await expect.poll(async () => (await api<{ status: string }>(`/api/rollouts/${id}`)).status).toBe('finished')
  await page.getByLabel('velocities').check()
  await page.getByLabel('onion').fill('3')
  const player = page.getByTestId('player')
  await player.focus()
  await page.keyboard.press('Home')
  const before = (await tell()).frames.length
  await page.keyboard.press(' ')
  await page.getByText('frame 120/120').waitFor()
  const { frames, scripts } = await tell()
  const [drawn, took] = [frames.slice(before), scripts.slice(before)]
  const seconds = ((drawn.at(-1) ?? 0) - (drawn[0] ?? 0)) / 1000
  within('crowded scene, time between frames', (1000 * seconds) / (drawn.length - 1), 1000 / 58, 'ms')
  within('script of a frame, 95 of 100', share(took, 0.95), 4, 'ms')
  expect(drawn.length).toBeGreaterThan(20)
})

test('17: eight turns of two sides, ten times over: no long task, and memory does not grow', async () => {
  const page = await visit('/')
  await page.close()
  const opened = await context()
  const one = await opened.newPage()
  const tell = await observe(one)
  const session = await opened.newCDPSession(one)
  const tasks: number[] = []
  const forget = () =>
    one.evaluate(() => {
      ;(window as unknown as { told: Told }).told.tasks.splice(0)
    })
  const heap = async () => {
    // A collection that a test asks for is a long task of its own, not of the page.
    tasks.push(...(await tell()).tasks)
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await session.send('Runtime.getHeapUsage')
    await one.waitForTimeout(100)
    await forget()
    return usedSize
  }
  const sides = ['long-a', 'long-b'].map((name) => encodeURIComponent(endpoint.script(name, WRONG)))
  await one.goto(`/?${SETTINGS}&turns=8&a=${sides[0]}&b=${sides[1]}`)
  let before = 0
  for (let k = 0; k < 10; k++) {
    await run(one)
    await one.getByTestId('status-a').getByText('not solved in 8').waitFor()
    await one.getByTestId('status-b').getByText('not solved in 8').waitFor()
    if (k === 0) before = await heap()
  }
  const grown = ((await heap()) - before) / 2 ** 20
  within('heap after nine comparisons more', grown, 15, 'MiB')
  within('longest task', Math.max(0, ...tasks), 50, 'ms')
})
