import type { Verdict } from '../api/types'

export interface Segment {
  term: string
  weight: number
  value: number
  /** What it adds to the reward. */
  contribution: number
}

/** The terms that count, the heaviest first. */
export function segmentsOf(verdict: Pick<Verdict, 'terms' | 'weights'>): Segment[] {
  return Object.entries(verdict.weights)
    .filter(([, weight]) => weight > 0)
    .map(([term, weight]) => {
      const value = verdict.terms[term] ?? 0
      return { term, weight, value, contribution: weight * value }
    })
    .sort((one, other) => other.weight - one.weight)
}
