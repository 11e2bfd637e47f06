import type { RewardTerm, Verdict } from '../api/types'
import { segmentsOf } from './reward'

interface BarProps {
  verdict: Verdict
  side: 'a' | 'b'
}

/** The reward as a bar: an outline as long as each term's weight, filled as far as the answer earned it. */
export function RewardBar({ verdict, side }: BarProps) {
  const segments = segmentsOf(verdict)
  const whole = segments.reduce((sum, segment) => sum + segment.weight, 0) || 1
  const words = segments.map(
    (segment) => `${segment.term} ${segment.contribution.toFixed(2)} of ${segment.weight.toFixed(2)}`,
  )
  return (
    <div className="flex items-center gap-2 text-[13px]">
      <span className="whitespace-nowrap">
        reward <strong data-testid={`reward-${side}`}>{verdict.reward.toFixed(2)}</strong>
      </span>
      <div
        className="flex h-[18px] min-w-0 flex-1"
        role="img"
        aria-label={`Reward ${verdict.reward.toFixed(3)}: ${words.join(', ')}`}
      >
        {segments.map((segment) => (
          <div
            key={segment.term}
            className="segment relative min-w-0 overflow-hidden border border-edge not-first:border-l-0"
            style={{ width: `${(segment.weight / whole) * 100}%` }}
            title={`${segment.term}: ${segment.value.toFixed(3)} x ${segment.weight} = ${segment.contribution.toFixed(3)}`}
          >
            <div
              className={side === 'a' ? 'h-full bg-a-fill' : 'h-full bg-b-fill'}
              style={{ width: `${Math.max(0, Math.min(1, segment.value)) * 100}%` }}
            />
            <span className="absolute inset-0 truncate px-1 text-[11px] leading-4">{segment.term}</span>
          </div>
        ))}
      </div>
    </div>
  )
}

/** Term by term: value, weight, contribution, meaning. */
export function RewardTable({ verdict, terms }: { verdict: Verdict; terms: RewardTerm[] }) {
  const about = new Map(terms.map((term) => [term.name, term.about]))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys
    <section className="overflow-x-auto" tabIndex={0} aria-label="Reward by term">
      <table className="table w-full text-[13px]">
        <caption className="visually-hidden">Reward by term</caption>
        <thead>
          <tr>
            <th scope="col">term</th>
            <th scope="col">value</th>
            <th scope="col">weight</th>
            <th scope="col">adds</th>
            <th scope="col">meaning</th>
          </tr>
        </thead>
        <tbody>
          {segmentsOf(verdict).map((segment) => (
            <tr key={segment.term}>
              <th scope="row">{segment.term}</th>
              <td>{segment.value.toFixed(3)}</td>
              <td>{segment.weight.toFixed(2)}</td>
              <td>{segment.contribution.toFixed(3)}</td>
              <td className="min-w-40 text-muted">{about.get(segment.term) ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
