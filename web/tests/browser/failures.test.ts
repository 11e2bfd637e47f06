import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer } from './server.ts'
import { compared, run, SETTINGS, WRONG, withBrowser } from './support.ts'

const { endpoint, visit, context, allow } = withBrowser()

test('9: the server is killed in mid-episode: a banner; started again: interrupted, turns kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gedanken-killed-'))
  let server = await startServer(folder)
  try {
    const player = endpoint.script('nine', WRONG, { slow: 'x'.repeat(8000), ms: 40 })
    const page = await visit(`/?${SETTINGS}&turns=4&a=${encodeURIComponent(player)}&b=you`, {}, server.url)
    allow(page, /ERR_|Failed to load resource|net::/)
    const id = await run(page)
    await expect
      .poll(async () => (await compared(id, server.url)).episodes[0]?.turns.length, { timeout: 15_000 })
      .toBe(1)
    await server.stop('SIGKILL')
    await page.getByText('The server does not answer').waitFor()
    expect(await page.getByRole('button', { name: 'Run', exact: true }).first().isDisabled()).toBe(true)
    server = await startServer(folder, server.port)
    await page.getByText('The server does not answer').waitFor({ state: 'hidden', timeout: 30_000 })
    await page.getByTestId('status-a').getByText('interrupted').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: /^A, turn 1/ }).waitFor()
  } finally {
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})

test('10: a connection that is cut is resumed: no turn twice, none missing', async () => {
  const player = endpoint.script('ten', { slow: WRONG, ms: 60 })
  const opened = await context()
  const page = await opened.newPage()
  allow(page, /ERR_INTERNET_DISCONNECTED|net::/)
  await page.goto(`/?${SETTINGS}&turns=3&a=${encodeURIComponent(player)}&b=${encodeURIComponent(player)}`)
  const id = await run(page)
  await page.getByRole('button', { name: /^A, turn 1/ }).waitFor()
  await opened.setOffline(true)
  await page.waitForTimeout(1500)
  await opened.setOffline(false)
  await page.getByTestId('status-a').getByText('not solved in 3').waitFor({ timeout: 40_000 })
  await page.getByTestId('status-b').getByText('not solved in 3').waitFor({ timeout: 40_000 })
  for (const side of ['A', 'B'])
    expect(await page.getByRole('button', { name: new RegExp(`^${side}, turn \\d`) }).count()).toBe(3)
  expect((await compared(id)).episodes.map((episode) => episode.turns.length)).toEqual([3, 3])
})
