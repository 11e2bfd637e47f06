import { useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import { useTheme } from '../shell/useTheme'
import { ColumnPlot, LEFT, RIGHT } from './columnPlot'
import { drawHeat, heatHeight } from './heat'
import { describeChart } from './measure'
import type { ColumnView } from './stack'

interface Props {
  view: ColumnView
  width: number
  height: number
  span: [number, number]
  sync: string
  onZoom(span: [number, number]): void
  onToggle: (() => void) | null
}

/** A column: its chart, and under it the residual strip of each side. */
export function ColumnChart({ view, width, height, span, sync, onZoom, onToggle }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const strip = useRef<HTMLCanvasElement>(null)
  const readout = useRef<HTMLSpanElement>(null)
  const plot = useRef<ColumnPlot | null>(null)
  const { shown: theme } = useTheme()
  const compact = !view.open
  const zoom = useRef(onZoom)
  zoom.current = onZoom

  const read = useCallback((text: string) => {
    if (readout.current) readout.current.textContent = text
  }, [])

  useEffect(() => {
    if (!host.current) return
    const made = new ColumnPlot(host.current, {
      column: view.column,
      compact,
      sync,
      onZoom: (from, to) => zoom.current([from, to]),
      onReadout: read,
    })
    plot.current = made
    return () => {
      made.destroy()
      plot.current = null
    }
  }, [view.column, compact, sync, read])

  const drawn = useRef(theme)
  useEffect(() => {
    if (!plot.current || width < 60) return
    if (drawn.current !== theme) plot.current.recolour()
    drawn.current = theme
    plot.current.update(view.data, width, compact ? 48 : height, span)
  }, [view, width, height, span, theme, compact])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the strip reads its colours from the theme
  useLayoutEffect(() => {
    if (strip.current && width >= 60) drawHeat(strip.current, view.heat, width, [LEFT, RIGHT], span)
  }, [view, width, span, theme])

  return (
    <section aria-label={view.column} className="min-w-0">
      <div className="flex h-5 items-baseline gap-2 text-[13px]">
        {onToggle ? (
          <button
            type="button"
            className="min-w-0 cursor-pointer truncate rounded font-semibold hover:underline"
            aria-expanded={view.open}
            onClick={onToggle}
          >
            <span aria-hidden="true">{view.open ? '▾' : '▸'} </span>
            {view.column}
          </button>
        ) : (
          <span className="min-w-0 truncate font-semibold">{view.column}</span>
        )}
        {view.unit && <span className="text-muted">{view.unit}</span>}
        <span ref={readout} className="ml-auto truncate whitespace-pre text-muted" aria-hidden="true" />
      </div>
      <div role="img" aria-label={describeChart(view.column, view.unit, view.described)}>
        <div ref={host} style={{ minHeight: compact ? 48 : height }} data-column={view.column} className="plot" />
        <canvas ref={strip} className="block" style={{ height: heatHeight(view.heat.length) }} aria-hidden="true" />
      </div>
    </section>
  )
}
