import type { Measure } from '../api/types'
import { writeMeasure } from './measures'

interface Props {
  measure: Measure | undefined
  axis: [number, number]
}

const WIDTH = 110

/** A number as a dot with its 95 % interval, over its text. */
export function Whisker({ measure, axis: [from, to] }: Props) {
  if (!measure || measure.value === null) return <span className="text-muted">–</span>
  const place = (value: number) => 4 + ((value - from) / (to - from || 1)) * (WIDTH - 8)
  return (
    <span className="grid min-w-28 gap-0">
      <svg width={WIDTH} height="12" aria-hidden="true">
        <line x1="4" x2={WIDTH - 4} y1="6" y2="6" stroke="var(--line)" />
        {measure.low !== null && measure.high !== null && (
          <line
            x1={place(measure.low)}
            x2={place(measure.high)}
            y1="6"
            y2="6"
            stroke="var(--a)"
            strokeWidth="2.5"
            strokeLinecap="round"
          />
        )}
        <circle cx={place(measure.value)} cy="6" r="3.6" fill="var(--a)" />
      </svg>
      <span className="text-[12.5px] whitespace-nowrap">
        {writeMeasure(measure)}
        {measure.n !== null && <span className="text-muted"> n {measure.n}</span>}
      </span>
    </span>
  )
}
