import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import type { Baseline } from '../api/types'
import { colour } from '../charts/colours'
import { short } from '../charts/measure'
import { useWidth } from '../charts/useWidth'
import { useTheme } from '../shell/useTheme'
import type { Track } from './track'
import type { Transport } from './transport'

export interface ErrorLine {
  label: string
  colour: string
  dash: number[]
  values: (number | null)[]
}

interface Props {
  title: string
  unit: string
  frames: number
  lines: ErrorLine[]
  transport: Transport
}

/** Errors over frames on a logarithmic axis, the shown frame marked. */
export function ErrorChart({ title, unit, frames, lines, transport }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const host = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const { shown: theme } = useTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read while drawing
  useEffect(() => {
    if (!host.current || width < 80) return
    const axis = {
      stroke: colour('muted'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
    }
    // A logarithmic axis has no zero: what is smaller than this is drawn at the bottom.
    const floor = 0.001
    const largest = Math.max(1, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)))
    const x = Array.from({ length: frames + 1 }, (_, k) => k)
    const plot = new uPlot(
      {
        width,
        height: 132,
        legend: { show: false },
        padding: [6, 10, 0, 0],
        scales: {
          x: { time: false, range: [0, frames] },
          y: { distr: 3, range: [floor, 10 ** Math.ceil(Math.log10(largest))] },
        },
        axes: [
          { ...axis, size: 22, gap: 2 },
          {
            ...axis,
            filter: (_, ticks) => ticks.map((tick) => (Math.log10(tick) % 1 ? null : tick)),
            size: 44,
            gap: 3,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : short(tick))),
          },
        ],
        series: [
          {},
          ...lines.map(
            (line): uPlot.Series => ({
              stroke: colour(line.colour),
              width: 1.8,
              dash: line.dash,
              points: { show: false },
            }),
          ),
        ],
        cursor: { drag: { x: false, y: false }, y: false, points: { show: false }, sync: { key: 'errors' } },
        hooks: {
          draw: [
            (self) => {
              const at = self.valToPos(transport.frame, 'x', true)
              self.ctx.fillStyle = colour('ink')
              self.ctx.fillRect(at - 0.5, self.bbox.top, 1.5, self.bbox.height)
            },
          ],
          ready: [
            (self) => {
              self.over.addEventListener('click', () => {
                if (self.cursor.idx === null || self.cursor.idx === undefined) return
                transport.pause()
                transport.show(self.cursor.idx)
              })
            },
          ],
        },
      },
      [
        x,
        ...lines.map((line) =>
          x.map((k) =>
            line.values[k] === undefined || line.values[k] === null ? null : Math.max(floor, line.values[k] as number),
          ),
        ),
      ],
      host.current,
    )
    const off = transport.subscribe(() => plot.redraw(false, false))
    return () => {
      off()
      plot.destroy()
    }
  }, [lines, frames, width, theme, transport])

  const last = lines.map((line) => `${line.label} ${short(line.values.findLast((value) => value !== null) ?? 0)}`)
  return (
    <figure ref={box} className="min-w-0">
      <figcaption className="flex flex-wrap gap-x-3 text-[13px]">
        <strong>{title}</strong>
        <span className="text-muted">{unit}, log</span>
      </figcaption>
      <div
        ref={host}
        role="img"
        aria-label={`${title} over frames in ${unit}; at the end: ${last.join(', ')}.`}
        style={{ minHeight: 132 }}
      />
    </figure>
  )
}

const DASHES = [
  [6, 3],
  [2, 3],
  [8, 3, 2, 3],
  [1, 3],
]

/** The lines of both charts: the players, then what extrapolations make of the same frames. */
export function errorLines(
  which: 'position' | 'velocity',
  tracks: { label: string; track: Track; colour: string }[],
  baselines: Baseline[],
): ErrorLine[] {
  const players = tracks.map(({ label, track, colour: name }) => ({
    label,
    colour: name,
    dash: [],
    values: track[which].slice(0, track.count),
  }))
  const others = baselines
    .slice(0, 4)
    .map((each, k) => ({ label: each.name, colour: 'muted', dash: DASHES[k] as number[], values: [0, ...each[which]] }))
  return [...players, ...others]
}
