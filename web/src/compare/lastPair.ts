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
