import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { compared, run, SETTINGS, WRONG, withBrowser } from './support.ts'

const { endpoint, visit } = withBrowser()
const CANARY = 'sk-canary-7f3a91c2'

test('6: a key is kept in this browser’s storage under its base URL, and nowhere else', async () => {
  endpoint.script('six', WRONG)
  const page = await visit(`/?${SETTINGS}&turns=1&a=sparse&b=you`)
  const sent: string[] = []
  page.on('request', (request) => sent.push(request.url()))
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Connect a model' })
  await dialog.getByLabel('Endpoint').selectOption('custom')
  await dialog.getByLabel(/Base URL/).fill(endpoint.base)
  await dialog.getByLabel('Model').fill('six')
  await dialog.getByLabel('Key').fill(CANARY)
  await dialog.getByLabel('Remember on this device').check()
  await dialog.getByRole('button', { name: 'Test' }).click()
  await dialog.getByText(/It works/).waitFor()
  await dialog.getByRole('button', { name: 'Use this model' }).click()
  const player = endpoint.player('six')
  for (const side of ['A', 'B']) await page.getByRole('combobox', { name: side, exact: true }).selectOption(player)
  const id = await run(page)
  await page.getByTestId('status-b').getByText('not solved in 1').waitFor()
  expect(endpoint.keys).toContain(`Bearer ${CANARY}`)
  await page.reload()
  await page.getByTestId('status-b').getByText('not solved in 1').waitFor()
  const stored = await page.evaluate(() => Object.entries(localStorage))
  const holding = stored.filter(([, value]) => value.includes(CANARY))
  expect(holding.map(([name]) => name)).toEqual(['gedanken:keys:1'])
  expect(JSON.parse(holding[0]?.[1] ?? '{}')).toEqual({ [endpoint.base]: { key: CANARY, model: 'six' } })
  expect(sent.filter((url) => url.includes(CANARY))).toEqual([])
  expect(page.url()).not.toContain(CANARY)
  expect(await page.content()).not.toContain(CANARY)
  expect(JSON.stringify(await compared(id))).not.toContain(CANARY)
  for (const name of ['history.sqlite', 'history.sqlite-wal'])
    try {
      expect(readFileSync(join(inject('folder'), name), 'latin1')).not.toContain(CANARY)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
})

test('7: each failure of the endpoint shows its sentence and action; finished turns stay', async () => {
  for (const [model, replies, action] of [
    ['seven-401', [WRONG, { status: 401 }], 'Change the key'],
    ['seven-404', [WRONG, { status: 404 }], 'Choose another model'],
    ['seven-429', [WRONG, { status: 429 }], 'Run again'],
    ['seven-cut', [WRONG, 'cut'], 'Run again'],
  ] as const) {
    const player = endpoint.script(model, ...replies)
    const page = await visit(`/?${SETTINGS}&turns=3&a=${encodeURIComponent(player)}&b=you`)
    const id = await run(page)
    await page.getByRole('button', { name: 'I am done' }).click()
    const side = page.getByTestId('side-a')
    await side.getByRole('button', { name: action }).waitFor({ timeout: 40_000 })
    const { episodes } = await compared(id)
    expect(episodes[0]?.status).toBe('failed')
    await side.getByText(episodes[0]?.error ?? 'no sentence').waitFor()
    // The turns of this endpoint are shared by both sides of a model, so at least the first one was finished.
    expect(episodes[0]?.turns.length).toBeGreaterThan(0)
    await page.getByRole('button', { name: /^A, turn 1/ }).waitFor()
    await page.context().close()
  }
})

test('7: prose is a refused turn, and hostile text is text', async () => {
  const hostile = `<img src=x onerror="document.title='owned'">\u202eabc\u202c <script>document.title='owned'</script> ${'long '.repeat(12_000)}`
  const player = endpoint.script('prose', hostile)
  const page = await visit(`/?${SETTINGS}&turns=2&a=${encodeURIComponent(player)}&b=${encodeURIComponent(player)}`)
  await run(page)
  await page.getByTestId('status-a').getByText('not solved in 2').waitFor()
  await page.getByRole('button', { name: /^A, turn 1, refused/ }).waitFor()
  await page
    .getByTestId('side-a')
    .getByText(/Raw answer of turn/)
    .click()
  await page.getByTestId('side-a').locator('pre.raw').getByText('<img src=x', { exact: false }).waitFor()
  expect(await page.locator('main img').count()).toBe(0)
  expect(await page.title()).not.toBe('owned')
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
})
