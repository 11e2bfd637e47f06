/** One server-sent event. */
export interface ServerEvent {
  name: string
  data: Record<string, unknown>
  id: string | null
}

/** Takes a stream of text in any pieces and returns the events that are complete. */
export class EventReader {
  private rest = ''

  push(piece: string): ServerEvent[] {
    // A line may end between two pieces: a carriage return waits for what follows it.
    const text = this.rest + piece
    const waits = text.endsWith('\r')
    this.rest = (waits ? text.slice(0, -1) : text).replace(/\r\n?/g, '\n')
    const events: ServerEvent[] = []
    for (let end = this.rest.indexOf('\n\n'); end >= 0; end = this.rest.indexOf('\n\n')) {
      const event = readBlock(this.rest.slice(0, end))
      if (event) events.push(event)
      this.rest = this.rest.slice(end + 2)
    }
    if (waits) this.rest += '\r'
    return events
  }
}

function readBlock(block: string): ServerEvent | null {
  let name = 'message'
  let id: string | null = null
  const data: string[] = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') name = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
  }
  if (!data.length) return null
  try {
    const parsed: unknown = JSON.parse(data.join('\n'))
    return parsed !== null && typeof parsed === 'object' ? { name, data: parsed as Record<string, unknown>, id } : null
  } catch {
    return null
  }
}
