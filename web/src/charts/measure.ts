/** Numbers behind the charts: ranges, residuals, the sentences that describe them. No drawing here. */

export type Values = (number | null)[]

/** The value axis fits the data with a fifth to spare, so that a wrong law can neither flatten nor erase them. */
export function valueRange(values: Values): [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [-1, 1]
  const room = (high - low) * 0.2 || Math.abs(high) * 0.2 || 1
  return [low - room, high + room]
}

export interface Exit {
  t: number
  above: boolean
}

/** Where a curve leaves the range for good, or ends before the record does; null where it does neither. */
export function exitOf(t: number[], values: Values, [low, high]: [number, number]): Exit | null {
  let exit: Exit | null = null
  for (let k = 0; k < t.length; k++) {
    const value = values[k]
    const time = t[k] as number
    if (value === null || value === undefined) {
      if (!exit && k > 0) exit = { t: time, above: (values[k - 1] ?? 0) > (low + high) / 2 }
      continue
    }
    if (value > high || value < low) exit ??= { t: time, above: value > high }
    else exit = null
  }
  return exit
}

/** (prediction - data) / spread, clipped to 2; null where nothing was measured or predicted. */
export function residuals(data: Values, predicted: Values | null, spread: number | null): Values {
  return data.map((value, k) => {
    const other = predicted?.[k]
    if (value === null || other === null || other === undefined || !spread) return null
    return Math.max(-2, Math.min(2, (other - value) / spread))
  })
}

/** The edges of cells around samples: halfway between them. */
export function cellEdges(t: number[]): number[] {
  if (!t.length) return []
  const first = t[0] as number
  const last = t[t.length - 1] as number
  const edges = [first - ((t[1] ?? first + 1) - first) / 2]
  for (let k = 1; k < t.length; k++) edges.push(((t[k - 1] as number) + (t[k] as number)) / 2)
  edges.push(last + (last - (t[t.length - 2] ?? last - 1)) / 2)
  return edges
}

/** The column of a table of rows. */
export function columnOf(rows: Values[], k: number): Values {
  return rows.map((row) => row[k] ?? null)
}

/** The columns in which the sides are worst come first; they are the ones that are drawn large. */
export function byMisfit(columns: string[], r2: (Record<string, number | null> | null)[]): number[] {
  const misfit = columns.map((name) => Math.max(0, ...r2.map((each) => (each ? 1 - (each[name] ?? 1) : 0))))
  return columns
    .map((_, k) => k)
    .sort((one, other) => (misfit[other] as number) - (misfit[one] as number) || one - other)
}

/** Where a side misses, in words: the longest span with a residual beyond half a standard deviation. */
export function describeMiss(t: number[], residual: Values): string {
  let best: { from: number; to: number; mean: number } | null = null
  let run: { from: number; sum: number; n: number; sign: number } | null = null
  const close = (to: number) => {
    if (run && run.n >= 3 && (!best || to - run.from > best.to - best.from))
      best = { from: run.from, to, mean: run.sum / run.n }
    run = null
  }
  residual.forEach((value, k) => {
    const time = t[k] as number
    if (value === null) return
    const sign = Math.abs(value) < 0.5 ? 0 : Math.sign(value)
    if (run && run.sign !== sign) close(time)
    if (sign === 0) return
    run ??= { from: time, sum: 0, n: 0, sign }
    run.sum += value
    run.n += 1
  })
  close(t.at(-1) ?? 0)
  const found = best as { from: number; to: number; mean: number } | null
  if (!found) return 'follows the data'
  return `too ${found.mean > 0 ? 'high' : 'low'} from ${short(found.from)} to ${short(found.to)}`
}

/** A number in at most four significant digits. */
export function short(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace('+', '')
  return String(Number(value.toPrecision(4)))
}

/** A mark of an axis: neighbours differ in any of their digits, and years have no separators. */
export function tick(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return String(Number(value.toExponential(6))).replace('+', '')
  return String(Number(value.toPrecision(8)))
}

export interface Described {
  label: string
  r2: number | null
  miss: string
}

/** The sentence that stands for a chart. */
export function describeChart(column: string, unit: string, sides: Described[]): string {
  const parts = sides.map(
    (side) => `${side.label}${side.r2 === null ? '' : `, R2 ${side.r2.toFixed(3)}`}, ${side.miss}`,
  )
  const what = `${column}${unit ? ` in ${unit}` : ''} over time`
  return parts.length ? `${what}. ${parts.join('; ')}.` : `${what}: the data.`
}
