import { createRequire } from 'node:module'
const require = createRequire('/tmp/w/page/web/')
const { chromium } = require('playwright-core')
const B = process.env.B ?? 'http://localhost:8711'
const jobs = JSON.parse(process.argv[2])
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--force-color-profile=srgb'] })
for (const j of jobs) {
  const [path, name, w=1280, h=800, theme='light', script='', full=false] = j
  const context = await browser.newContext({ viewport: { width: w, height: h }, colorScheme: theme, reducedMotion: 'reduce', hasTouch: w<500 })
  const page = await context.newPage()
  const log = m => console.log(name, m)
  page.on('console', m => log(m.type()+' '+m.text().slice(0,300)))
  page.on('pageerror', e => log('PAGEERROR '+e.message+' '+(e.stack??'').slice(0,500)))
  page.on('response', r => { if (r.status()>=400) log('HTTP '+r.status()+' '+r.url()) })
  try {
  await page.goto(B+path, { waitUntil: 'load' })
  if (script) await eval(`(async()=>{${script}})()`)
  await page.waitForTimeout(2000)
  } catch (e) { log('SCRIPT '+e.message.slice(0,400)) }
  await page.screenshot({ path: `/tmp/w/mine/shots/${name}.png`, fullPage: full })
  console.log(name, await page.evaluate(() => [document.title, document.documentElement.scrollWidth, document.documentElement.scrollHeight].join(' | ')))
  await context.close()
}
await browser.close()
