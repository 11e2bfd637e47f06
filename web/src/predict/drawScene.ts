import type { Body, Scene } from '../api/types'
import { colour, mix } from '../charts/colours'

export const WIDTH = 800
export const HEIGHT = 600

export interface Palette {
  page: string
  ink: string
  muted: string
  line: string
  sunken: string
  a: string
  aFill: string
  b: string
  bad: string
}

export function palette(): Palette {
  const [page, ink, muted, line, sunken, a, aFill, b, bad] = [
    'surface',
    'ink',
    'muted',
    'line',
    'sunken',
    'a',
    'a-fill',
    'b',
    'bad',
  ].map(colour) as [string, string, string, string, string, string, string, string, string]
  return { page, ink, muted, line, sunken, a, aFill, b, bad }
}

/** Put the scene's canvas, 800 x 600 with y upwards, onto a box of the page's. */
export function enter(context: CanvasRenderingContext2D, x: number, y: number, width: number): void {
  const scale = width / WIDTH
  context.save()
  context.beginPath()
  context.rect(x, y, width, HEIGHT * scale)
  context.clip()
  context.translate(x, y + HEIGHT * scale)
  context.scale(scale, -scale)
}

export function drawStatics(context: CanvasRenderingContext2D, scene: Scene, colours: Palette): void {
  context.lineCap = 'round'
  for (const field of scene.fields) {
    context.strokeStyle = colours.line
    context.lineWidth = 2
    if (field.kind === 'wind') {
      context.setLineDash([6, 6])
      context.strokeRect(field.left, field.bottom, field.right - field.left, field.top - field.bottom)
      context.setLineDash([])
    } else if (field.kind === 'attractor') {
      for (const radius of [10, 20, 32]) {
        context.beginPath()
        context.arc(field.x, field.y, radius, 0, 2 * Math.PI)
        context.stroke()
      }
    }
  }
  for (const part of scene.statics) {
    context.fillStyle = context.strokeStyle = colours.muted
    if (part.kind === 'segment') {
      context.lineWidth = Math.max(1.5, part.radius * 2)
      context.beginPath()
      context.moveTo(part.ax, part.ay)
      context.lineTo(part.bx, part.by)
      context.stroke()
    } else if (part.kind === 'peg') {
      context.beginPath()
      context.arc(part.x, part.y, part.radius, 0, 2 * Math.PI)
      context.fill()
    } else {
      tracePolygon(context, part.vertices)
      context.fill()
    }
  }
}

function tracePolygon(context: CanvasRenderingContext2D, vertices: number[][]): void {
  context.beginPath()
  for (const [k, point] of vertices.entries()) {
    if (k) context.lineTo(point[0] as number, point[1] as number)
    else context.moveTo(point[0] as number, point[1] as number)
  }
  context.closePath()
}

/** The outline of a body at a place, as the context's path. */
export function traceBody(context: CanvasRenderingContext2D, body: Body, x: number, y: number, angle: number): void {
  const shape = body.shape
  if (shape.kind === 'circle') {
    context.beginPath()
    context.arc(x, y, shape.radius, 0, 2 * Math.PI)
    return
  }
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const corners =
    shape.kind === 'box'
      ? [
          [-shape.width / 2, -shape.height / 2],
          [shape.width / 2, -shape.height / 2],
          [shape.width / 2, shape.height / 2],
          [-shape.width / 2, shape.height / 2],
        ]
      : shape.vertices
  tracePolygon(
    context,
    corners.map(([dx = 0, dy = 0]) => [x + cos * dx - sin * dy, y + sin * dx + cos * dy]),
  )
}

/** A radius that shows how a disc is turned. */
export function drawSpoke(context: CanvasRenderingContext2D, body: Body, x: number, y: number, angle: number): void {
  if (body.shape.kind !== 'circle' || body.shape.radius < 6) return
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(x + Math.cos(angle) * body.shape.radius, y + Math.sin(angle) * body.shape.radius)
  context.stroke()
}

/** Where each body is: x, y, angle of body k from `at(k)`. */
export type Places = (body: number) => readonly [number, number, number]

export function drawJoints(context: CanvasRenderingContext2D, scene: Scene, places: Places, colours: Palette): void {
  context.strokeStyle = colours.line
  context.lineWidth = 2
  for (const joint of scene.joints) {
    if (joint.kind === 'motor') continue
    const ends = [
      [joint.a, joint.anchor_a],
      [joint.b, joint.anchor_b],
    ] as const
    const [from, to] = ends.map(([body, anchor]) => {
      const [dx = 0, dy = 0] = anchor
      if (body < 0) return [dx, dy]
      const [x, y, angle] = places(body)
      return [x + Math.cos(angle) * dx - Math.sin(angle) * dy, y + Math.sin(angle) * dx + Math.cos(angle) * dy]
    }) as [number[], number[]]
    context.setLineDash(joint.kind === 'spring' ? [4, 4] : joint.kind === 'slide' ? [10, 4] : [])
    context.beginPath()
    context.moveTo(from[0] as number, from[1] as number)
    context.lineTo(to[0] as number, to[1] as number)
    context.stroke()
    context.setLineDash([])
    if (joint.kind === 'pivot') {
      context.beginPath()
      context.arc(to[0] as number, to[1] as number, 3, 0, 2 * Math.PI)
      context.stroke()
    }
  }
}

/** A scene at rest or at one of its frames, as small pictures show it. */
export function drawStill(canvas: HTMLCanvasElement, scene: Scene, width: number, places: Places): void {
  const ratio = Math.min(devicePixelRatio || 1, 2)
  const height = (width * HEIGHT) / WIDTH
  if (canvas.width !== Math.round(width * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const context = canvas.getContext('2d')
  if (!context) return
  const colours = palette()
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.fillStyle = colours.page
  context.fillRect(0, 0, width, height)
  enter(context, 0, 0, width)
  drawStatics(context, scene, colours)
  drawJoints(context, scene, places, colours)
  context.lineWidth = 2
  scene.bodies.forEach((body, k) => {
    const [x, y, angle] = places(k)
    traceBody(context, body, x, y, angle)
    context.fillStyle = body.kinematic ? mix(colours.b, colours.page, 0.5) : colours.aFill
    context.strokeStyle = body.kinematic ? colours.b : colours.a
    context.fill()
    context.stroke()
    drawSpoke(context, body, x, y, angle)
  })
  context.restore()
}

/** The places in which a scene begins. */
export function startPlaces(scene: Scene): Places {
  return (k) => {
    const body = scene.bodies[k] as Body
    return [body.x, body.y, body.angle]
  }
}
