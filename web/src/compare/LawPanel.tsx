import { type ReactNode, useState } from 'react'
import { type LawDrawing, lawOf, type Simulation, type Turn } from '../api/types'
import { Formula } from '../parts/Formula'
import { LawSliders } from '../parts/LawSliders'
import { RewardBar } from '../parts/RewardBar'

interface Props {
  letter: 'A' | 'B'
  turn: Turn | undefined
  /** The slid values, null where no slider was moved. */
  slid: Record<string, number> | null
  simulation: Simulation | null
  failure: string | null
  onSlide(law: LawDrawing, values: Record<string, number> | null): void
  empty: ReactNode
}

/** The law of the turn that is shown: equation, sliders, what-if match, reward. */
export function LawPanel({ letter, turn, slid, simulation, failure, onSlide, empty }: Props) {
  const [lit, setLit] = useState<string | null>(null)
  const law = lawOf(turn)
  const side = letter.toLowerCase() as 'a' | 'b'
  if (!turn) return <div className="grid min-h-28 place-items-center text-center text-[14px] text-muted">{empty}</div>
  return (
    <div className="grid gap-1" data-testid={`law-${side}`}>
      {law ? (
        <>
          <Formula
            latex={law.latex}
            text={law.equation}
            lit={lit}
            onLight={setLit}
            onChoose={(name) => document.getElementById(`slider-${side}-${name}`)?.focus()}
          />
          <LawSliders
            side={side}
            start={law.params}
            values={slid ?? law.params}
            lit={lit}
            onLight={setLit}
            onChange={(values) => onSlide(law, values)}
          />
        </>
      ) : (
        <div className="grid min-h-16 place-items-center text-[14px] text-muted">
          No law could be read from this answer.
        </div>
      )}
      {slid && law && (
        <p className="flex items-center gap-2 text-[13px] text-whatif" data-testid={`whatif-${side}`}>
          {failure ? (
            <span>{failure}</span>
          ) : (
            <span>
              what-if match <strong>{simulation ? simulation.match.toFixed(3) : '…'}</strong>, not scored
            </span>
          )}
          <button type="button" className="button small quiet" onClick={() => onSlide(law, null)}>
            Reset
          </button>
        </p>
      )}
      <RewardBar verdict={turn.verdict} side={side} />
    </div>
  )
}
