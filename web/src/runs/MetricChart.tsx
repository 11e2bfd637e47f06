import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { colour } from '../charts/colours'
import { short } from '../charts/measure'
import { useWidth } from '../charts/useWidth'
import { useTheme } from '../shell/useTheme'
import { type MetricSeries, runningMean } from './series'

interface Props {
  name: string
  runs: { name: string; colour: string; series: MetricSeries }[]
  window: number
  log: boolean
}

/** One metric of every chosen run: faint raw dots under a running mean. */
export function MetricChart({ name, runs, window, log }: Props) {
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
    const keep = (y: number[]) => (log ? y.map((value) => (value > 0 ? value : null)) : y)
    const data = uPlot.join(
      runs.flatMap(({ series }): uPlot.AlignedData[] => [
        [series.x, keep(series.y)],
        [series.x, keep(runningMean(series.y, window))],
      ]),
    )
    const plot = new uPlot(
      {
        width,
        height: 150,
        legend: { show: false },
        padding: [8, 10, 0, 0],
        scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
        axes: [
          { ...axis, size: 22, gap: 2 },
          { ...axis, size: 52, gap: 3, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : short(tick))) },
        ],
        series: [
          {},
          ...runs.flatMap((run): uPlot.Series[] => [
            {
              width: 0,
              paths: () => null,
              points: {
                show: true,
                size: 3,
                width: 0,
                fill: `color-mix(in srgb, ${colour(run.colour)} 35%, transparent)`,
              },
            },
            { stroke: colour(run.colour), width: 1.8, spanGaps: true, points: { show: run.series.x.length < 2 } },
          ]),
        ],
        cursor: { sync: { key: 'runs' }, y: false, drag: { x: true, y: false } },
      },
      data,
      host.current,
    )
    return () => plot.destroy()
  }, [runs, window, log, width, theme])

  const words = runs
    .filter((run) => run.series.y.length)
    .map((run) => `${run.name} ${short(run.series.y.at(-1) ?? 0)} at step ${run.series.x.at(-1)}`)
  return (
    <figure
      ref={box}
      className="min-w-0"
      data-metric={name}
      data-points={runs.reduce((sum, run) => sum + run.series.x.length, 0)}
    >
      <figcaption className="text-[13px] font-semibold">{name}</figcaption>
      <div
        ref={host}
        role="img"
        aria-label={`${name} over steps: ${words.join(', ') || 'no values yet'}.`}
        style={{ minHeight: 150 }}
      />
    </figure>
  )
}
