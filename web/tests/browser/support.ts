import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { FakeEndpoint } from './endpoint.ts'

/** The problem that most tests play, and a law of it that is wrong. */
export const PROBLEM = { task: 'discover', subject: 'free_fall_drag', split: 'test', index: 42, level: 3, options: {} }
export const SETTINGS = 'subject=free_fall_drag&seed=42&level=3&hint=full'
export const WRONG = '{"equation": "d2y/dt2 = -g", "params": {"g": 9.81}, "rationale": "It falls."}'

export async function api<T>(path: string, body?: unknown, server = inject('server')): Promise<T> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${server}${path}`, init)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

let known: Promise<string> | null = null

/** The true law of the problem as an answer: from an episode that was given up. */
export function rightAnswer(): Promise<string> {
  known ??= (async () => {
    const { id } = await api<{ id: string }>('/api/episodes', { problem: PROBLEM, player: { name: 'you' } })
    await api(`/api/episodes/${id}/cancel`, {})
    const law = await api<{ equation: string; params: Record<string, number> }>(`/api/episodes/${id}/law`)
    return JSON.stringify({ equation: law.equation, params: law.params, rationale: 'Drag grows with the square.' })
  })()
  return known
}

interface Watched {
  problems: string[]
  allowed: RegExp[]
}

const watched = new Map<Page, Watched>()
let browser: Browser
let contexts: BrowserContext[] = []

/** A browser and an endpoint for a file of tests; after each, no page may have complained or asked another origin. */
export function withBrowser(): {
  endpoint: FakeEndpoint
  visit: typeof visit
  context: typeof open
  allow: typeof allow
} {
  const endpoint = new FakeEndpoint()
  beforeAll(async () => {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] })
    await endpoint.start()
  })
  afterEach(async () => {
    const problems = [...watched.values()].flatMap(({ problems: each, allowed }) =>
      each.filter((text) => !allowed.some((pattern) => pattern.test(text))),
    )
    for (const each of contexts) await each.close()
    contexts = []
    watched.clear()
    expect(problems).toEqual([])
  })
  afterAll(async () => {
    endpoint.stop()
    await browser?.close()
  })
  return { endpoint, visit, context: open, allow }
}

async function open(options: BrowserContextOptions = {}, origin = inject('server')): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    baseURL: origin,
    ...options,
  })
  context.setDefaultTimeout(20_000)
  contexts.push(context)
  context.on('page', (page) => watch(page, origin))
  return context
}

function watch(page: Page, origin: string): void {
  const state: Watched = { problems: [], allowed: [] }
  watched.set(page, state)
  page.on('console', (message) => state.problems.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => state.problems.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url)) state.problems.push(`foreign request: ${url}`)
  })
}

/** Complaints of the browser that a test provokes, such as the status of a refused request. */
function allow(page: Page, ...patterns: RegExp[]): void {
  watched.get(page)?.allowed.push(...patterns)
}

async function visit(path: string, options: BrowserContextOptions = {}, origin = inject('server')): Promise<Page> {
  const page = await (await open(options, origin)).newPage()
  await page.goto(path)
  return page
}

/** Press Run and wait for the link of what runs. */
export async function run(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Run', exact: true }).first().click()
  await page.waitForURL(/\/c\/[\w-]+/)
  return /\/c\/([\w-]+)/.exec(page.url())?.[1] ?? ''
}

export const text = (page: Page, id: string): Promise<string> => page.getByTestId(id).innerText()

export interface Turn {
  number: number
  answer: string
  verdict: {
    reward: number
    match: number
    solved: boolean
    terms: Record<string, number>
    feedback: string
    error: string | null
  }
}

export interface Compared {
  episodes: { id: string; status: string; error: string | null; code: string | null; turns: Turn[] }[]
}

export const compared = (id: string, server = inject('server')): Promise<Compared> =>
  api(`/api/comparisons/${id}`, undefined, server)

/** As the page writes a difference. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`
