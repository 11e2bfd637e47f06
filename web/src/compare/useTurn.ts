import { useCallback } from 'react'
import { useLocation, useSearchParams } from 'wouter'

/** The turn in the address: null where nobody has moved the strip. Moving it makes an entry in the history. */
export function useTurn(): [number | null, (turn: number) => void] {
  const [path, navigate] = useLocation()
  const [query] = useSearchParams()
  const text = query.get('turn')
  const turn = text && /^[1-9]\d?$/.test(text) ? Number(text) : null
  const show = useCallback(
    (next: number) => {
      if (next === turn) return
      const changed = new URLSearchParams(query)
      changed.set('turn', String(next))
      navigate(`${path}?${changed}`)
    },
    [navigate, path, query, turn],
  )
  return [turn, show]
}
