import { useEffect, useRef } from 'react'
import type { Scene } from '../api/types'
import { useWidth } from '../charts/useWidth'
import { drawStill, startPlaces } from '../predict/drawScene'
import { useTheme } from '../shell/useTheme'
import { type Film, placesAt, recordScene } from './recording'

interface Props {
  name: string
  scene: Scene
  level: number
  /** Whether it moves: on hover or focus, never against the visitor's wish. */
  playing: boolean
}

/** A scene from its geometry; while it is played, the true recording. */
export function ScenePicture({ name, scene, level, playing }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const film = useRef<Film | null>(null)
  const width = useWidth(box)
  const { shown: theme } = useTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read while drawing
  useEffect(() => {
    const node = canvas.current
    if (!node || width < 20) return
    drawStill(node, scene, width, startPlaces(scene))
    if (!playing || matchMedia('(prefers-reduced-motion: reduce)').matches) return
    let handle = 0
    let stopped = false
    async function play() {
      try {
        film.current ??= await recordScene(name, level)
      } catch {
        return // The still stays.
      }
      const begun = performance.now()
      const step = (now: number) => {
        const shown = film.current
        if (stopped || !shown || !node) return
        const frame = Math.floor(((now - begun) / 1000) * 60) % (shown.frames + 30)
        drawStill(node, shown.scene, width, placesAt(shown, Math.min(shown.frames - 1, frame)))
        handle = requestAnimationFrame(step)
      }
      if (!stopped) handle = requestAnimationFrame(step)
    }
    void play()
    return () => {
      stopped = true
      cancelAnimationFrame(handle)
    }
  }, [scene, width, theme, playing, name, level])

  return (
    <div ref={box} className="aspect-4/3 w-full overflow-hidden rounded-md border border-line bg-surface">
      <canvas ref={canvas} className="block h-full w-full" aria-hidden="true" />
    </div>
  )
}
