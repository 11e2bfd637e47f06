import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { inject, test } from 'vitest'
import { law } from '../browser/endpoint.ts'
import { writeRuns } from '../browser/metrics.ts'
import { api, rightAnswer, run, SETTINGS, withBrowser } from '../browser/support.ts'

const { endpoint, context } = withBrowser()
const folder = process.env.SHOTS ?? fileURLToPath(new URL('../../../docs/images', import.meta.url))
const only = process.env.ONLY?.split(',') ?? null

/** A page wide and on a phone, and with DARK set in the dark, too. */
async function draw(
  name: string,
  path: string,
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  if (only && !only.includes(name)) return
  mkdirSync(folder, { recursive: true })
  for (const [kind, width, height, scheme] of [
    ['', 1280, 800, 'light'],
    ['-dark', 1280, 800, 'dark'],
    ['-phone', 390, 844, 'light'],
  ] as const) {
    if (kind === '-dark' && !process.env.DARK) continue
    const opened = await context({
      viewport: { width, height },
      colorScheme: scheme,
      hasTouch: width < 500,
      deviceScaleFactor: 1,
    })
    const page = await opened.newPage()
    await page.goto(path)
    try {
      await prepare(page)
    } catch (error) {
      console.log(`${name}${kind}: ${String(error).split('\n')[0]}`)
    }
    await page.waitForTimeout(700)
    await page.evaluate(() => scrollTo(0, 0))
    writeFileSync(join(folder, `page-${name}${kind}.png`), await page.screenshot())
    await opened.close()
  }
}

test('draws every page', async () => {
  await draw('compare', '/', async (page) => {
    await page.locator('.law .katex').first().waitFor()
    await page.locator('[data-column] canvas').first().waitFor()
  })
  await draw('zoo', '/zoo', (page) => page.locator('polyline').first().waitFor())
  await draw('scenarios', '/zoo?kind=scenarios', (page) => page.locator('li canvas').first().waitFor())
  await draw('system', '/zoo/discover/lotka_volterra', async (page) => {
    await page.getByRole('button', { name: 'Show the law' }).click()
    await page.locator('.law .katex').first().waitFor()
  })
  await draw('scenario', '/zoo/predict/newtons_cradle', (page) => page.locator('main canvas').first().waitFor())
  await draw('predict', '/predict', async (page) => {
    await page.getByRole('button', { name: /First miss: / }).waitFor()
    await page.getByTestId('player').focus()
    await page.keyboard.press('m')
    for (let k = 0; k < 2; k++) await page.keyboard.press('Shift+ArrowRight')
    await page.getByTestId('player').blur()
  })
  await draw('results', '/results', (page) => page.locator('table').first().waitFor())
  await draw('about', '/about', (page) => page.locator('table').first().waitFor())
  await draw('discover', '/discover', async (page) => {
    await page.getByRole('button', { name: /United States/ }).click()
    await page.locator('[data-column] canvas').first().waitFor()
  })
  writeRuns(join(inject('folder'), 'runs'), ['sft', 'grpo'], 80)
  await draw('runs', '/runs?run=sft&run=grpo', (page) => page.locator('[data-metric] canvas').first().waitFor())
  if (!only || only.includes('you')) {
    await rightAnswer()
    const rival = endpoint.script('rival', law('d2y/dt2 = -g', { g: 9.81 }))
    let played = ''
    await draw('you', `/?${SETTINGS}&turns=4&a=you&b=${encodeURIComponent(rival)}`, async (page) => {
      if (page.viewportSize()?.width === 390 && played) return void (await page.goto(`/c/${played}`))
      played = await run(page)
      const field = page.getByRole('textbox', { name: /Your law/ })
      await field.fill('d2y/dt2 = -g + k*vy**2')
      await page.getByRole('spinbutton', { name: 'k, value' }).fill('0.004')
      await page.getByRole('spinbutton', { name: 'g, value' }).fill('9.81')
      await page.getByText('Your curve is dotted').waitFor()
    })
  }
  if (!only || only.includes('finding')) {
    const { id } = await api<{ id: string }>('/api/discoveries', { example: 'us_census', fit_until: 1910 })
    for (let k = 0; k < 600; k++) {
      const found = await api<{ status: string }>(`/api/discoveries/${id}`)
      if (found.status !== 'running') break
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    await draw('finding', `/d/${id}`, (page) => page.getByTestId('params').waitFor())
  }
})
