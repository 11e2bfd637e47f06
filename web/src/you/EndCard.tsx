import { titleOf } from '../compare/players'
import { type Sides, solvedIn } from '../compare/run'

/** Who solved it, and when. */
export function EndCard({ sides, peeked }: { sides: Sides; peeked: boolean }) {
  return (
    <p className="rounded-lg border border-line bg-sunken px-3 py-1.5 text-center" data-testid="end-card">
      {sides.map((side) => {
        const solved = solvedIn(side.turns)
        return (
          <span key={side.id}>
            <bdi>{titleOf(side.player)}</bdi>: {solved ? `solved in ${solved}` : `not solved in ${side.turns.length}`}.{' '}
          </span>
        )
      })}
      {peeked && <span className="text-muted">You peeked.</span>}{' '}
      <span className="text-muted">You saw your curve before you answered; a model does not.</span>
    </p>
  )
}
