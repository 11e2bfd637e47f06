import { type KeyboardEvent, lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { useEndpoints } from '../api/queries'
import { titleOf } from '../compare/players'
import { CopyButton } from '../parts/CopyButton'
import { Notice } from '../parts/Notice'
import { Skeleton } from '../parts/Skeleton'
import { address } from '../shell/navigation'
import { usePageTitle } from '../shell/usePageTitle'
import { Canvas } from './Canvas'
import { FrameText, WorstBodies } from './FrameText'
import { PredictForm } from './PredictForm'
import { Scrubber } from './Scrubber'
import { readRollout, writeRollout } from './settings'
import type { Look, View } from './stage'
import { TransportBar } from './TransportBar'
import { Transport } from './transport'
import { useRollout } from './useRollout'
import { ViewBar } from './ViewBar'

const Errors = lazy(() => import('./Errors').then((module) => ({ default: module.Errors })))

const VIEWS: View[] = ['overlay', 'side', 'error']

/** A player continues a scene on its own frames, beside what truly happens. */
export function PredictPage() {
  usePageTitle('Predict')
  const [, navigate] = useLocation()
  const search = useSearch()
  const { data: presets } = useEndpoints()
  const [{ settings, dropped }, setState] = useState(() => readRollout(new URLSearchParams(search)))
  const [played, setPlayed] = useState(settings)
  const [look, setLook] = useState<Look>({ view: 'overlay', onion: 0, velocities: false, body: null })
  const transport = useRef<Transport>(null as unknown as Transport)
  transport.current ??= new Transport()
  const player = transport.current
  const wanted = useRef(Number(new URLSearchParams(search).get('frame')) || 0)

  const lasts = useRef<[number, number]>([0, 0])
  const frames = useCallback(
    (side: 0 | 1, last: number, ended: boolean) => {
      lasts.current[side] = last
      player.last = Math.max(...lasts.current)
      player.waiting = !ended
      if (wanted.current && player.last >= wanted.current) {
        player.show(wanted.current)
        wanted.current = 0
      }
    },
    [player],
  )
  const a = useRollout((last, ended) => frames(0, last, ended))
  const b = useRollout((last, ended) => frames(1, last, ended))

  const run = useCallback(
    async (next = settings) => {
      player.reset()
      lasts.current = [0, 0]
      setPlayed(next)
      setLook((now) => ({ ...now, body: null }))
      const [id] = await Promise.all([a.start(next, next.a), next.b ? b.start(next, next.b) : b.clear()])
      const query = writeRollout(next)
      if (id) query.set('rollout', id)
      navigate(`/predict?${query}`, { replace: true })
      if (id && !matchMedia('(prefers-reduced-motion: reduce)').matches && !wanted.current)
        setTimeout(() => player.play(), 150)
    },
    [a.start, b.start, b.clear, navigate, player, settings],
  )

  // Already rolled out at first sight; a link to a rollout that the server still has shows that one.
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current || !presets) return
    begun.current = true
    const id = new URLSearchParams(search).get('rollout')
    if (id && !settings.b)
      void a.load(id).then((found) => {
        if (!found) void run()
      })
    else void run()
  }, [presets, search, settings, a.load, run])

  const track = a.state?.track ?? null
  const other = played.b ? (b.state?.track ?? null) : null
  const running = a.state?.status === 'running' || (played.b !== '' && b.state?.status === 'running')
  const total =
    track && a.state?.status !== 'running' ? Math.max(1, track.count - 1, (other?.count ?? 1) - 1) : played.frames
  const arrived = (a.state?.arrived ?? 0) + (b.state?.arrived ?? 0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the track grows in place
  const miss = useMemo(() => track?.firstMiss() ?? null, [track, arrived])

  function keys(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target as HTMLElement
    const onField =
      target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== 'range')
    if (onField || (event.key === ' ' && target instanceof HTMLButtonElement)) return
    const by = (frame: number) => {
      player.pause()
      player.show(frame)
    }
    const step = event.shiftKey ? 10 : 1
    if (event.key === ' ') player.toggle()
    else if (event.key === 'ArrowLeft') by(player.frame - step)
    else if (event.key === 'ArrowRight') by(player.frame + step)
    else if (event.key === 'Home') by(0)
    else if (event.key === 'End') by(player.last)
    else if (event.key === ',') player.faster(-1)
    else if (event.key === '.') player.faster(1)
    else if (event.key === 'm') by(miss ?? player.frame)
    else if (event.key === '4') setLook({ ...look, onion: look.onion ? 0 : 6 })
    else if (VIEWS[Number(event.key) - 1]) setLook({ ...look, view: VIEWS[Number(event.key) - 1] as View })
    else return
    event.preventDefault()
  }

  const tracks = [
    { name: played.a, track, state: a.state, failure: a.failure },
    ...(played.b ? [{ name: played.b, track: other, state: b.state, failure: b.failure }] : []),
  ]
  return (
    <div className="grid gap-2">
      <h1 tabIndex={-1} className="visually-hidden">
        Predict the next frames
      </h1>
      <PredictForm
        settings={settings}
        onChange={(next) => setState({ settings: next, dropped: [] })}
        onRun={() => void run()}
        running={running}
      >
        {running && (
          <button
            type="button"
            className="button"
            onClick={() => {
              void a.stop()
              void b.stop()
            }}
          >
            Stop
          </button>
        )}
        <CopyButton className="button" text={() => address(`/predict?${writeRollout(played)}&frame=${player.frame}`)}>
          Copy link
        </CopyButton>
      </PredictForm>
      {dropped.length > 0 && (
        <Notice tone="warn">The address named something unknown, which was left out: {dropped.join(', ')}.</Notice>
      )}
      {tracks.map(
        (each, k) =>
          (each.failure || each.state?.error) && (
            <Notice key={each.name + String(k)} tone="bad">
              <bdi>{titleOf(each.name, presets ?? [])}</bdi>: {each.failure?.message ?? each.state?.error}
            </Notice>
          ),
      )}
      {track ? (
        <div className="grid gap-4 lg:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)]">
          {/* biome-ignore lint/a11y/useSemanticElements: a player with keys of its own */}
          <div
            role="group"
            aria-label="Player"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys need the focus
            tabIndex={0}
            onKeyDown={keys}
            className="grid content-start gap-1.5"
            data-testid="player"
          >
            <p className="text-[14.5px]">{track.scene.title}</p>
            <div className={other ? 'grid gap-2 sm:grid-cols-2' : ''}>
              {tracks.map(
                (each, k) =>
                  each.track && (
                    <div key={each.name + String(k)}>
                      {played.b && <h2 className="text-[14px] font-semibold">{titleOf(each.name, presets ?? [])}</h2>}
                      <Canvas
                        track={each.track}
                        transport={player}
                        look={look}
                        arrived={each.state?.arrived ?? 0}
                        label={`${played.scenario.replaceAll('_', ' ')}: ${each.track.bodies} bodies, predicted by ${titleOf(each.name)} and as they truly move`}
                        onBody={(body) => setLook({ ...look, body })}
                      />
                    </div>
                  ),
              )}
            </div>
            <Scrubber track={track} transport={player} frames={total} arrived={arrived} />
            <TransportBar transport={player} frames={total} miss={miss} />
            <ViewBar look={look} onChange={setLook} />
          </div>
          <div className="grid min-w-0 content-start gap-3">
            <Suspense fallback={<Skeleton heights={[150, 150]} />}>
              <Errors
                tracks={tracks}
                baselines={a.state?.baselines ?? []}
                frames={total}
                transport={player}
                arrived={arrived}
              />
            </Suspense>
            <WorstBodies
              track={track}
              transport={player}
              body={look.body}
              onBody={(body) => setLook({ ...look, body })}
            />
            <FrameText track={track} transport={player} />
          </div>
        </div>
      ) : (
        !a.failure && <Skeleton heights={[420, 40]} />
      )}
    </div>
  )
}
