import { useCallback, useEffect, useRef, useState } from 'react'
import type { ApiError } from '../api/errors'
import type { ServerEvent } from '../api/events'
import { type Follower, follow } from '../api/follow'
import { api, read } from '../api/http'
import { useEndpoints } from '../api/queries'
import type { Baseline, FrameEvent, Rollout, SceneEvent } from '../api/types'
import { requestOf } from '../compare/players'
import type { RolloutSettings } from './settings'
import { Track } from './track'

export interface RolloutState {
  id: string
  track: Track | null
  /** Counts the frames that have arrived, since the track itself is changed in place. */
  arrived: number
  status: 'running' | 'finished' | 'failed' | 'cancelled' | 'interrupted'
  error: string | null
  baselines: Baseline[]
}

/** One player's rollout: starts it, follows it, stops it. */
export function useRollout(onFrames: (last: number, ended: boolean) => void) {
  const [state, setState] = useState<RolloutState | null>(null)
  const [failure, setFailure] = useState<ApiError | Error | null>(null)
  const current = useRef<RolloutState | null>(null)
  const follower = useRef<Follower | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const { data: presets = [] } = useEndpoints()
  const told = useRef(onFrames)
  told.current = onFrames

  const commit = useCallback(() => {
    clearTimeout(timer.current)
    timer.current = undefined
    const now = current.current
    if (!now) return
    setState({ ...now })
    if (now.track) told.current(now.track.count - 1, now.status !== 'running')
  }, [])

  const take = useCallback(
    (event: ServerEvent) => {
      const now = current.current
      if (!now) return
      if (event.name === 'scene') now.track ??= new Track(event.data as unknown as SceneEvent)
      else if (event.name === 'frame' && now.track?.add(event.data as unknown as FrameEvent)) now.arrived += 1
      else if (event.name === 'baselines') now.baselines = event.data.baselines as Baseline[]
      else if (event.name === 'end') {
        now.status = event.data.status as RolloutState['status']
        now.error = (event.data.error as string | null) ?? null
      }
      if (event.name === 'frame') timer.current ??= setTimeout(commit, 100)
      else commit()
    },
    [commit],
  )

  const leave = useCallback(() => {
    follower.current?.stop()
    follower.current = null
    clearTimeout(timer.current)
    timer.current = undefined
  }, [])

  const fill = useCallback(
    (rollout: Rollout) => {
      take({ name: 'scene', data: rollout.scene as unknown as Record<string, unknown>, id: null })
      for (const frame of rollout.frames)
        take({ name: 'frame', data: frame as unknown as Record<string, unknown>, id: null })
      if (rollout.baselines) take({ name: 'baselines', data: { baselines: rollout.baselines }, id: null })
      if (rollout.status !== 'running')
        take({ name: 'end', data: { status: rollout.status, error: rollout.error }, id: null })
    },
    [take],
  )

  const start = useCallback(
    async (settings: RolloutSettings, player: string) => {
      leave()
      setFailure(null)
      try {
        const { id } = await read(
          api.POST('/api/rollouts', {
            body: {
              subject: settings.scenario,
              level: settings.level,
              index: settings.seed,
              frames: settings.frames,
              player: requestOf(player, presets),
            },
          }),
        )
        current.current = { id, track: null, arrived: 0, status: 'running', error: null, baselines: [] }
        const one = { params: { path: { rollout: id } } }
        follower.current = follow({
          url: `api/rollouts/${id}/events`,
          onEvent: take,
          ended: () => current.current?.id !== id || current.current.status !== 'running',
          poll: async () => {
            const rollout = await read(api.GET('/api/rollouts/{rollout}', one))
            if (current.current?.id === id) fill(rollout)
            return rollout.status !== 'running'
          },
          onError: setFailure,
        })
        return id
      } catch (error) {
        setFailure(error instanceof Error ? error : new Error(String(error)))
        return null
      }
    },
    [fill, leave, presets, take],
  )

  /** Show a rollout that was played before; false where the server has it no more. */
  const load = useCallback(
    async (id: string) => {
      leave()
      try {
        const rollout = await read(api.GET('/api/rollouts/{rollout}', { params: { path: { rollout: id } } }))
        current.current = { id, track: null, arrived: 0, status: 'running', error: null, baselines: [] }
        fill(rollout)
        return true
      } catch {
        return false
      }
    },
    [fill, leave],
  )

  const stop = useCallback(async () => {
    const id = current.current?.id
    if (id)
      await read(api.POST('/api/rollouts/{rollout}/cancel', { params: { path: { rollout: id } } })).catch(() => {})
  }, [])

  const clear = useCallback(() => {
    leave()
    current.current = null
    setState(null)
  }, [leave])

  useEffect(() => leave, [leave])
  return { state, failure, start, load, stop, clear }
}
