/** A training run's metrics as series, and what the charts make of them. */
export type Line = Record<string, unknown>

export interface MetricSeries {
  x: number[]
  y: number[]
}

/** The step of a line: what it calls step, else its place in the file. */
function stepOf(line: Line, place: number): number {
  const step = line.step ?? line.global_step
  return typeof step === 'number' ? step : place
}

/** Names of all numbers in the lines, in the order in which they first appear. */
export function namesOf(lines: Line[]): string[] {
  const names = new Set<string>()
  for (const line of lines)
    for (const [name, value] of Object.entries(line))
      if (typeof value === 'number' && !/^(step|global_step|time|epoch)$/.test(name)) names.add(name)
  return [...names]
}

export function seriesOf(lines: Line[], name: string): MetricSeries {
  const x: number[] = []
  const y: number[] = []
  lines.forEach((line, place) => {
    const value = line[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) return
    x.push(stepOf(line, place))
    y.push(value)
  })
  return { x, y }
}

/** Mean of the last `window` values at each point. */
export function runningMean(values: number[], window: number): number[] {
  const out: number[] = []
  let sum = 0
  values.forEach((value, k) => {
    sum += value
    if (k >= window) sum -= values[k - window] as number
    out.push(sum / Math.min(k + 1, window))
  })
  return out
}

/** The options in which runs differ, each with one value a run. */
export function differences(options: Record<string, unknown>[]): [string, string[]][] {
  const flat = options.map((each) => flatten(each))
  const names = [...new Set(flat.flatMap((each) => Object.keys(each)))].sort()
  return names
    .map((name): [string, string[]] => [name, flat.map((each) => each[name] ?? '–')])
    .filter(([, values]) => new Set(values).size > 1)
}

function flatten(value: Record<string, unknown>, prefix = ''): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, each] of Object.entries(value)) {
    if (each !== null && typeof each === 'object' && !Array.isArray(each))
      Object.assign(out, flatten(each as Record<string, unknown>, `${prefix}${name}.`))
    else out[prefix + name] = JSON.stringify(each)
  }
  return out
}
