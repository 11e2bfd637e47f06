import { type MouseEvent, useEffect, useRef } from 'react'
import { useWidth } from '../charts/useWidth'
import { useTheme } from '../shell/useTheme'
import { type Look, Stage } from './stage'
import type { Track } from './track'
import type { Transport } from './transport'

interface Props {
  track: Track
  transport: Transport
  look: Look
  label: string
  arrived: number
  onBody(body: number | null): void
}

/** The player's canvas. It is drawn outside React, once a frame that changes. */
export function Canvas({ track, transport, look, label, arrived, onBody }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const stage = useRef<Stage | null>(null)
  const width = useWidth(box)
  const { shown: theme } = useTheme()
  const now = useRef(look)
  now.current = look

  useEffect(() => {
    const scene = track.scene.scene
    if (!canvas.current || !scene) return
    stage.current = new Stage(canvas.current, scene, track)
    const draw = () => stage.current?.draw(Math.min(transport.frame, track.count - 1), now.current)
    return transport.subscribe(draw)
  }, [track, transport])

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever changes is drawn anew
  useEffect(() => {
    if (!stage.current || width < 40) return
    stage.current.recolour()
    stage.current.resize(width)
    stage.current.draw(Math.min(transport.frame, track.count - 1), look)
  }, [width, theme, look, track, transport, arrived === 0])

  function choose(event: MouseEvent<HTMLCanvasElement>) {
    const place = event.currentTarget.getBoundingClientRect()
    const across = (event.clientX - place.left) / place.width
    const down = (event.clientY - place.top) / place.height
    const body = stage.current?.bodyAt(across, down, transport.frame, look.view) ?? null
    onBody(body === look.body ? null : body)
  }

  if (!track.scene.scene) return <p>This scene has no geometry to draw.</p>
  return (
    <div ref={box}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        className="block aspect-4/3 w-full cursor-crosshair rounded-md border border-line"
        onClick={choose}
        data-testid="stage"
      />
    </div>
  )
}
