/**
 * Keys of model endpoints, one a base URL.
 *
 * A remembered key lies in this browser's storage under one versioned name and nowhere else; others are forgotten with
 * the tab. A key leaves only in the body that starts an episode or a test, and only to our own server.
 */
export interface Remembered {
  key: string
  model: string
}

const NAME = 'gedanken:keys:1'
const forTab = new Map<string, Remembered>()
const listeners = new Set<() => void>()

export function normalise(baseUrl: string): string {
  return baseUrl.trim().replace(/\/+$/, '')
}

/** Over plain http beyond this machine anybody on the way could read a key. */
export function isPrivateConnection(place: { protocol: string; hostname: string } = location): boolean {
  return place.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(place.hostname)
}

function read(): Record<string, Remembered> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(NAME) ?? '{}')
    return value !== null && typeof value === 'object' ? (value as Record<string, Remembered>) : {}
  } catch {
    return {}
  }
}

function write(all: Record<string, Remembered>): void {
  if (Object.keys(all).length) localStorage.setItem(NAME, JSON.stringify(all))
  else localStorage.removeItem(NAME)
}

function changed(): void {
  snapshot = list()
  for (const listener of listeners) listener()
}

export function findKey(baseUrl: string): Remembered | null {
  const name = normalise(baseUrl)
  return forTab.get(name) ?? read()[name] ?? null
}

export function saveKey(baseUrl: string, value: Remembered, remember: boolean): void {
  const name = normalise(baseUrl)
  const all = read()
  delete all[name]
  if (remember && isPrivateConnection()) {
    all[name] = value
    forTab.delete(name)
  } else forTab.set(name, value)
  write(all)
  changed()
}

export function deleteKey(baseUrl: string): void {
  const name = normalise(baseUrl)
  const all = read()
  delete all[name]
  write(all)
  forTab.delete(name)
  changed()
}

export interface Listed {
  baseUrl: string
  model: string
  remembered: boolean
}

/** The base URLs that are connected, without their keys. */
function list(): Listed[] {
  const kept = Object.entries(read()).map(([baseUrl, { model }]) => ({ baseUrl, model, remembered: true }))
  return [...kept, ...[...forTab].map(([baseUrl, { model }]) => ({ baseUrl, model, remembered: false }))]
}

let snapshot: Listed[] = list()

export function connections(): Listed[] {
  return snapshot
}

export function onKeysChanged(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
