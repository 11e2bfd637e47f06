import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { api, read } from '../api/http'
import { useEndpoints, useServer } from '../api/queries'
import { type TrueLaw as Law, lawOf } from '../api/types'
import type { ChartSide } from '../charts/stack'
import { Skeleton } from '../parts/Skeleton'
import { usePageTitle } from '../shell/usePageTitle'
import { LawPanel } from './LawPanel'
import { nameOf, titleOf } from './players'
import { hasEnded, shownTurn, sideOf } from './run'
import { Side } from './Side'
import { SideError } from './SideStatus'
import { settingsOf, writeSettings } from './settings'
import { TrueLaw } from './TrueLaw'
import { TurnDetail } from './TurnDetail'
import { TurnStrip } from './TurnStrip'
import { useSlid } from './useSlid'
import { useTurn } from './useTurn'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))

/** One player's episode by its link. */
export function EpisodePage({ id }: { id: string }) {
  const [turn, showTurn] = useTurn()
  const [law, setLaw] = useState<Law | null>(null)
  const { data: presets = [] } = useEndpoints()
  const { data: server } = useServer()
  const { data: episode, error } = useQuery({
    queryKey: ['episode', id],
    queryFn: () => read(api.GET('/api/episodes/{episode}', { params: { path: { episode: id } } })),
    refetchInterval: (query) => (query.state.data?.status === 'running' ? 1000 : false),
  })
  const player = episode ? nameOf(episode.player) : ''
  const side = useMemo(() => (episode ? sideOf(episode, player) : null), [episode, player])
  const shown = side ? shownTurn(side, turn) : undefined
  const slid = useSlid(episode?.problem ?? null, `${id} ${shown?.number}`)
  const drawing = lawOf(shown)
  const whatIf = slid.simulation?.drawing ?? null
  const sides = useMemo(() => {
    const list: ChartSide[] = [
      {
        label: 'A',
        colour: 'a',
        drawing,
        r2: (shown?.verdict.details.r2 as Record<string, number> | undefined) ?? null,
      },
    ]
    if (whatIf) list.push({ label: 'what-if', colour: 'whatif', drawing: whatIf, r2: null })
    if (law) list.push({ label: 'truth', colour: 'good', drawing: law, r2: null })
    return list
  }, [drawing, shown, whatIf, law])
  const title = episode ? `${episode.problem.subject.replaceAll('_', ' ')}, seed ${episode.problem.index}` : 'Episode'
  usePageTitle(title)

  return (
    <div className="grid gap-2">
      <h1 tabIndex={-1} className="text-xl font-semibold">
        {title}
      </h1>
      {error && (
        <p>
          {error.message} <Link href="/">Compare two players</Link>
        </p>
      )}
      {!episode && !error && <Skeleton heights={[150, 360]} />}
      {episode && side && (
        <>
          {episode.shown?.task === 'discover' ? (
            <p>{episode.shown.hint}</p>
          ) : (
            <p>This version cannot draw what was played here; turns are told below.</p>
          )}
          <div className="grid gap-3">
            <Side
              letter="A"
              side={side}
              player={player}
              maxTurns={episode.max_turns}
              front
              law={
                <>
                  <LawPanel
                    letter="A"
                    turn={shown}
                    slid={slid.values}
                    simulation={slid.simulation}
                    failure={slid.failure}
                    onSlide={slid.slide}
                    empty="No turn was finished."
                  />
                  <SideError
                    side={side}
                    onAction={() =>
                      location.assign(`./?${writeSettings({ ...settingsOf(episode.problem), a: player })}`)
                    }
                  />
                </>
              }
              detail={null}
            />
            {episode.shown?.task === 'discover' && (
              <Suspense fallback={<Skeleton heights={[160, 160]} />}>
                <ChartStack shown={episode.shown} sides={sides} />
              </Suspense>
            )}
            <div className="flex flex-wrap items-center justify-between gap-2">
              <TurnStrip sides={[{ label: 'A', side }]} shown={turn ?? shown?.number ?? null} onShow={showTurn} />
              {hasEnded(side) && episode.problem.task === 'discover' && (
                <TrueLaw episode={id} law={law} known={null} onLaw={setLaw} />
              )}
            </div>
            <TurnDetail side={side} turn={shown} terms={server?.reward[episode.problem.task] ?? []} />
            <p className="text-[14px]">
              {episode.comparison && <Link href={`/c/${episode.comparison}`}>The comparison that it is part of</Link>}{' '}
              <Link
                href={`/?${writeSettings({ ...settingsOf(episode.problem), turns: episode.max_turns, a: player })}`}
              >
                Play it again
              </Link>
              , <bdi>{titleOf(player, presets)}</bdi>
            </p>
          </div>
        </>
      )}
    </div>
  )
}
