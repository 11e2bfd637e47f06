import { useEffect, useRef, useState } from 'react'
import { api, read } from '../api/http'
import type { Line } from './series'

const EVERY_MS = 2000

/** The lines of the chosen runs; new ones come every two seconds, and only those are sent. */
export function useMetrics(names: string[]): Record<string, Line[]> {
  const [lines, setLines] = useState<Record<string, Line[]>>({})
  const next = useRef(new Map<string, number>())
  const key = names.join('\n')

  useEffect(() => {
    const chosen = key ? key.split('\n') : []
    let stopped = false
    let timer: ReturnType<typeof setTimeout>
    async function ask() {
      if (!document.hidden)
        await Promise.allSettled(
          chosen.map(async (name) => {
            const after = next.current.get(name) ?? 0
            const answer = await read(
              api.GET('/api/runs/{name}/metrics', { params: { path: { name }, query: { after } } }),
            )
            if (stopped || !answer.lines.length) return
            next.current.set(name, answer.next)
            setLines((now) => ({ ...now, [name]: [...(after ? (now[name] ?? []) : []), ...answer.lines] }))
          }),
        )
      if (!stopped) timer = setTimeout(ask, EVERY_MS)
    }
    void ask()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [key])
  return lines
}
