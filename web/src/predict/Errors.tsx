import { useMemo } from 'react'
import { useEndpoints } from '../api/queries'
import type { Baseline } from '../api/types'
import { titleOf } from '../compare/players'
import { ErrorChart, errorLines } from './ErrorCharts'
import type { Track } from './track'
import type { Transport } from './transport'

interface Props {
  tracks: { name: string; track: Track | null }[]
  baselines: Baseline[]
  frames: number
  transport: Transport
  arrived: number
}

const COLOURS = ['a', 'b']

/** Position and velocity errors of the players beside those of extrapolations. */
export function Errors({ tracks, baselines, frames, transport, arrived }: Props) {
  const { data: presets = [] } = useEndpoints()
  const named = tracks.flatMap(({ name, track }, k) =>
    track ? [{ label: titleOf(name, presets), track, colour: COLOURS[k] as string }] : [],
  )
  const key = named.map((each) => each.label).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: tracks grow in place, `arrived` tells when
  const [position, velocity] = useMemo(
    () => [errorLines('position', named, baselines), errorLines('velocity', named, baselines)],
    [key, named[0]?.track, named[1]?.track, baselines, arrived],
  )
  return (
    <div className="grid gap-2">
      <ErrorChart title="Position error" unit="px" frames={frames} lines={position} transport={transport} />
      <ErrorChart title="Velocity error" unit="px/s" frames={frames} lines={velocity} transport={transport} />
      <ul className="flex flex-wrap gap-x-4 text-[13px]" aria-label="Legend">
        {position.map((line) => (
          <li key={line.label} className="flex items-center gap-1.5">
            <svg width="24" height="6" aria-hidden="true">
              <line
                x1="0"
                x2="24"
                y1="3"
                y2="3"
                stroke={`var(--${line.colour})`}
                strokeWidth="2.2"
                strokeDasharray={line.dash.join(' ')}
              />
            </svg>
            {line.label}
          </li>
        ))}
      </ul>
    </div>
  )
}
