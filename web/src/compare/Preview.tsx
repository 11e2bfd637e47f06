import { lazy, Suspense } from 'react'
import type { PosedProblem } from '../api/types'
import { Notice } from '../parts/Notice'
import { Skeleton } from '../parts/Skeleton'
import { Sparkline } from '../parts/Sparkline'
import type { Played } from './useCompare'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))
const NONE: never[] = []

interface Props {
  posed: PosedProblem | undefined
  error: Error | null
  played: Played | null
}

/** The data of the problem that Run would pose. What was played before stays until then. */
export function Preview({ posed, error, played }: Props) {
  if (error) return <Notice tone="bad">{error.message}</Notice>
  const shown = posed?.shown
  if (!posed || shown?.task !== 'discover') return <Skeleton heights={[60]} />
  if (played)
    return (
      <Notice>
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1" data-testid="preview">
          <span>
            Not played yet: {posed.problem.subject.replaceAll('_', ' ')}, seed {posed.problem.index}. Below is what was
            played before.
          </span>
          {shown.columns.slice(0, 4).map((column, k) => (
            <span key={column} className="flex items-center gap-1 text-[13px] text-muted">
              {column}
              <Sparkline
                t={shown.trials[0]?.t ?? []}
                values={shown.trials[0]?.values.map((row) => row[k] ?? null) ?? []}
              />
            </span>
          ))}
        </span>
      </Notice>
    )
  return (
    <div className="grid gap-2">
      <p>{shown.hint}</p>
      <Suspense fallback={<Skeleton heights={[160, 160]} />}>
        <ChartStack shown={shown} sides={NONE} />
      </Suspense>
    </div>
  )
}
