import type { LawDrawing, Report, Series, Shown, Trial } from '../api/types'

function spreadOf(values: (number | null)[]): number | null {
  const seen = values.filter((value): value is number => value !== null)
  if (seen.length < 2) return null
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length
  return Math.sqrt(seen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / seen.length)
}

/** What the charts draw of trials of one's own data. */
export function shownOf(
  columns: string[],
  time: string,
  timeUnit: string,
  units: Record<string, string>,
  trials: Trial[],
  heldOut: Trial[],
): Shown {
  const spread = Object.fromEntries(
    columns.map((column, k) => [
      column,
      spreadOf(trials.flatMap((trial) => trial.values.map((row) => row[k] ?? null))),
    ]),
  )
  return {
    task: 'discover',
    hint: '',
    columns,
    left_sides: [],
    functions: [],
    time,
    time_unit: timeUnit,
    units,
    spread,
    trials,
    held_out: heldOut,
    inputs: [],
    known: [],
    prompt_length: 0,
  }
}

/** Samples up to a time, and those after it. */
export function split(trial: Trial, until: number | null): [Trial, Trial | null] {
  if (until === null) return [trial, null]
  const n = trial.t.filter((t) => t <= until).length
  if (n === trial.t.length) return [trial, null]
  const part = (from: number, to?: number): Trial => ({
    name: trial.name,
    t: trial.t.slice(from, to),
    values: trial.values.slice(from, to),
    inputs: trial.inputs?.slice(from, to) ?? null,
  })
  return [part(0, n), part(n)]
}

/** A table's data for the charts; what is held out is drawn apart. */
export function showSeries(series: Series, until: number | null): Shown {
  const parts = series.trials.map((trial) => split(trial, until)).filter(([kept]) => kept.t.length > 0)
  const held = parts.map(([kept, rest]) => rest ?? { name: kept.name, t: [], values: [], inputs: null })
  return shownOf(
    series.columns,
    series.time,
    series.time_unit,
    series.units,
    parts.map(([kept]) => kept),
    until === null ? [] : held,
  )
}

/** The first and last time of all trials. */
export function timesOf(series: Series): [number, number] {
  const all = series.trials.flatMap((trial) => [trial.t[0] ?? 0, trial.t.at(-1) ?? 0])
  return [Math.min(...all), Math.max(...all)]
}

/** A report's data and law for the charts. A trial that continues another one is its held-out span. */
export function showReport(report: Report): { shown: Shown; drawing: Pick<LawDrawing, 'curves' | 'dense'> } {
  const fitted = report.trials.filter((trial) => !trial.held_out)
  const held = report.trials.filter((trial) => trial.held_out)
  const alone = held.filter(
    (trial) =>
      !fitted.some(
        (each) =>
          each.name === trial.name ||
          (fitted.length === 1 && held.length === 1 && (trial.t[0] ?? 0) > (each.t.at(-1) ?? 0)),
      ),
  )
  const continued = held.filter((trial) => !alone.includes(trial))
  const trials = [...fitted, ...alone]
  const partner = (k: number) =>
    continued.find((trial) => trial.name === trials[k]?.name) ??
    (fitted.length === 1 && k === 0 ? continued[0] : undefined)
  const data = trials.map(
    (trial): Trial => ({
      name: alone.includes(trial) ? `${trial.name || 'trial'} (held out)` : trial.name,
      t: trial.t,
      values: trial.observed,
      inputs: null,
    }),
  )
  const heldOut = trials.map((trial, k): Trial => {
    const other = partner(k)
    return { name: data[k]?.name ?? trial.name, t: other?.t ?? [], values: other?.observed ?? [], inputs: null }
  })
  const shown = shownOf(
    report.columns,
    report.time,
    report.time_unit,
    report.units,
    data,
    continued.length ? heldOut : [],
  )
  const curves = trials.map((trial) => ({ t: trial.t, values: trial.predicted ?? [] }))
  const dense = trials.map((trial, k) => {
    const other = partner(k)
    const [first, second] = [trial.curve ?? { t: [], values: [] }, other?.curve]
    // A curve that already runs to the end of the held-out span is whole.
    const join = second && (second.t[0] ?? 0) > (first.t.at(-1) ?? 0)
    const t = join ? [...first.t, ...second.t] : second && second.t.length > first.t.length ? second.t : first.t
    const values = join
      ? [...first.values, ...second.values]
      : second && second.t.length > first.t.length
        ? second.values
        : first.values
    return { t, values, reached: t.at(-1) ?? 0 }
  })
  return { shown, drawing: { curves, dense } }
}

/** 0.0322 with its 95 % half width in the same decimals. */
export function withInterval(value: number, half: number | null): string {
  if (half === null || !Number.isFinite(half) || half <= 0) return value.toPrecision(4)
  const digits = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(half))))
  if (Math.abs(value) >= 1e6 || (digits > 8 && Math.abs(value) < 1e-3))
    return `${value.toExponential(3)} ± ${half.toExponential(1)}`
  return `${value.toFixed(digits)} ± ${half.toFixed(digits)}`
}
