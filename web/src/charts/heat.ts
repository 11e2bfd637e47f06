import { colour, mix } from './colours'
import { cellEdges, type Values } from './measure'

export const ROW = 9
const GAP = 2

export interface HeatRow {
  label: string
  t: number[]
  residual: Values
}

export function heatHeight(rows: number): number {
  return rows * (ROW + GAP)
}

/** Residual strips under a chart: violet where a law is too low, green where too high, hatched without data. */
export function drawHeat(
  canvas: HTMLCanvasElement,
  rows: HeatRow[],
  width: number,
  [left, right]: [number, number],
  [from, to]: [number, number],
): void {
  const ratio = Math.min(devicePixelRatio || 1, 2)
  const height = heatHeight(rows.length)
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')
  if (!context) return
  context.scale(ratio, ratio)
  const page = colour('surface')
  const [low, high, hatch, ink, line] = ['low', 'high', 'hatch', 'muted', 'line'].map(colour) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const inner = Math.max(1, width - left - right)
  const place = (t: number) => left + ((t - from) / (to - from || 1)) * inner
  context.font = '10px system-ui, sans-serif'
  context.textBaseline = 'middle'
  rows.forEach((row, number) => {
    const top = number * (ROW + GAP) + GAP / 2
    context.fillStyle = ink
    context.textAlign = 'right'
    context.fillText(row.label, left - 6, top + ROW / 2 + 0.5)
    context.save()
    context.beginPath()
    context.rect(left, top, inner, ROW)
    context.clip()
    const edges = cellEdges(row.t)
    row.residual.forEach((value, k) => {
      const x = place(edges[k] as number)
      const w = place(edges[k + 1] as number) - x
      if (value === null) {
        hatchCell(context, x, top, w, hatch)
        return
      }
      context.fillStyle = mix(value < 0 ? low : high, page, Math.min(1, Math.abs(value) / 2))
      context.fillRect(x, top, Math.ceil(w + 0.5), ROW)
    })
    context.restore()
    context.strokeStyle = line
    context.strokeRect(left + 0.5, top + 0.5, inner - 1, ROW - 1)
  })
}

function hatchCell(context: CanvasRenderingContext2D, x: number, y: number, w: number, stroke: string): void {
  context.save()
  context.beginPath()
  context.rect(x, y, w, ROW)
  context.clip()
  context.strokeStyle = stroke
  context.beginPath()
  for (let step = Math.floor(x / 4) * 4 - ROW; step < x + w; step += 4) {
    context.moveTo(step, y + ROW)
    context.lineTo(step + ROW, y)
  }
  context.stroke()
  context.restore()
}
