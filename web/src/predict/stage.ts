import type { Scene } from '../api/types'
import { mix } from '../charts/colours'
import {
  drawJoints,
  drawSpoke,
  drawStatics,
  enter,
  HEIGHT,
  type Palette,
  type Places,
  palette,
  traceBody,
  WIDTH,
} from './drawScene'
import { KEPT, type Track } from './track'

export type View = 'overlay' | 'side' | 'error'

export interface Look {
  view: View
  /** How many earlier frames are shown. */
  onion: number
  velocities: boolean
  /** The body that is isolated. */
  body: number | null
}

/** An error of this many px has the darkest colour. */
const WORST = 40

/** One frame of a rollout on a canvas. It allocates nothing that grows, so that 50 bodies run at the screen's rate. */
export class Stage {
  private colours: Palette = palette()

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly scene: Scene,
    private readonly track: Track,
  ) {}

  recolour(): void {
    this.colours = palette()
  }

  resize(width: number): void {
    const ratio = Math.min(devicePixelRatio || 1, 2)
    this.canvas.width = Math.round(width * ratio)
    this.canvas.height = Math.round(((width * HEIGHT) / WIDTH) * ratio)
  }

  private places(of: Float32Array, frame: number): Places {
    const { bodies } = this.track
    return (body) => {
      const at = (frame * bodies + body) * KEPT
      return [of[at] as number, of[at + 1] as number, of[at + 2] as number]
    }
  }

  draw(frame: number, look: Look): void {
    const context = this.canvas.getContext('2d')
    if (!context) return
    const { width, height } = this.canvas
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = this.colours.page
    context.fillRect(0, 0, width, height)
    if (look.view === 'side') {
      const half = width / 2 - 2
      const top = (height - (half * HEIGHT) / WIDTH) / 2
      this.panel(context, 0, top, half, frame, look, 'truth')
      this.panel(context, half + 4, top, half, frame, look, 'prediction')
      this.label(context, 0, top, half, 'truth')
      this.label(context, half + 4, top, half, 'prediction')
    } else this.panel(context, 0, 0, width, frame, look, 'both')
  }

  private label(context: CanvasRenderingContext2D, x: number, y: number, width: number, text: string): void {
    const height = (width * HEIGHT) / WIDTH
    context.strokeStyle = this.colours.line
    context.lineWidth = 1
    context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1)
    context.fillStyle = this.colours.muted
    context.font = `${Math.max(12, this.canvas.width / 60)}px system-ui, sans-serif`
    context.fillText(text, x + 6, y - 6)
  }

  private panel(
    context: CanvasRenderingContext2D,
    x: number,
    y: number,
    width: number,
    frame: number,
    look: Look,
    what: 'truth' | 'prediction' | 'both',
  ): void {
    enter(context, x, y, width)
    drawStatics(context, this.scene, this.colours)
    const truth = this.places(this.track.truth, frame)
    const predicted = this.places(this.track.predicted, frame)
    drawJoints(context, this.scene, what === 'prediction' ? predicted : truth, this.colours)
    for (let back = look.onion; back > 0; back--) {
      if (frame - back < 0) continue
      context.globalAlpha = 0.08 + 0.3 * (1 - back / (look.onion + 1))
      if (what !== 'truth')
        this.outlines(context, this.places(this.track.predicted, frame - back), this.colours.a, look, 1.5)
      if (what !== 'prediction')
        this.outlines(context, this.places(this.track.truth, frame - back), this.colours.ink, look, 1)
    }
    context.globalAlpha = 1
    if (look.body !== null) this.path(context, look.body, frame)
    if (what !== 'truth') this.filled(context, predicted, frame, look)
    if (what === 'truth') this.filledTruth(context, truth, look)
    if (what === 'both') {
      this.outlines(context, truth, this.colours.ink, look, 1.8)
      this.misses(context, frame, look)
    }
    if (look.velocities)
      this.velocities(context, what === 'truth' ? this.track.truth : this.track.predicted, frame, look)
    context.restore()
  }

  private alpha(context: CanvasRenderingContext2D, body: number, look: Look): void {
    context.globalAlpha = look.body === null || look.body === body ? 1 : 0.15
  }

  private filled(context: CanvasRenderingContext2D, places: Places, frame: number, look: Look): void {
    context.lineWidth = 1.5
    this.scene.bodies.forEach((body, k) => {
      const [x, y, angle] = places(k)
      if (Number.isNaN(x)) return
      this.alpha(context, k, look)
      const error = this.track.byBody[frame * this.track.bodies + k] ?? 0
      context.fillStyle =
        look.view === 'error'
          ? mix(this.colours.bad, this.colours.aFill, Math.min(1, Math.log1p(error) / Math.log1p(WORST)))
          : this.colours.aFill
      context.strokeStyle = this.colours.a
      traceBody(context, body, x, y, angle)
      context.fill()
      context.stroke()
      drawSpoke(context, body, x, y, angle)
    })
    context.globalAlpha = 1
  }

  private filledTruth(context: CanvasRenderingContext2D, places: Places, look: Look): void {
    context.lineWidth = 1.8
    this.scene.bodies.forEach((body, k) => {
      const [x, y, angle] = places(k)
      this.alpha(context, k, look)
      context.fillStyle = this.colours.sunken
      context.strokeStyle = this.colours.ink
      traceBody(context, body, x, y, angle)
      context.fill()
      context.stroke()
      drawSpoke(context, body, x, y, angle)
    })
    context.globalAlpha = 1
  }

  private outlines(context: CanvasRenderingContext2D, places: Places, stroke: string, look: Look, width: number): void {
    context.strokeStyle = stroke
    context.lineWidth = width
    const alpha = context.globalAlpha
    this.scene.bodies.forEach((body, k) => {
      const [x, y, angle] = places(k)
      if (Number.isNaN(x)) return
      context.globalAlpha = look.body === null || look.body === k ? alpha : alpha * 0.15
      traceBody(context, body, x, y, angle)
      context.stroke()
    })
    context.globalAlpha = alpha
  }

  /** A line from each body to where it should be. */
  private misses(context: CanvasRenderingContext2D, frame: number, look: Look): void {
    context.strokeStyle = this.colours.b
    context.lineWidth = 2
    const truth = this.places(this.track.truth, frame)
    const predicted = this.places(this.track.predicted, frame)
    for (let k = 0; k < this.track.bodies; k++) {
      const [x, y] = predicted(k)
      const [tx, ty] = truth(k)
      if (Number.isNaN(x) || Math.hypot(tx - x, ty - y) < 1) continue
      this.alpha(context, k, look)
      context.beginPath()
      context.moveTo(x, y)
      context.lineTo(tx, ty)
      context.stroke()
    }
    context.globalAlpha = 1
  }

  private velocities(context: CanvasRenderingContext2D, of: Float32Array, frame: number, look: Look): void {
    context.strokeStyle = this.colours.muted
    context.lineWidth = 1.5
    for (let k = 0; k < this.track.bodies; k++) {
      const at = (frame * this.track.bodies + k) * KEPT
      this.alpha(context, k, look)
      context.beginPath()
      context.moveTo(of[at] as number, of[at + 1] as number)
      context.lineTo(
        (of[at] as number) + (of[at + 3] as number) * 0.1,
        (of[at + 1] as number) + (of[at + 4] as number) * 0.1,
      )
      context.stroke()
    }
    context.globalAlpha = 1
  }

  /** The way of one body up to this frame: predicted in its colour, true in ink. */
  private path(context: CanvasRenderingContext2D, body: number, frame: number): void {
    for (const [of, stroke] of [
      [this.track.truth, this.colours.ink],
      [this.track.predicted, this.colours.a],
    ] as const) {
      context.strokeStyle = stroke
      context.lineWidth = 1.5
      context.beginPath()
      for (let k = 0; k <= frame; k++) {
        const at = (k * this.track.bodies + body) * KEPT
        if (k) context.lineTo(of[at] as number, of[at + 1] as number)
        else context.moveTo(of[at] as number, of[at + 1] as number)
      }
      context.stroke()
    }
  }

  /** The body nearest to a point of the canvas element, given in shares of its width and height. */
  bodyAt(across: number, down: number, frame: number, view: View): number | null {
    let [x, y] = [across * WIDTH, (1 - down) * HEIGHT]
    if (view === 'side') {
      const half = across < 0.5 ? across * 2 : (across - 0.5) * 2
      ;[x, y] = [half * WIDTH, (1 - (down - 0.25) * 2) * HEIGHT]
    }
    let best: number | null = null
    let least = 40
    for (let k = 0; k < this.track.bodies; k++) {
      for (const of of [this.track.predicted, this.track.truth]) {
        const at = (frame * this.track.bodies + k) * KEPT
        const distance = Math.hypot((of[at] as number) - x, (of[at + 1] as number) - y)
        if (distance < least) [best, least] = [k, distance]
      }
    }
    return best
  }
}
