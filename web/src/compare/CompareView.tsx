import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useServer } from '../api/queries'
import { type TrueLaw as Law, lawOf, type Turn } from '../api/types'
import type { ChartSide } from '../charts/stack'
import { Skeleton } from '../parts/Skeleton'
import { useAnnounce } from '../shell/useAnnounce'
import { Hidden } from '../you/Hidden'
import { Headline } from './Headline'
import { LawPanel } from './LawPanel'
import { titleOf } from './players'
import { hasEnded, headline, shownTurn, solvedIn } from './run'
import { Side } from './Side'
import { SideError } from './SideStatus'
import { TrueLaw } from './TrueLaw'
import { TurnDetail } from './TurnDetail'
import { TurnStrip } from './TurnStrip'
import type { Played } from './useCompare'
import { useSlid } from './useSlid'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))
const Editor = lazy(() => import('../you/Editor').then((module) => ({ default: module.Editor })))
const EndCard = lazy(() => import('../you/EndCard').then((module) => ({ default: module.EndCard })))

interface Props {
  played: Played
  hidden: 0 | 1 | null
  onAction(side: 0 | 1, action: string): void
  onAnswered(side: 0 | 1, turn: Turn): void
  onFinish(side: 0 | 1): void
  onPeek(): void
  turn: number | null
  onShowTurn(turn: number): void
}

