import { isPlayer } from '../compare/settings'

/** The settings of a rollout as they stand in the address. */
export interface RolloutSettings {
  scenario: string
  level: number
  seed: number
  frames: number
  a: string
  /** A second player, or '' for one alone. */
  b: string
}

export const defaults: RolloutSettings = { scenario: 'billiards', level: 2, seed: 0, frames: 60, a: 'linear', b: '' }

const LIMITS = { level: [1, 5], seed: [0, 2 ** 31 - 1], frames: [1, 200] } as const

export function readRollout(query: URLSearchParams): { settings: RolloutSettings; dropped: string[] } {
  const settings = { ...defaults }
  const dropped: string[] = []
  for (const [name, text] of query) {
    if (name === 'level' || name === 'seed' || name === 'frames') {
      const value = Number(text)
      const [low, high] = LIMITS[name]
      if (/^\d+$/.test(text) && value >= low && value <= high) settings[name] = value
      else dropped.push(name)
    } else if (name === 'scenario') {
      if (/^[a-z0-9_]{1,100}$/.test(text)) settings.scenario = text
      else dropped.push(name)
    } else if (name === 'a' || name === 'b') {
      if (isPlayer(text) && text !== 'you') settings[name] = text
      else dropped.push(name)
    } else if (name !== 'frame' && name !== 'rollout') dropped.push(name.slice(0, 40))
  }
  return { settings, dropped }
}

export function writeRollout(settings: RolloutSettings): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(settings)) if (value !== '') query.set(name, String(value))
  return query
}
