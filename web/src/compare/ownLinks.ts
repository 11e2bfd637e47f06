/** What this browser has played: on a public server the history holds nothing else. */
const NAME = 'gedanken:played:1'
const MOST = 200

export function ownLinks(): string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]')
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}

export function addOwnLink(id: string): void {
  localStorage.setItem(NAME, JSON.stringify([id, ...ownLinks().filter((each) => each !== id)].slice(0, MOST)))
}

/** The players of the last run, for the next visit. */
const PAIR = 'gedanken:pair:1'

export function lastPair(): [string, string] | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PAIR) ?? 'null')
    return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string')
      ? (value as [string, string])
      : null
  } catch {
    return null
  }
}

export function keepPair(pair: [string, string]): void {
  localStorage.setItem(PAIR, JSON.stringify(pair))
}
