import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { api, compared, run, SETTINGS, withBrowser } from './support.ts'

const { endpoint, visit, allow } = withBrowser()

/** Markup that would tell on itself, marks that turn the writing around, and one that is never closed. */
const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
const HOSTILE = `${MARKUP} \u202egnitirw\u202c \u2067txet\u2069 \u202e!dne eht`
const LONG = 'long'.repeat(16_384)

/** Where the page shows hostile text as anything but text: an element of it, a turned neighbour, a page too wide. */
async function faults(page: Page): Promise<string[]> {
  const found = await page.evaluate(() => {
    const faults: string[] = []
    if (document.querySelector('img, main script, main iframe')) faults.push('markup became an element')
    if (document.title === 'owned') faults.push('markup was run')
    const wide = document.documentElement.scrollWidth - innerWidth
    if (wide > 0) faults.push(`${wide} px too wide`)
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent ?? ''
      if (!/[\u202a-\u202e\u2066-\u2069]/.test(text)) continue
      let around = node.parentElement
      // A mark works to the end of its paragraph, or of what is isolated within it.
      const isolates = (style: CSSStyleDeclaration) =>
        !/^(inline|contents)$/.test(style.display) || /isolate|plaintext/.test(style.unicodeBidi)
      while (around && !isolates(getComputedStyle(around))) around = around.parentElement
      const rest = around?.textContent?.replace(text, '').trim()
      if (rest) faults.push(`${around?.tagName} turns around what is beside it: ${rest.slice(0, 60)}`)
    }
    return faults
  })
  return found
}

test('17: hostile answers are text', async () => {
  const answers = [
    JSON.stringify({ equation: `d2y/dt2 = ${HOSTILE}`, params: { [HOSTILE]: 1 }, rationale: HOSTILE }),
    JSON.stringify({ equation: 'd2y/dt2 = -g', params: { g: 9.8 }, rationale: `${HOSTILE} ${LONG}` }),
    `${HOSTILE} ${LONG}`,
  ]
  const player = encodeURIComponent(endpoint.script('hostile\u202eledom', ...answers))
  const page = await visit(`/?${SETTINGS}&turns=3&a=${player}&b=you`)
  const id = await run(page)
  await page.getByRole('button', { name: 'I am done' }).click()
  await page.getByTestId('status-a').getByText('not solved in 3').waitFor()
  const side = page.getByTestId('side-a')
  await side.getByText(/Raw answer of turn/).click()
  for (const [k, turn] of ((await compared(id)).episodes[0]?.turns ?? []).entries()) {
    await page.getByRole('button', { name: `A, turn ${k + 1}` }).click()
    await page.waitForURL(new RegExp(`turn=${k + 1}`))
    await expect.poll(() => side.locator('pre.raw').first().textContent()).toBe(turn.answer)
    expect(turn.answer).toContain(k === 0 ? 'onerror' : MARKUP.slice(0, 10))
    expect([k, ...(await faults(page))]).toEqual([k])
  }
})

test('17: hostile hints, headers and names of files are text', async () => {
  const player = { endpoint: endpoint.base, model: 'hinted' }
  endpoint.script('hinted', JSON.stringify({ equation: 'dx/dt = -k*x', params: { k: 0.5 }, rationale: HOSTILE }))
  const rows = Array.from({ length: 30 }, (_, k) => `${k / 5},${Math.exp(-k / 10).toFixed(4)}`).join('\n')
  const page = await visit('/discover')
  allow(page, /422/)
  const input = page.locator('input[type=file]')
  const upload = (name: string, table: string) =>
    input.setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(table) })
  await upload(`${HOSTILE}.csv`, `t,"${HOSTILE.replaceAll('"', "'")}"\n${rows}`)
  await page.getByRole('group', { name: /^2 Columns/ }).waitFor()
  await page.locator('[data-column] canvas').first().waitFor()
  expect(await page.getByRole('rowheader').last().innerText()).toContain('<img src=x')
  expect(await faults(page)).toEqual([])
  await upload('long.csv', `t,${LONG}\n${rows}`)
  await page
    .getByRole('alert')
    .or(page.getByLabel(/^Role of long/))
    .first()
    .waitFor()
  expect(await faults(page)).toEqual([])
  const response = await fetch(new URL(`/api/datasets?name=${encodeURIComponent(`${HOSTILE}.csv`)}`, page.url()), {
    method: 'POST',
    body: `t,x\n${rows}`,
    headers: { 'Content-Type': 'text/csv' },
  })
  const { id: dataset } = (await response.json()) as { id: string }
  const body = { dataset, hint: `${HOSTILE} ${LONG.slice(0, 1500)}`, player, max_turns: 1 }
  const { id } = await api<{ id: string }>('/api/discoveries', body)
  await page.goto(`/d/${id}`)
  await page.getByTestId('params').waitFor()
  expect(await faults(page)).toEqual([])
})

test('17: hostile addresses are text', async () => {
  const page = await visit('/about')
  allow(page, /4\d\d|Failed to load/)
  const text = encodeURIComponent(HOSTILE)
  const long = encodeURIComponent(`${HOSTILE} ${LONG}`)
  const found: string[] = []
  for (const address of [
    `/?subject=${text}&${text}=1&hint=${text}&a=${text}`,
    `/?a=url:http://127.0.0.1:9/v1|\u202eabc&b=url:http://127.0.0.1:9/v1|${LONG.slice(0, 600)}`,
    `/?${long}=1`,
    `/c/${text}`,
    `/e/${text}`,
    `/d/${text}`,
    `/zoo/discover/${text}`,
    `/zoo?text=${long}&category=${text}`,
    `/predict?scenario=${text}&a=${text}&rollout=${text}`,
    `/runs?run=${text}&run=${long}`,
    `/results?sort=${text}`,
    `/${long}`,
  ]) {
    // Within the page: the server answers addresses that it does not know with 404.
    await page.evaluate((path) => {
      history.pushState(null, '', path)
      dispatchEvent(new PopStateEvent('popstate'))
    }, address)
    await page.waitForLoadState('networkidle')
    await page.waitForTimeout(250)
    await page.locator('main h1').first().waitFor({ state: 'attached' })
    if (address.startsWith('/?')) expect(await page.locator('main').innerText()).toMatch(/left out: |\u202eabc/)
    if (address.startsWith('/zoo?')) expect(await page.getByLabel('Text').inputValue()).toContain('<img src=x')
    found.push(...(await faults(page)).map((fault) => `${address.slice(0, 24)}: ${fault}`))
  }
  expect(found).toEqual([])
}, 90_000)
