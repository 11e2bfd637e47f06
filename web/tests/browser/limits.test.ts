import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, startServer } from './server.ts'
import { api, compared, PROBLEM, run, SETTINGS, WRONG, withBrowser } from './support.ts'

const { endpoint, visit, context, allow } = withBrowser()
let folder: string
let server: Served

const EPISODES = 10

/** A server that gives up after two seconds, and lets a visitor have ten episodes. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gedanken-limits-'))
  server = await startServer(folder, undefined, ['--answer-seconds', '2', '--client-episodes', `${EPISODES}`])
})
afterAll(async () => {
  await server?.stop('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('7: an endpoint that accepts and never answers: its sentence, its action, and finished turns stay', async () => {
  const player = endpoint.script('mute', WRONG, 'silence')
  const page = await visit(`/?${SETTINGS}&turns=3&a=${encodeURIComponent(player)}&b=you`, {}, server.url)
  const id = await run(page)
  await page.getByRole('button', { name: 'I am done' }).click()
  const side = page.getByTestId('side-a')
  await side.getByText(/did not answer within 2 s/).waitFor()
  await side.getByRole('button', { name: 'Run again' }).waitFor()
  const [episode] = (await compared(id, server.url)).episodes
  expect([episode?.status, episode?.code, episode?.turns.length]).toEqual(['failed', 'timeout', 1])
  await page.getByRole('button', { name: /^A, turn 1/ }).click()
  expect(await page.getByTestId('law-a').getByRole('img').first().getAttribute('aria-label')).toBe('d2y/dt2 = -g')
})

test('7: a busy server: its sentence, a countdown, one try more, and then only by hand', async () => {
  const taken: string[] = []
  for (let k = 0; k < EPISODES; k++)
    taken.push(
      (await api<{ id: string }>('/api/episodes', { problem: PROBLEM, player: { name: 'you' } }, server.url)).id,
    )
  const opened = await context({}, server.url)
  const page = await opened.newPage()
  allow(page, /429/)
  let asked = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/comparisons')) asked += 1
  })
  await page.clock.install()
  await page.goto(`/?${SETTINGS}&turns=1&a=you&b=you`)
  await page.getByRole('button', { name: 'Run', exact: true }).first().click()
  const alert = page.getByRole('alert').filter({ hasText: `at most ${EPISODES} at once` })
  await alert.getByText(/Once more in \d+ s/).waitFor()
  expect(asked).toBe(1)
  await page.clock.runFor(31_000)
  await expect.poll(() => asked).toBe(2)
  await alert.getByText(/Once more in/).waitFor({ state: 'detached' })
  await alert.waitFor()
  await page.clock.runFor(120_000)
  expect(asked).toBe(2)
  for (const id of taken) await api(`/api/episodes/${id}/cancel`, {}, server.url)
  await alert.getByRole('button', { name: 'Run again' }).click()
  await page.getByTestId('status-a').getByText('turn 1 of 1').waitFor()
  await page.getByRole('button', { name: 'Stop' }).first().click()
  await page.getByTestId('status-b').getByText('cancelled').waitFor()
})

/** Headless Chromium shows every tab; this tells a page whether it is the one in front. */
async function show(page: Page, shown: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, !shown)
}

test('10: of eight tabs with running episodes the eighth loads, and the first goes on when it is shown', async () => {
  const opened = await context({}, server.url)
  const wrong = encodeURIComponent(endpoint.script('ten', WRONG))
  const tabs: { page: Page; id: string }[] = []
  for (let k = 0; k < 8; k++) {
    const page = await opened.newPage()
    await page.goto(`/?${SETTINGS}&turns=2&a=you&b=${wrong}`)
    const id = await run(page)
    await page.getByTestId('status-a').getByText('turn 1 of 2').waitFor()
    tabs.push({ page, id })
    await show(page, k === 7)
  }
  const [first, eighth] = [tabs[0], tabs[7]] as [(typeof tabs)[0], (typeof tabs)[0]]
  await eighth.page.reload()
  await eighth.page.getByTestId('status-a').getByText('turn 1 of 2').waitFor()
  const running = (await Promise.all(tabs.map(({ id }) => compared(id, server.url)))).map(
    ({ episodes }) => episodes[0]?.status,
  )
  expect(running).toEqual(tabs.map(() => 'running'))
  await show(eighth.page, false)
  await show(first.page, true)
  const mine = (await compared(first.id, server.url)).episodes[0]?.id
  await api(`/api/episodes/${mine}/answers`, { answer: WRONG }, server.url)
  await first.page.getByTestId('status-a').getByText('turn 2 of 2').waitFor({ timeout: 5000 })
})
