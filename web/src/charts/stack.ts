import type { Curve, LawDrawing, Shown, Trial } from '../api/types'
import type { ColumnData, Line } from './columnPlot'
import { byMisfit, columnOf, type Described, describeMiss, residuals, type Values, valueRange } from './measure'

/** One law in the charts. */
export interface ChartSide {
  label: string
  colour: 'a' | 'b' | 'whatif' | 'good'
  drawing: Pick<LawDrawing, 'curves' | 'dense'> | null
  r2: Record<string, number | null> | null
}

const DASHES = { a: [], b: [7, 4], whatif: [2, 3], good: [10, 3, 2, 3] }

export interface ColumnView {
  index: number
  column: string
  unit: string
  data: ColumnData
  heat: { label: string; t: number[]; residual: Values }[]
  described: Described[]
  open: boolean
}

/** How many columns are drawn large without being asked for. */
export const OPEN = 2

function curveOf(curves: Curve[] | undefined, trial: number, column: number): { t: number[]; values: Values } | null {
  const curve = curves?.[trial]
  return curve ? { t: curve.t, values: columnOf(curve.values, column) } : null
}

/** What each column's chart shows of one trial. */
export function viewColumns(
  shown: Shown,
  trialNumber: number,
  sides: ChartSide[],
  opened: ReadonlySet<string> | null,
): ColumnView[] {
  const trial = shown.trials[trialNumber] as Trial
  const held = heldOf(shown, trial, trialNumber)
  const worst = byMisfit(
    shown.columns,
    sides.map((side) => side.r2),
  ).slice(0, OPEN)
  return shown.columns.map((column, index) => {
    const observed = columnOf(trial.values, index)
    const lines: Line[] = []
    const heat: ColumnView['heat'] = []
    const described: Described[] = []
    for (const side of sides) {
      const line = curveOf(side.drawing?.dense, trialNumber, index) ?? curveOf(side.drawing?.curves, trialNumber, index)
      if (line)
        lines.push({
          ...line,
          colour: side.colour,
          dash: DASHES[side.colour],
          width: side.colour === 'whatif' ? 2 : 1.8,
          label: side.label,
        })
      const at = curveOf(side.drawing?.curves, trialNumber, index)
      const residual = residuals(observed, at?.values ?? null, shown.spread[column] ?? null)
      if (side.colour !== 'whatif') {
        heat.push({ label: side.label, t: trial.t, residual })
        if (side.drawing)
          described.push({
            label: side.label,
            r2: side.r2?.[column] ?? null,
            miss: at ? describeMiss(trial.t, residual) : 'stops before the end',
          })
      }
    }
    const heldValues = held ? { t: held.t, values: columnOf(held.values, index) } : null
    const measured = heldValues ? [...observed, ...heldValues.values] : observed
    const range = measured.some((value) => value !== null)
      ? valueRange(measured)
      : valueRange(lines.flatMap((line) => line.values))
    const open = opened ? opened.has(column) : shown.columns.length <= OPEN || worst.includes(index)
    const data = { t: trial.t, observed, held: heldValues, lines, range, heldFrom: held?.t[0] ?? null }
    return { index, column, unit: shown.units[column] ?? '', data, heat, described, open }
  })
}

/** The held-out samples that belong to this trial: those of its name, or the only ones there are. */
function heldOf(shown: Shown, trial: Trial, number: number): Trial | null {
  return (
    shown.held_out.find((each) => each.name === trial.name) ??
    (shown.held_out.length === shown.trials.length ? (shown.held_out[number] ?? null) : null)
  )
}

/** From the first to the last time of the data; of the curves where there are no data. */
export function timeSpan(views: ColumnView[]): [number, number] {
  const data = views[0]?.data
  const times = data?.t.length ? [data.t, data.held?.t ?? []] : (data?.lines.map((line) => line.t) ?? [])
  const ends = times.flatMap((t) => (t.length ? [t[0] as number, t.at(-1) as number] : []))
  if (!ends.length) return [0, 1]
  const [first, last] = [Math.min(...ends), Math.max(...ends)]
  return last > first ? [first, last] : [first, first + 1]
}

/** Zoom by a factor about the middle, within the whole. */
export function zoomBy(span: [number, number], factor: number, whole: [number, number]): [number, number] {
  const middle = (span[0] + span[1]) / 2
  const half = ((span[1] - span[0]) / 2) * factor
  if (half * 2 >= whole[1] - whole[0]) return whole
  const shift = Math.max(0, whole[0] - (middle - half)) - Math.max(0, middle + half - whole[1])
  return [middle - half + shift, middle + half + shift]
}
