// Looks at the built documentation site in a browser: pictures of its start page, and what its search finds.
//
//     node scripts/site.mjs ../site ../docs/images
//
// Fails where the console complains, another origin is asked, a page is wider than a phone, or the search finds nothing.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { argv, env, exit } from 'node:process'
import { chromium } from 'playwright-core'

const [site = '../site', images = '../docs/images'] = argv.slice(2)
const WORDS = ['pendulum', 'GRPO', 'contacts']
const PAGES = ['', 'tutorials/csv-to-law/', 'guide/train/', 'benchmarks/', 'zoo/systems/']
const KINDS = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
}

const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://site').pathname)
  const file = join(site, normalize(path.endsWith('/') ? `${path}index.html` : path))
  try {
    const content = await readFile(file)
    response.writeHead(200, { 'Content-Type': KINDS[extname(file)] ?? 'application/octet-stream' }).end(content)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const browser = await chromium.launch({
  executablePath: env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--force-color-profile=srgb'],
})
const faults = []

async function open(options) {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) faults.push(`asks ${request.url()}`)
  })
  return page
}

const views = [
  ['site', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['site-dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['site-phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true }],
]
for (const [name, options] of views) {
  const page = await open(options)
  for (const path of PAGES) {
    await page.goto(`/${path}`, { waitUntil: 'networkidle' })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wide > 1) faults.push(`${name}: /${path} is ${wide} px too wide`)
    if (path === '') await page.screenshot({ path: join(images, `${name}.png`) })
  }
  await page.context().close()
}

const page = await open({ viewport: { width: 1280, height: 900 } })
await page.goto('/', { waitUntil: 'networkidle' })
for (const word of WORDS) {
  await page.locator('input.md-search__input').fill('')
  await page.locator('input.md-search__input').click()
  await page.keyboard.type(word)
  const found = page.locator('.md-search-result__item')
  await found
    .first()
    .waitFor({ timeout: 10_000 })
    .catch(() => faults.push(`the search finds no ${word}`))
  console.log(`${word}: ${await found.count()} pages`)
}
await browser.close()
server.close()
for (const fault of faults) console.error(fault)
exit(faults.length ? 1 : 0)
