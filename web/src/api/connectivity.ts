import { useSyncExternalStore } from 'react'

/** Whether the server answers. When it does not, it is asked again after 1, 2, 5, then every 10 seconds. */
const WAITS = [1, 2, 5, 10]
let gone = false
let tries = 0
const listeners = new Set<() => void>()

function set(next: boolean): void {
  if (gone === next) return
  gone = next
  for (const listener of listeners) listener()
}

async function ask(): Promise<void> {
  try {
    const response = await fetch(new URL('health', document.baseURI))
    if (response.ok) {
      tries = 0
      return set(false)
    }
  } catch {
    // It is still gone.
  }
  schedule()
}

function schedule(): void {
  setTimeout(ask, (WAITS[Math.min(tries, WAITS.length - 1)] as number) * 1000)
  tries += 1
}

/** A request has failed without an answer. */
export function reportGone(): void {
  if (gone) return
  set(true)
  schedule()
}

export function useServerGone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => gone,
  )
}
