import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError } from '../api/errors'
import type { ServerEvent } from '../api/events'
import { type Follower, follow } from '../api/follow'
import { api, read } from '../api/http'
import { readComparison, useEndpoints } from '../api/queries'
import type { Comparison, ProblemKey, Shown, TrueLaw, Turn } from '../api/types'
import { nameOf, requestOf } from './players'
import { applyToSides, emptySide, hasEnded, mergeRecorded, type Sides, sideOf } from './run'
import { problemOf, type Settings } from './settings'

/** A comparison as the page holds it. */
export interface Played {
  id: string
  problem: ProblemKey
  shown: Shown
  sides: Sides
  maxTurns: number
  version: string
  recorded: Comparison['recorded']
  law: TrueLaw | null
  peeked: boolean
}

export interface Failure {
  message: string
  code: string
  retryAfter: number | null
}

export const RECORDED = 'recorded'

function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return { message: error.message, code: error.code, retryAfter: error.retryAfter }
  return { message: error instanceof Error ? error.message : String(error), code: 'server_gone', retryAfter: null }
}

function playedOf(comparison: Comparison): Played {
  const [a, b] = [...comparison.episodes].sort((one, other) => one.side - other.side)
  if (!a || !b || comparison.shown?.task !== 'discover')
    throw new Error('This comparison cannot be drawn by this version.')
  return {
    id: comparison.id,
    problem: comparison.problem,
    shown: comparison.shown,
    sides: [sideOf(a, nameOf(a.player)), sideOf(b, nameOf(b.player))],
    maxTurns: a.max_turns,
    version: a.version,
    recorded: comparison.recorded,
    law: comparison.law,
    peeked: a.peeked || b.peeked,
  }
}

/** Tokens are drawn ten times a second, whatever their number. */
const COMMIT_MS = 100

/** Loads, starts, follows and stops comparisons. */
export function useCompare(onTurn: (side: number, turn: Turn) => void) {
  const [played, setPlayed] = useState<Played | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [starting, setStarting] = useState(false)
  const { data: presets = [] } = useEndpoints()
  const current = useRef<Played | null>(null)
  const follower = useRef<Follower | null>(null)
  const pending = useRef<ServerEvent[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const announce = useRef(onTurn)
  announce.current = onTurn

  const put = useCallback((next: Played | null) => {
    current.current = next
    setPlayed(next)
  }, [])

  const commit = useCallback(() => {
    clearTimeout(timer.current)
    timer.current = undefined
    const now = current.current
    if (!now || !pending.current.length) return
    const sides = pending.current.reduce(applyToSides, now.sides)
    pending.current = []
    if (sides !== now.sides) put({ ...now, sides })
  }, [put])

  const leave = useCallback(() => {
    follower.current?.stop()
    follower.current = null
    clearTimeout(timer.current)
    timer.current = undefined
    pending.current = []
  }, [])

  const listen = useCallback(
    (id: string) => {
      const take = (event: ServerEvent) => {
        pending.current.push(event)
        if (event.name === 'token' || event.name === 'reasoning') {
          timer.current ??= setTimeout(commit, COMMIT_MS)
          return
        }
        const number = event.name === 'turn' ? Number(event.data.number) : 0
        const side = event.data.side === 1 ? 1 : 0
        const fresh = number && !current.current?.sides[side].turns.some((turn) => turn.number === number)
        commit()
        if (fresh) announce.current(side, event.data as unknown as Turn)
      }
      const ended = () => {
        commit()
        return current.current?.id !== id || current.current.sides.every(hasEnded)
      }
      follower.current = follow({
        url: `api/comparisons/${id}/events`,
        onEvent: take,
        ended: () => current.current?.id !== id || (current.current.sides.every(hasEnded) && ended()),
        poll: async () => {
          const recorded = await readComparison(id)
          const now = current.current
          if (now?.id === id) put({ ...now, sides: mergeRecorded(now.sides, recorded) })
          return ended()
        },
        onError: (error) => setFailure(failureOf(error)),
      })
    },
    [commit, put],
  )

  const load = useCallback(
    async (id: string) => {
      if (current.current?.id === id) return
      leave()
      setFailure(null)
      try {
        const comparison = id === RECORDED ? await read(api.GET('/api/recorded')) : await readComparison(id)
        const next = playedOf(comparison)
        put(next)
        if (!next.sides.every(hasEnded)) listen(next.id)
      } catch (error) {
        put(null)
        setFailure(failureOf(error))
      }
    },
    [leave, listen, put],
  )

  const start = useCallback(
    async (settings: Settings, maxTokens?: number, last = false): Promise<string | null> => {
      setStarting(true)
      setFailure(null)
      try {
        const started = await read(
          api.POST('/api/comparisons', {
            body: {
              problem: problemOf(settings),
              players: [requestOf(settings.a, presets, maxTokens), requestOf(settings.b, presets, maxTokens)],
              max_turns: settings.turns,
            },
          }),
        )
        leave()
        const comparison = await readComparison(started.id)
        const next = playedOf(comparison)
        const sides = next.sides.map((side, k) => ({
          ...emptySide(side.id, k ? settings.b : settings.a),
          ...side,
          player: k ? settings.b : settings.a,
        })) as Sides
        put({ ...next, sides })
        if (!sides.every(hasEnded)) listen(started.id)
        return started.id
      } catch (error) {
        // A try that nobody pressed a button for is the last one of its kind.
        setFailure(last ? { ...failureOf(error), retryAfter: null } : failureOf(error))
        return null
      } finally {
        setStarting(false)
      }
    },
    [leave, listen, put, presets],
  )

  const stop = useCallback(async () => {
    const running = current.current?.sides.filter((side) => !hasEnded(side)) ?? []
    await Promise.allSettled(
      running.map((side) =>
        read(api.POST('/api/episodes/{episode}/cancel', { params: { path: { episode: side.id } } })),
      ),
    )
  }, [])

  /** Put a turn in that was answered here, before the stream tells it. */
  const addTurn = useCallback(
    (side: 0 | 1, turn: Turn) => {
      pending.current.push({ name: 'turn', data: { ...turn, side }, id: null })
      commit()
    },
    [commit],
  )

  const update = useCallback(
    (change: Partial<Played>) => {
      if (current.current) put({ ...current.current, ...change })
    },
    [put],
  )

  useEffect(() => leave, [leave])
  return { played, failure, starting, load, start, stop, addTurn, update, setFailure }
}