/** Both players at one problem: laws, charts, turns, and what was said about them. */
export function CompareView({ played, hidden, onAction, onAnswered, onFinish, onPeek, turn, onShowTurn }: Props) {
  const announce = useAnnounce()
  const { data: server } = useServer()
  const [front, setFront] = useState<0 | 1>(0)
  const [law, setLaw] = useState<Law | null>(null)
  const { sides, shown } = played
  const turns = sides.map((side) => shownTurn(side, turn)) as [Turn | undefined, Turn | undefined]
  const slid = [
    useSlid(played.problem, `${played.id} a ${turns[0]?.number}`),
    useSlid(played.problem, `${played.id} b ${turns[1]?.number}`),
  ] as const
  const ended = sides.every(hasEnded)
  const editing = sides.map((side) => side.player === 'you' && !hasEnded(side))
  const visible = turns.map((each, k) => (hidden === k ? undefined : each)) as [Turn | undefined, Turn | undefined]
  const numbers = headline(sides, visible)
  if (hidden !== null) numbers.turns[hidden] = '?'

  // biome-ignore lint/correctness/useExhaustiveDependencies: another comparison covers its law again
  useEffect(() => setLaw(null), [played.id])

  const [lawA, lawB] = [lawOf(visible[0]), lawOf(visible[1])]
  const whatIf = [0, 1].map((k) => {
    const each = slid[k as 0 | 1]
    return editing[k] ? each.drafted?.drawing : each.simulation?.drawing
  })
  const [whatIfA, whatIfB] = whatIf
  const chartSides = useMemo(() => {
    const list: ChartSide[] = []
    const r2 = (each: Turn | undefined) => (each?.verdict.details.r2 as Record<string, number> | undefined) ?? null
    list.push({ label: 'A', colour: 'a', drawing: lawA, r2: r2(visible[0]) })
    if (hidden !== 1) list.push({ label: 'B', colour: 'b', drawing: lawB, r2: r2(visible[1]) })
    for (const drawing of [whatIfA, whatIfB])
      if (drawing) list.push({ label: 'what-if', colour: 'whatif', drawing, r2: null })
    if (law) list.push({ label: 'truth', colour: 'good', drawing: law, r2: null })
    return list
  }, [lawA, lawB, whatIfA, whatIfB, law, hidden, visible[0], visible[1]])

  const scrub = useCallback(
    (number: number) => {
      onShowTurn(number)
      const said = sides.map((side, k) => {
        if (hidden === k) return ''
        const each = shownTurn(side, number)
        return each ? `${'AB'[k]}: match ${each.verdict.match.toFixed(2)}` : `${'AB'[k]}: no turn`
      })
      announce(`Turn ${number}. ${said.filter(Boolean).join('. ')}.`)
    },
    [announce, hidden, onShowTurn, sides],
  )

  function panel(k: 0 | 1): ReactNode {
    const side = sides[k]
    if (hidden === k) return <Hidden side={side} onPeek={onPeek} />
    const letter = k === 0 ? 'A' : 'B'
    const error = <SideError side={side} onAction={(action) => onAction(k, action)} />
    const editor = editing[k] && (
      <Suspense fallback={<Skeleton heights={[140]} />}>
        <Editor
          key={side.id}
          episode={side.id}
          problem={played.problem}
          shown={shown}
          turn={side.turns.length + 1}
          maxTurns={played.maxTurns}
          simulation={slid[k].drafted}
          failure={slid[k].failure}
          onDraft={slid[k].draft}
          onAnswered={(answered) => onAnswered(k, answered)}
          onFinish={() => onFinish(k)}
        />
      </Suspense>
    )
    const empty = side.status === 'running' ? side.note || 'The first law will stand here.' : 'No turn was finished.'
    return (
      <div className="grid gap-1.5">
        {editor}
        {(!editor || turns[k]) && (
          <LawPanel
            letter={letter}
            turn={turns[k]}
            slid={slid[k].values}
            simulation={slid[k].simulation}
            failure={slid[k].failure}
            onSlide={slid[k].slide}
            empty={empty}
          />
        )}
        {error}
      </div>
    )
  }

  const terms = server?.reward.discover ?? []
  const charts = useRef<HTMLDivElement>(null)
  const both = (label: (k: 0 | 1) => string) => (
    <div className="flex gap-1 md:hidden" style={{ gridArea: 'switch' }}>
      {([0, 1] as const).map((k) => (
        <button
          key={k}
          type="button"
          className={`button flex-1 ${front === k ? 'primary' : ''}`}
          aria-pressed={front === k}
          onClick={() => setFront(k)}
        >
          {label(k)}
        </button>
      ))}
    </div>
  )
  return (
    <>
      {ended && sides.some((side) => side.player === 'you') && (
        <Suspense>
          <EndCard sides={sides} peeked={played.peeked} />
        </Suspense>
      )}
      <div className="compare grid gap-x-4 gap-y-2">
        <div className="rounded-lg bg-sunken px-3 py-0.5" style={{ gridArea: 'head' }}>
          <Headline
            numbers={numbers}
            label={`A, ${titleOf(sides[0].player)}, against B, ${titleOf(sides[1].player)}`}
          />
        </div>
        {both((k) => `${'AB'[k]}${hidden !== k && solvedIn(sides[k].turns) ? ', solved' : ''}`)}
        {([0, 1] as const).map((k) => (
          <Side
            key={k}
            letter={k === 0 ? 'A' : 'B'}
            side={sides[k]}
            player={sides[k].player}
            maxTurns={played.maxTurns}
            front={front === k}
            law={panel(k)}
            detail={hidden === k ? null : <TurnDetail side={sides[k]} turn={turns[k]} terms={terms} />}
          />
        ))}
        <div
          ref={charts}
          className="min-w-0"
          style={{ gridArea: 'charts', minHeight: shown.columns.length > 1 ? 380 : 200 }}
          data-charts
        >
          <Suspense fallback={<Skeleton heights={[160, 160]} label="Charts" />}>
            <ChartStack shown={shown} sides={chartSides} />
          </Suspense>
        </div>
        <div className="flex flex-wrap items-center justify-between gap-2" style={{ gridArea: 'turns' }}>
          <TurnStrip
            sides={sides.flatMap((side, k) => (hidden === k ? [] : [{ label: 'AB'[k] as string, side }]))}
            shown={turn ?? Math.max(0, ...visible.map((each) => each?.number ?? 0))}
            onShow={scrub}
          />
          {ended && <TrueLaw episode={sides[0].id} law={law} known={played.law} onLaw={setLaw} />}
        </div>
      </div>
    </>
  )
}
