import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { api, text, withBrowser } from './support.ts'

const { visit, allow } = withBrowser()
const file = (name: string, content: string | Buffer) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
const rows = (n: number, cell: (t: number) => string) =>
  Array.from({ length: n }, (_, k) => `${(k / 10).toFixed(1)},${cell(k / 10)}`).join('\n')

interface Report {
  outcome: string
  match: number
  ladder: { equation: string; constants: number; terms: number; reported: boolean }[]
}

/** The law of a finding, once it stands; a server that never searched compiles its search first. */
async function headline(page: Page): Promise<string | null> {
  await page.waitForURL(/\/d\//)
  await page.getByTestId('params').waitFor({ timeout: 150_000 })
  return page.getByRole('region', { name: 'The law' }).getByRole('img').first().getAttribute('aria-label')
}

test('11: good, gapped and two-trial tables are read; broken and too large ones get one sentence', async () => {
  const page = await visit('/discover')
  allow(page, /422|413|Failed to load resource/)
  const input = page.locator('input[type=file]')
  const table = page.getByRole('group', { name: /^2 Columns/ })
  await input.setInputFiles(file('good.csv', `t,y\n${rows(20, (t) => (t * t).toFixed(3))}`))
  await table.getByRole('rowheader', { name: 'y', exact: true }).waitFor()
  expect(await page.getByLabel('Role of t').inputValue()).toBe('time')
  expect(await page.getByLabel('Role of y').inputValue()).toBe('state')
  await page.locator('[data-column="y"] canvas').waitFor()
  await input.setInputFiles(file('gapped.csv', `t,z\n${rows(20, (t) => (t > 0.5 && t < 1 ? '' : t.toFixed(2)))}`))
  await table.getByRole('rowheader', { name: 'z', exact: true }).waitFor()
  const two = ['a', 'b'].flatMap((trial) => Array.from({ length: 12 }, (_, k) => `${trial},${k},${k * k}`)).join('\n')
  await input.setInputFiles(file('trials.csv', `trial,t,w\n${two}`))
  await table.getByRole('rowheader', { name: 'w', exact: true }).waitFor()
  expect(await page.getByLabel('Role of trial').inputValue()).toBe('trial')
  await input.setInputFiles(
    file(
      '<img src=x onerror=alert(1)>.csv',
      't,<img src=x onerror=alert(1)>\n0,1\n1,2\n2,4\n3,8\n4,16\n5,32\n6,64\n7,128\n8,256\n',
    ),
  )
  await table.getByText('<img src=x onerror=alert(1)>', { exact: false }).first().waitFor()
  expect(await page.locator('main img').count()).toBe(0)
  await input.setInputFiles(file('broken.csv', 't,y\n0,1\n1,2,3,4\n2,"open\n'))
  const alert = page.getByRole('alert')
  await alert.first().waitFor()
  await input.setInputFiles(file('large.csv', Buffer.alloc(6_000_000, '1')))
  await alert.getByText(/large\.csv has 5\.7 MB; this server takes up to/).waitFor()
})

test('11: the census with a hold-out shows its law while it is searched, and the report', async () => {
  const page = await visit('/discover')
  await page.getByRole('button', { name: /United States/ }).click()
  await page.getByLabel('exactly').fill('1910')
  await page.getByRole('button', { name: 'Find the law' }).click()
  const law = await headline(page)
  expect(law).toMatch(/dpopulation\/dt = .*population/)
  expect(await page.getByTestId('params').innerText()).toMatch(/±/)
  expect(Number(await page.getByTestId('held-out-r2').first().innerText())).toBeGreaterThan(0.9)
  await page.getByText('What these data cannot tell').first().waitFor()
  const { report } = await api<{ report: Report }>(`/api/discoveries/${page.url().split('/d/')[1]}`)
  expect(await text(page, 'outcome')).toContain(`${report.outcome}, R2 ${report.match.toFixed(4)}`)
  const rows = page.getByTestId('ladder').locator('tbody tr')
  expect(await rows.count()).toBe(report.ladder.length)
  const reported = rows.filter({ hasText: 'this report' })
  expect(await reported.count()).toBe(1)
  const cells = await reported.getByRole('cell').allInnerTexts()
  const rung = report.ladder.find((each) => each.reported)
  expect(cells[0]).toBe(`${law} this report`)
  expect(cells.slice(1, 3)).toEqual([`${rung?.constants}`, `${rung?.terms}`])
}, 180_000)

test('11: a column that steps is read as a held input, and the law names it', async () => {
  const lines: string[] = []
  for (let k = 0, x = 0; k < 60; k++) {
    const voltage = Math.floor(k / 15) % 2
    lines.push(`${(k / 10).toFixed(1)},${x.toFixed(5)},${voltage}`)
    x = voltage + (x - voltage) * Math.exp(-0.1)
  }
  const page = await visit('/discover')
  await page.locator('input[type=file]').setInputFiles(file('driven.csv', `t,x,voltage\n${lines.join('\n')}`))
  const role = page.getByLabel('Role of voltage')
  expect(await role.evaluate((node) => (node as HTMLSelectElement).selectedOptions[0]?.text)).toBe('input (held)')
  expect(await page.getByLabel('Role of x').inputValue()).toBe('state')
  await page.getByRole('button', { name: 'Find the law' }).click()
  expect(await headline(page)).toMatch(/^dx\/dt = .*voltage/)
  expect(Number((await text(page, 'outcome')).split('R2 ')[1]?.slice(0, 6))).toBeGreaterThan(0.999)
}, 180_000)
