import type { Measure, ResultTable } from '../api/types'

/** Rows in the order of a measure, the largest first; those without it come last. */
export function sortRows(rows: ResultTable['rows'], measure: string, ascending: boolean): ResultTable['rows'] {
  const value = (row: ResultTable['rows'][number]) => row.measures[measure]?.value ?? null
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)]
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    return ascending ? a - b : b - a
  })
}

/** What a measure's axis spans: 0 to 100 for shares, else from 0 to the largest value or interval. */
export function axisOf(rows: ResultTable['rows'], measure: string): [number, number] {
  const all = rows.flatMap((row) => {
    const each = row.measures[measure]
    return each ? [each.low, each.high, each.value] : []
  })
  const numbers = all.filter((value): value is number => value !== null)
  const share = rows.some((row) => row.measures[measure]?.unit === '%')
  if (share) return [0, 100]
  return [Math.min(0, ...numbers), Math.max(1, ...numbers)]
}

export function writeMeasure(measure: Measure | undefined): string {
  if (!measure || measure.value === null) return '–'
  const digits = (value: number) =>
    Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3)
  const interval =
    measure.low === null || measure.high === null ? '' : ` [${digits(measure.low)}, ${digits(measure.high)}]`
  return `${digits(measure.value)}${measure.unit === '%' ? ' %' : measure.unit ? ` ${measure.unit}` : ''}${interval}`
}
