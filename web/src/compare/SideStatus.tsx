import { actionFor, actionTitles } from '../api/errors'
import { Elapsed } from '../parts/Elapsed'
import { Notice } from '../parts/Notice'
import { type SideState, solvedIn } from './run'

/** Where a side stands, in a few words. */
export function SideStatus({ side, maxTurns }: { side: SideState; maxTurns: number }) {
  const solved = solvedIn(side.turns)
  if (side.status === 'running') {
    if (side.player === 'you')
      return (
        <span>
          turn {side.turns.length + 1} of {maxTurns}
        </span>
      )
    return (
      <span>
        turn {side.playing || side.turns.length + 1} of {maxTurns}, <Elapsed key={side.playing} />
      </span>
    )
  }
  if (side.status === 'cancelled' || side.status === 'interrupted') return <span className="badge">{side.status}</span>
  if (solved) return <strong className="text-good">solved in {solved}</strong>
  if (side.status === 'failed') return <span className="badge">stopped</span>
  return <span>not solved in {side.turns.length}</span>
}

interface ErrorProps {
  side: SideState
  onAction(action: string): void
}

/** The server's sentence about a side that broke off, with the one thing to do about it. */
export function SideError({ side, onAction }: ErrorProps) {
  if (side.status === 'interrupted' || side.status === 'cancelled')
    return (
      <Notice
        action={
          <button type="button" className="button small" onClick={() => onAction('retry')}>
            Run again
          </button>
        }
      >
        {side.status === 'cancelled'
          ? 'Stopped. Finished turns stay.'
          : (side.error ?? 'The server was stopped during this episode.')}
      </Notice>
    )
  if (!side.error) return null
  const action = actionFor(side.code)
  return (
    <Notice
      tone="bad"
      action={
        action && (
          <button type="button" className="button small" onClick={() => onAction(action)}>
            {actionTitles[action]}
          </button>
        )
      }
    >
      {side.error}
    </Notice>
  )
}
