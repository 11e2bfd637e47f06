import { useEffect, useRef } from 'react'
import { colour, mix } from '../charts/colours'
import { useWidth } from '../charts/useWidth'
import { useTheme } from '../shell/useTheme'
import type { Track } from './track'
import type { Transport } from './transport'
import { useFrame } from './useFrame'

interface Props {
  track: Track
  transport: Transport
  frames: number
  arrived: number
}

/** A range over all frames; behind it the error of each frame that has arrived. */
export function Scrubber({ track, transport, frames, arrived }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useWidth(box)
  const frame = useFrame(transport)
  const { shown: theme } = useTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew for frames that arrived and for the theme
  useEffect(() => {
    const node = canvas.current
    const context = node?.getContext('2d')
    if (!node || !context || width < 10) return
    node.width = width
    node.height = 14
    const [page, bad, line] = [colour('sunken'), colour('bad'), colour('accent')]
    const cell = width / (frames + 1)
    for (let k = 0; k <= frames; k++) {
      const error = track.position[k]
      context.fillStyle =
        k >= track.count ? page : mix(bad, colour('surface'), Math.min(1, Math.log1p(error ?? 100) / Math.log1p(60)))
      context.fillRect(k * cell, 0, Math.ceil(cell), 14)
    }
    context.fillStyle = line
    context.fillRect(0, 12, Math.min(width, track.count * cell), 2)
  }, [track, frames, arrived, width, theme])

  return (
    <div ref={box} className="grid">
      <input
        type="range"
        aria-label="Frame"
        aria-valuetext={track.describe(frame, frames)}
        className="h-6 w-full accent-(--accent)"
        min={0}
        max={frames}
        step={1}
        value={frame}
        onChange={(event) => {
          transport.pause()
          transport.show(Number(event.target.value))
        }}
      />
      <canvas ref={canvas} className="block h-3.5 w-full rounded-sm" aria-hidden="true" />
    </div>
  )
}
