import { colour } from '../charts/colours'

export interface FigureText {
  title: string
  lines: string[]
  footer: string
}

/** A picture of the charts with law, player, seed and version in its margin. */
export async function drawFigure(stack: Element, text: FigureText): Promise<Blob> {
  const canvases = [...stack.querySelectorAll('canvas')].filter((canvas) => canvas.width > 0)
  const width = Math.max(640, ...canvases.map((canvas) => canvas.clientWidth))
  const ratio = 2
  const line = 20
  const top = 34 + text.lines.length * line
  const names = [...stack.querySelectorAll<HTMLElement>('[data-column]')].map((node) => node.dataset.column ?? '')
  const height = top + canvases.reduce((sum, canvas) => sum + canvas.clientHeight + 6, 0) + names.length * line + 30
  const out = document.createElement('canvas')
  out.width = (width + 32) * ratio
  out.height = height * ratio
  const context = out.getContext('2d')
  if (!context) throw new Error('This browser draws no canvas.')
  context.scale(ratio, ratio)
  context.fillStyle = colour('surface')
  context.fillRect(0, 0, width + 32, height)
  context.fillStyle = colour('ink')
  context.font = '600 16px system-ui, sans-serif'
  context.fillText(text.title, 16, 24)
  context.font = '13px system-ui, sans-serif'
  text.lines.forEach((each, k) => {
    context.fillText(each, 16, 24 + (k + 1) * line)
  })
  let y = top
  let column = 0
  for (const canvas of canvases) {
    if (canvas.closest('[data-column]')) {
      context.fillStyle = colour('ink')
      context.fillText(names[column] ?? '', 16, y + 13)
      column += 1
      y += line
    }
    context.drawImage(canvas, 16, y, canvas.clientWidth, canvas.clientHeight)
    y += canvas.clientHeight + 6
  }
  context.fillStyle = colour('muted')
  context.font = '11px system-ui, sans-serif'
  context.fillText(text.footer, 16, height - 10)
  return new Promise((resolve, reject) => {
    out.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The figure could not be drawn.'))), 'image/png')
  })
}
