import { useCallback, useEffect, useRef, useState } from 'react'
import type { ServerEvent } from '../api/events'
import { follow } from '../api/follow'
import { api, read } from '../api/http'
import type { Candidate, Discovery, Report } from '../api/types'

export interface SearchState {
  discovery: Discovery
  note: string
  fits: number | null
  candidate: Candidate | null
}

/** A discovery by its link: loads it, follows it while it runs, stops it. */
export function useDiscovery(id: string) {
  const [state, setState] = useState<SearchState | null>(null)
  const [failure, setFailure] = useState('')
  const current = useRef<SearchState | null>(null)

  const put = useCallback((change: Partial<SearchState>, discovery: Partial<Discovery> = {}) => {
    if (!current.current) return
    current.current = { ...current.current, ...change, discovery: { ...current.current.discovery, ...discovery } }
    setState(current.current)
  }, [])

  useEffect(() => {
    let stopped = false
    let stop = () => {}
    const load = () => read(api.GET('/api/discoveries/{discovery}', { params: { path: { discovery: id } } }))

    function take(event: ServerEvent) {
      const { data } = event
      if (event.name === 'note') put({ note: String(data.text) })
      else if (event.name === 'progress') put({ note: String(data.text), fits: (data.fits as number | null) ?? null })
      else if (event.name === 'candidate') put({ candidate: data as unknown as Candidate })
      else if (event.name === 'report') put({}, { report: data as unknown as Report })
      else if (event.name === 'end')
        put({ note: '' }, { status: data.status as Discovery['status'], error: (data.error as string | null) ?? null })
    }

    async function begin() {
      try {
        const discovery = await load()
        if (stopped) return
        current.current = { discovery, note: '', fits: null, candidate: null }
        setState(current.current)
        if (discovery.status !== 'running') return
        stop = follow({
          url: `api/discoveries/${id}/events`,
          onEvent: take,
          ended: () => current.current?.discovery.status !== 'running',
          poll: async () => {
            const now = await load()
            put({}, now)
            return now.status !== 'running'
          },
          onError: (error) => setFailure(error.message),
        }).stop
      } catch (error) {
        if (!stopped) setFailure(error instanceof Error ? error.message : String(error))
      }
    }

    setState(null)
    setFailure('')
    current.current = null
    void begin()
    return () => {
      stopped = true
      stop()
    }
  }, [id, put])

  const cancel = useCallback(
    () =>
      read(api.POST('/api/discoveries/{discovery}/cancel', { params: { path: { discovery: id } } })).catch(() => {}),
    [id],
  )
  return { state, failure, cancel }
}
