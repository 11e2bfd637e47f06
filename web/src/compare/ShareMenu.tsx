import { type RefObject, useState } from 'react'
import { lawOf, type Turn } from '../api/types'
import { CopyButton } from '../parts/CopyButton'
import { Popover } from '../parts/Popover'
import { save } from '../parts/save'
import { address, base } from '../shell/navigation'
import { drawFigure } from './figure'
import { readPlayer, titleOf } from './players'
import { asCsv, asCurl, asJson, asLatex, asPython } from './share'
import type { Played } from './useCompare'

interface Props {
  played: Played
  turns: [Turn | undefined, Turn | undefined]
  /** What must not be told yet: the opponent of a person who still plays. */
  hidden: boolean
  turn: number | null
  charts: RefObject<HTMLElement | null>
}

/** The link, the same as code, and the figure. */
export function ShareMenu({ played, turns, hidden, turn, charts }: Props) {
  const [failure, setFailure] = useState('')
  const laws = turns.map((each) => lawOf(each)) as [ReturnType<typeof lawOf>, ReturnType<typeof lawOf>]
  const name = `${played.problem.subject}-${played.problem.index}`
  const link = played.recorded ? address('/') : address(`/c/${played.id}${turn === null ? '' : `?turn=${turn}`}`)
  const upTo = (side: 0 | 1) => played.sides[side].turns.filter((each) => each.number <= (turns[side]?.number ?? 0))

  async function figure() {
    if (!charts.current) return
    try {
      const { subject, index, level } = played.problem
      const lines = laws.flatMap((law, k) =>
        law
          ? [
              `${'AB'[k]}  ${titleOf(played.sides[k as 0 | 1].player)}:  ${law.equation}   match ${turns[k]?.verdict.match.toFixed(3)}`,
            ]
          : [],
      )
      const footer = `gedanken ${played.version}, ${subject}, seed ${index}, level ${level ?? 'none'}, ${link}`
      save(`${name}.png`, await drawFigure(charts.current, { title: played.shown.hint, lines, footer }))
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
  }

  const players = played.sides.map((side) => {
    const player = readPlayer(side.player)
    return player.kind === 'endpoint' ? { endpoint: player.endpoint, model: player.model } : { name: side.player }
  })
  const sides = hidden ? [] : ([0, 1] as const).filter((side) => turns[side])
  return (
    <Popover label="Share" title="Share">
      {() => (
        <div className="grid w-72 max-w-full gap-3 text-[14px]">
          <div className="grid gap-1">
            <label className="field">
              Link
              <input
                className="input font-mono text-[12px]"
                readOnly
                value={link}
                onFocus={(event) => event.target.select()}
              />
            </label>
            <CopyButton text={() => link} className="button">
              Copy the link
            </CopyButton>
          </div>
          {sides.map((side) => (
            <fieldset key={side} className="flex flex-wrap gap-1">
              <legend className="mb-1 text-muted">
                {'AB'[side]}, turn {turns[side]?.number}
              </legend>
              <CopyButton text={() => asPython(played.problem, upTo(side), played.maxTurns)}>Python</CopyButton>
              <CopyButton text={() => (laws[side] ? asLatex(laws[side]) : '')}>LaTeX</CopyButton>
              <CopyButton text={() => turns[side]?.answer ?? ''}>Answer</CopyButton>
            </fieldset>
          ))}
          <fieldset className="flex flex-wrap gap-1">
            <legend className="mb-1 text-muted">All of it</legend>
            {!hidden && (
              <CopyButton text={() => asJson(played.id, played.problem, played.shown, played.sides)}>JSON</CopyButton>
            )}
            <CopyButton text={() => asCurl(`${location.origin}${base}`, played.problem, players, played.maxTurns)}>
              curl
            </CopyButton>
            {!hidden && (
              <button
                type="button"
                className="button small"
                onClick={() => save(`${name}.csv`, asCsv(played.shown, laws), 'text/csv')}
              >
                CSV
              </button>
            )}
            <button type="button" className="button small" onClick={figure}>
              PNG
            </button>
          </fieldset>
          {failure && <p role="alert">{failure}</p>}
        </div>
      )}
    </Popover>
  )
}
