import type { RewardTerm, Turn } from '../api/types'
import { RewardTable } from '../parts/RewardBar'
import type { SideState } from './run'

interface Props {
  side: SideState
  turn: Turn | undefined
  terms: RewardTerm[]
}

/** What the verifier said, what the player meant, what it wrote, and how the reward comes about. */
export function TurnDetail({ side, turn, terms }: Props) {
  const writing = side.status === 'running' && (side.tail || side.note || side.playing > 0) && side.player !== 'you'
  const rationale = turn?.verdict.details.rationale
  return (
    <div className="grid min-w-0 content-start gap-2 text-[14px]">
      {turn && (
        <>
          <p data-testid="feedback">{turn.verdict.feedback}</p>
          {typeof rationale === 'string' && rationale && (
            <p className="text-muted" dir="auto">
              “<bdi>{rationale}</bdi>”
            </p>
          )}
          <details>
            <summary className="cursor-pointer py-0.5">
              Raw answer of turn {turn.number} <span className="text-muted">({turn.seconds.toFixed(1)} s)</span>
            </summary>
            <pre className="raw mt-1 rounded bg-sunken p-2" dir="auto">
              {turn.answer}
            </pre>
          </details>
          <RewardTable verdict={turn.verdict} terms={terms} />
        </>
      )}
      {writing && (
        <section aria-label="Being written">
          <p className="text-[13px] text-muted">
            {side.note || (side.tail ? `Turn ${side.playing || side.turns.length + 1} is being written:` : 'Thinking…')}
          </p>
          {side.tail && (
            <pre className="raw rounded bg-sunken p-2" dir="auto" data-testid="tail">
              {side.tail}
            </pre>
          )}
        </section>
      )}
    </div>
  )
}
