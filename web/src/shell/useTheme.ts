import { useSyncExternalStore } from 'react'

export type Choice = 'system' | 'light' | 'dark'
const NAME = 'gedanken:theme:1'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function stored(): Choice {
  const value = localStorage.getItem(NAME)
  return value === 'light' || value === 'dark' ? value : 'system'
}

let choice = stored()

export function resolved(): 'light' | 'dark' {
  return choice === 'system' ? (system.matches ? 'dark' : 'light') : choice
}

function apply(): void {
  document.documentElement.dataset.theme = resolved()
  for (const listener of listeners) listener()
}

system.addEventListener('change', apply)
apply()

export function setTheme(next: Choice): void {
  choice = next
  if (next === 'system') localStorage.removeItem(NAME)
  else localStorage.setItem(NAME, next)
  apply()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The visitor's choice and what it comes to; canvases redraw when the second changes. */
export function useTheme(): { choice: Choice; shown: 'light' | 'dark' } {
  const shown = useSyncExternalStore(subscribe, resolved)
  const chosen = useSyncExternalStore(subscribe, () => choice)
  return { choice: chosen, shown }
}
