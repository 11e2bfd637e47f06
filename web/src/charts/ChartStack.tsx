import 'uplot/dist/uPlot.min.css'
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react'
import type { Shown } from '../api/types'
import { ColumnChart } from './ColumnChart'
import { DataTable } from './DataTable'
import { type ChartSide, timeSpan, viewColumns, zoomBy } from './stack'
import { useWidth } from './useWidth'

interface Props {
  shown: Shown
  sides: ChartSide[]
  height?: number
}

/** A chart for every column of the data with a shared crosshair, zoom and table. */
export function ChartStack({ shown, sides, height = 132 }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const sync = useId()
  const [trial, setTrial] = useState(0)
  const [opened, setOpened] = useState<ReadonlySet<string> | null>(null)
  const [chosen, setChosen] = useState<[number, number] | null>(null)
  const [table, setTable] = useState(false)
  const number = Math.min(trial, shown.trials.length - 1)
  const views = useMemo(() => viewColumns(shown, number, sides, opened), [shown, number, sides, opened])
  const whole = useMemo(() => timeSpan(views), [views])
  const span = chosen ?? whole
  const many = views.length > 2

  function zoom(factor: number) {
    const next = zoomBy(span, factor, whole)
    setChosen(next[0] === whole[0] && next[1] === whole[1] ? null : next)
  }

  function keys(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return
    if (event.key === '+' || event.key === '=') zoom(0.5)
    else if (event.key === '-') zoom(2)
    else if (event.key === '0') setChosen(null)
    else return
    event.preventDefault()
  }

  function toggle(column: string) {
    const now = new Set(views.filter((view) => view.open).map((view) => view.column))
    if (now.has(column)) now.delete(column)
    else now.add(column)
    setOpened(now)
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of charts with keys of its own is no fieldset
    <div role="group" aria-label="Charts" onKeyDown={keys} data-span={`${span[0]},${span[1]}`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px]">
        <Legend sides={sides} />
        <div className="ml-auto flex items-center gap-1">
          {shown.trials.length > 1 && (
            <label className="flex items-center gap-1">
              trial
              <select className="input small" value={number} onChange={(event) => setTrial(Number(event.target.value))}>
                {shown.trials.map((each, k) => (
                  <option key={each.name} value={k}>
                    {each.name || k + 1}
                  </option>
                ))}
              </select>
            </label>
          )}
          <button type="button" className="button small quiet" onClick={() => zoom(0.5)} aria-label="Zoom in">
            +
          </button>
          <button
            type="button"
            className="button small quiet"
            onClick={() => zoom(2)}
            aria-label="Zoom out"
            disabled={!chosen}
          >
            −
          </button>
          <button
            type="button"
            className="button small quiet"
            onClick={() => setChosen(null)}
            aria-label="Show the whole time, key 0"
            disabled={!chosen}
          >
            0
          </button>
          <button type="button" className="button small quiet" aria-pressed={table} onClick={() => setTable(!table)}>
            Table
          </button>
        </div>
      </div>
      <div ref={box} className="grid gap-1">
        {views.map((view) => (
          <ColumnChart
            key={view.column}
            view={view}
            width={width}
            height={height}
            span={span}
            sync={sync}
            onZoom={setChosen}
            onToggle={many ? () => toggle(view.column) : null}
          />
        ))}
      </div>
      {table && <DataTable shown={shown} trial={number} sides={sides} />}
    </div>
  )
}

const STROKES = { a: undefined, b: '6 3', whatif: '2 2.5', good: '8 3 2 3' }

function Legend({ sides }: { sides: ChartSide[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4" aria-label="Legend">
      <li className="flex items-center gap-1.5">
        <svg width="10" height="10" aria-hidden="true">
          <circle cx="5" cy="5" r="3" fill="var(--muted)" />
        </svg>
        data
      </li>
      {sides
        .filter((side) => side.drawing)
        .map((side) => (
          <li key={side.label} className="flex items-center gap-1.5">
            <svg width="26" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="26"
                y1="4"
                y2="4"
                stroke={`var(--${side.colour})`}
                strokeWidth="2.5"
                strokeDasharray={STROKES[side.colour]}
              />
            </svg>
            {side.label}
          </li>
        ))}
    </ul>
  )
}
