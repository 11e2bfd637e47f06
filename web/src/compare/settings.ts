import type { ProblemKey } from '../api/types'

/** The settings of a comparison as they stand in the address. Keys of endpoints are never among them. */
export interface Settings {
  subject: string
  seed: number
  level: number | null
  hint: string
  turns: number
  noise: number | null
  samples: number | null
  gaps: number | null
  outliers: number | null
  trials: number | null
  uneven: boolean
  positions_only: boolean
  rows: number | null
  a: string
  b: string
}

export const defaults: Settings = {
  subject: 'free_fall_drag',
  seed: 42,
  level: 3,
  hint: 'full',
  turns: 8,
  noise: null,
  samples: null,
  gaps: null,
  outliers: null,
  trials: null,
  uneven: false,
  positions_only: false,
  rows: null,
  a: 'sparse',
  b: 'you',
}

export const HINTS = ['full', 'names', 'anonymous']

interface Limit {
  low: number
  high: number
  whole: boolean
}

/** What the number fields of the form allow; the server has the last word. */
export const limits: Record<string, Limit> = {
  seed: { low: 0, high: 2 ** 31 - 1, whole: true },
  level: { low: 1, high: 5, whole: true },
  turns: { low: 1, high: 64, whole: true },
  noise: { low: 0, high: 1, whole: false },
  samples: { low: 8, high: 1000, whole: true },
  gaps: { low: 0, high: 5, whole: true },
  outliers: { low: 0, high: 0.2, whole: false },
  trials: { low: 1, high: 16, whole: true },
  rows: { low: 4, high: 200, whole: true },
}

/** `sparse`, `you`, `local:NAME`, `PRESET:MODEL` or `url:BASE|MODEL`. */
export function isPlayer(text: string): boolean {
  if (text.length > 700 || /[\s<>"]/.test(text)) return false
  if (/^[a-z][a-z0-9_.-]*$/i.test(text)) return true
  if (text.startsWith('url:')) return /^url:https?:\/\/[^|]+\|[^|]+$/.test(text)
  return /^[a-z][a-z0-9_-]*:.+$/i.test(text)
}

/** Settings from a query; what it does not know is dropped and named. */
export function readSettings(
  query: URLSearchParams,
  base: Settings = defaults,
): { settings: Settings; dropped: string[] } {
  const settings: Settings = { ...base }
  const dropped: string[] = []
  for (const [name, text] of query) {
    const limit = limits[name]
    if (limit) {
      const value = Number(text)
      if (
        text.trim() &&
        Number.isFinite(value) &&
        value >= limit.low &&
        value <= limit.high &&
        (!limit.whole || Number.isInteger(value))
      )
        Object.assign(settings, { [name]: value })
      else dropped.push(name)
    } else if (name === 'subject') {
      if (/^[a-z0-9_]{1,100}$/.test(text)) settings.subject = text
      else dropped.push(name)
    } else if (name === 'hint') {
      if (HINTS.includes(text)) settings.hint = text
      else dropped.push(name)
    } else if (name === 'positions_only' || name === 'uneven') {
      settings[name] = text === '1'
    } else if (name === 'a' || name === 'b') {
      if (isPlayer(text)) settings[name] = text
      else dropped.push(name)
    } else if (name !== 'turn') {
      dropped.push(name.slice(0, 40))
    }
  }
  return { settings, dropped: [...new Set(dropped)] }
}

/** The query that names these settings; what has its default by the server is left out. */
export function writeSettings(settings: Settings): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(settings)) {
    if (value === null || value === false) continue
    query.set(name, value === true ? '1' : String(value))
  }
  return query
}

/** The problem that these settings name, as the server takes it. */
export function problemOf(settings: Settings): {
  task: 'discover'
  subject: string
  split: 'test'
  index: number
  level: number | null
  options: Record<string, string | number | boolean>
} {
  const options: Record<string, string | number | boolean> = {}
  for (const name of ['noise', 'samples', 'gaps', 'outliers', 'trials', 'rows'] as const) {
    const value = settings[name]
    if (value !== null) options[name] = value
  }
  if (settings.hint !== 'full') options.hint = settings.hint
  if (settings.uneven) options.uneven = true
  if (settings.positions_only) options.positions_only = true
  return {
    task: 'discover',
    subject: settings.subject,
    split: 'test',
    index: settings.seed,
    level: settings.level,
    options,
  }
}

/** The settings that name a recorded problem. */
export function settingsOf(problem: ProblemKey): Settings {
  const settings: Settings = { ...defaults, subject: problem.subject, seed: problem.index, level: problem.level }
  const known = problem.options
  for (const name of ['noise', 'samples', 'gaps', 'outliers', 'trials', 'rows'] as const) {
    const value = known[name]
    if (typeof value === 'number') settings[name] = value
  }
  for (const name of ['uneven', 'positions_only'] as const) if (known[name] === true) settings[name] = true
  if (typeof known.hint === 'string' && HINTS.includes(known.hint)) settings.hint = known.hint
  return settings
}

/** Whether a posed problem is the one that the settings name. */
export function names(settings: Settings, problem: ProblemKey): boolean {
  const { a: _a, b: _b, turns: _t, ...mine } = settings
  const { a: _c, b: _d, turns: _u, ...theirs } = settingsOf(problem)
  return JSON.stringify(mine) === JSON.stringify(theirs)
}
