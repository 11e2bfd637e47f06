import uPlot from 'uplot'
import { colour } from './colours'
import { exitOf, short, tick, type Values } from './measure'

/** Room left and right of the plot, the same for every chart, so that strips below it align. */
export const LEFT = 58
export const RIGHT = 16

export interface Line {
  /** Name of the colour in the stylesheet. */
  colour: string
  dash: number[]
  width: number
  label: string
  t: number[]
  values: Values
}

export interface ColumnData {
  t: number[]
  observed: Values
  held: { t: number[]; values: Values } | null
  lines: Line[]
  range: [number, number]
  /** Times from which on nobody was shown the data. */
  heldFrom: number | null
}

export interface PlotOptions {
  column: string
  compact: boolean
  sync: string
  onZoom(from: number, to: number): void
  onReadout(text: string): void
}

/** One column over time on a canvas: dots for data, a line for each law. */
export class ColumnPlot {
  private plot: uPlot | null = null
  private lines = -1
  private data: ColumnData | null = null
  private silent = false

  constructor(
    private readonly host: HTMLElement,
    private readonly options: PlotOptions,
  ) {}

  /** Draw these data at this size and span. */
  update(data: ColumnData, width: number, height: number, span: [number, number]): void {
    this.data = data
    const table = join(data)
    if (!this.plot || this.lines !== data.lines.length) this.build(table, width, height)
    const plot = this.plot as uPlot
    this.silent = true
    plot.batch(() => {
      if (plot.width !== width || plot.height !== height) plot.setSize({ width, height })
      plot.setData(table, false)
      plot.setScale('x', { min: span[0], max: span[1] })
      plot.setScale('y', { min: data.range[0], max: data.range[1] })
    })
    this.silent = false
  }

  /** Draw anew with the colours of the present theme. */
  recolour(): void {
    this.lines = -1
  }

  destroy(): void {
    this.plot?.destroy()
    this.plot = null
  }

  private build(table: uPlot.AlignedData, width: number, height: number): void {
    this.plot?.destroy()
    const data = this.data as ColumnData
    this.lines = data.lines.length
    const ink = colour('muted')
    const grid = { stroke: colour('line'), width: 1 }
    const axis = { stroke: ink, grid, ticks: { ...grid, size: 4 }, font: '12px system-ui, sans-serif' }
    const compact = this.options.compact
    const dots = (fill: boolean): uPlot.Series => ({
      stroke: colour('ink'),
      width: 0,
      paths: () => null,
      points: {
        show: true,
        size: 4.5,
        width: 1,
        stroke: colour('muted'),
        fill: fill ? colour('muted') : colour('surface'),
      },
    })
    const series: uPlot.Series[] = [
      {},
      dots(true),
      dots(false),
      ...data.lines.map(
        (line): uPlot.Series => ({
          stroke: colour(line.colour),
          width: line.width,
          dash: line.dash,
          spanGaps: true,
          points: { show: false },
        }),
      ),
    ]
    this.plot = new uPlot(
      {
        width,
        height,
        series,
        legend: { show: false },
        padding: [compact ? 3 : 6, RIGHT, compact ? 3 : 0, 0],
        scales: { x: { time: false, auto: false }, y: { auto: false } },
        axes: [
          { ...axis, size: compact ? 0 : 24, show: !compact, gap: 2, values: (_, ticks) => ticks.map(tick) },
          compact
            ? { ...axis, size: LEFT, grid: { show: false }, ticks: { show: false }, values: () => [] }
            : { ...axis, size: LEFT, gap: 4, space: 28, values: (_, ticks) => ticks.map(tick) },
        ],
        cursor: {
          sync: { key: this.options.sync, scales: ['x', null], setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          y: false,
        },
        hooks: {
          drawClear: [(plot) => this.shade(plot)],
          draw: [(plot) => this.markExits(plot)],
          setCursor: [(plot) => this.read(plot)],
          setSelect: [(plot) => this.zoom(plot)],
        },
      },
      table,
      this.host,
    )
  }

  private shade(plot: uPlot): void {
    const from = this.data?.heldFrom
    if (from === null || from === undefined) return
    const x = Math.max(plot.bbox.left, plot.valToPos(from, 'x', true))
    plot.ctx.fillStyle = colour('span')
    plot.ctx.fillRect(x, plot.bbox.top, Math.max(0, plot.bbox.left + plot.bbox.width - x), plot.bbox.height)
  }

  /** A curve that leaves the chart is marked with its time at the edge. */
  private markExits(plot: uPlot): void {
    const { ctx, bbox } = plot
    const ratio = uPlot.pxRatio
    for (const [number, line] of (this.data?.lines ?? []).entries()) {
      const exit = exitOf(line.t, line.values, this.data?.range ?? [0, 1])
      if (!exit) continue
      const x = Math.max(
        bbox.left + 6 * ratio,
        Math.min(bbox.left + bbox.width - 6 * ratio, plot.valToPos(exit.t, 'x', true)),
      )
      const y = exit.above ? bbox.top + 1 : bbox.top + bbox.height - 1
      const size = 6 * ratio * (exit.above ? 1 : -1)
      ctx.save()
      ctx.fillStyle = colour(line.colour)
      ctx.beginPath()
      ctx.moveTo(x, y)
      ctx.lineTo(x - Math.abs(size) * 0.8, y + size)
      ctx.lineTo(x + Math.abs(size) * 0.8, y + size)
      ctx.fill()
      ctx.font = `${11 * ratio}px system-ui, sans-serif`
      const right = x > bbox.left + bbox.width * 0.75
      ctx.textAlign = right ? 'right' : 'left'
      ctx.textBaseline = exit.above ? 'top' : 'bottom'
      const offset = (exit.above ? 1 : -1) * number * 12 * ratio
      ctx.fillText(`${line.label} leaves at ${short(exit.t)}`, x + (right ? -9 : 9) * ratio, y + offset)
      ctx.restore()
    }
  }

  private read(plot: uPlot): void {
    const k = plot.cursor.idx
    const data = this.data
    if (k === null || k === undefined || !data) {
      this.options.onReadout('')
      return
    }
    const t = plot.data[0][k] as number
    const parts = [`t ${short(t)}`]
    const near = nearest(data.t, data.observed, t)
    if (near !== null) parts.push(`data ${short(near)}`)
    for (const line of data.lines) {
      const value = nearest(line.t, line.values, t)
      if (value !== null) parts.push(`${line.label} ${short(value)}`)
    }
    this.options.onReadout(parts.join('   '))
  }

  private zoom(plot: uPlot): void {
    if (this.silent || plot.select.width < 6) return
    const from = plot.posToVal(plot.select.left, 'x')
    const to = plot.posToVal(plot.select.left + plot.select.width, 'x')
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.options.onZoom(from, to)
  }
}

/** Data and curves have grids of their own: one table over all their times, with gaps. */
function join(data: ColumnData): uPlot.AlignedData {
  const tables: uPlot.AlignedData[] = [
    [data.t, data.observed],
    data.held ? [data.held.t, data.held.values] : [data.t.slice(0, 1), [null]],
    ...data.lines.map((line): uPlot.AlignedData => [line.t, line.values]),
  ]
  return uPlot.join(tables)
}

function nearest(t: number[], values: Values, at: number): number | null {
  let low = 0
  let high = t.length - 1
  if (high < 0) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((t[middle] as number) < at) low = middle
    else high = middle
  }
  const k = at - (t[low] as number) < (t[high] as number) - at ? low : high
  return values[k] ?? null
}
