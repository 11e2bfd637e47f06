// The bytes of the built page against their budgets; exits with 1 where one is exceeded.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const folder = fileURLToPath(new URL('../../src/gedanken/serve/page', import.meta.url))
const recorded = fileURLToPath(new URL('../../src/gedanken/serve/web/recorded.json', import.meta.url))
// Fonts that the formulas of the first view draw with.
const FONTS = ['KaTeX_Main-Regular', 'KaTeX_Math-Italic', 'KaTeX_Size1-Regular']

const gz = (path) => gzipSync(readFileSync(path), { level: 9 }).length
const assets = readdirSync(join(folder, 'assets')).map((name) => join(folder, 'assets', name))
const named = (start, end) => assets.filter((path) => path.split('/').at(-1).startsWith(start) && path.endsWith(end))

// What a first visit loads: the entry, everything that it imports, and the charts, which it asks for at once.
const wanted = new Set()
function follow(path) {
  if (wanted.has(path) || !existsSync(path)) return
  wanted.add(path)
  const text = readFileSync(path, 'utf8')
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    follow(join(folder, 'assets', name))
}
const html = readFileSync(join(folder, 'index.html'), 'utf8')
for (const [, name] of html.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)) follow(join(folder, 'assets', name))
for (const path of named('ChartStack', '.js')) follow(path)

const sum = (paths, size = gz) => paths.reduce((total, path) => total + size(path), 0)
const bytes = (path) => statSync(path).size
const script = sum([...wanted])
const katex = sum(named('katex', '.js'))
const fonts = sum(
  assets.filter((path) => FONTS.some((font) => path.includes(`${font}-`))),
  bytes,
)
const styles = sum(assets.filter((path) => path.endsWith('.css') && !path.includes('katex')))
const data = existsSync(recorded) ? gz(recorded) : 0
const every = [join(folder, 'index.html'), ...assets]

const rows = [
  ['JavaScript of Compare before the formulas, gz', script, 150],
  ['KaTeX, gz', katex, 80],
  ['fonts of the first view', fonts, 60],
  ['CSS, gz', styles, 12],
  [
    'first visit, all of it',
    script + katex + fonts + styles + sum(named('katex', '.css')) + data + gz(join(folder, 'index.html')),
    300,
  ],
  ['files in the wheel', sum(every, bytes), 1200],
  [
    'what the wheel grows by',
    sum(
      every.map((path) => path),
      (path) => (path.endsWith('.woff2') ? bytes(path) : gz(path)),
    ),
    600,
  ],
]
let failed = 0
for (const [what, size, limit] of rows) {
  const over = size > limit * 1000
  failed += over
  console.log(
    `${over ? 'OVER ' : 'ok   '} ${(size / 1000).toFixed(1).padStart(7)} kB of ${String(limit).padStart(5)}  ${what}`,
  )
}
process.exit(failed ? 1 : 0)
