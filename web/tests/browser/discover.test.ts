import { expect, test } from 'vitest'
import { withBrowser } from './support.ts'

const { visit, allow } = withBrowser()
const file = (name: string, content: string | Buffer) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
const rows = (n: number, cell: (t: number) => string) =>
  Array.from({ length: n }, (_, k) => `${(k / 10).toFixed(1)},${cell(k / 10)}`).join('\n')

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
  await page.waitForURL(/\/d\//)
  await page.getByTestId('params').waitFor({ timeout: 50_000 })
  const law = await page.getByRole('region', { name: 'The law' }).getByRole('img').first().getAttribute('aria-label')
  expect(law).toMatch(/dpopulation\/dt = .*population/)
  expect(await page.getByTestId('params').innerText()).toMatch(/±/)
  expect(Number(await page.getByTestId('held-out-r2').first().innerText())).toBeGreaterThan(0.9)
  await page.getByText('What these data cannot tell').first().waitFor()
})
