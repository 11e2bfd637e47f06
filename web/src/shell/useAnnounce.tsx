import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'

const Announcing = createContext<(text: string) => void>(() => {})

/** One polite live region for the whole page, so that announcements come one after another. */
export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState('')
  const announce = useCallback((next: string) => setText((now) => (now === next ? `${next}\u00a0` : next)), [])
  return (
    <Announcing.Provider value={announce}>
      {children}
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcement">
        {text}
      </div>
    </Announcing.Provider>
  )
}

/** A function that has a sentence read out by screen readers. */
export function useAnnounce(): (text: string) => void {
  return useContext(Announcing)
}
