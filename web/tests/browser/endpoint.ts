import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a scripted model does with a request: a text that is streamed, or something that goes wrong. */
export type Reply = string | { status: number } | 'silence' | 'cut' | { slow: string; ms: number }

/** An OpenAI-compatible endpoint whose models answer what a test gave them, one reply a turn, the last one for ever. */
export class FakeEndpoint {
  readonly models = new Map<string, Reply[]>()
  readonly keys: string[] = []
  private readonly turns = new Map<string, number>()
  private server: Server | null = null

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.answer(request, response))
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve))
    return this
  }

  get base(): string {
    const address = this.server?.address() as AddressInfo | null | undefined
    return `http://127.0.0.1:${address?.port ?? 0}/v1`
  }

  /** How the page's addresses name one of its models. */
  player(model: string): string {
    return `url:${this.base}|${model}`
  }

  script(model: string, ...replies: Reply[]): string {
    this.models.set(model, replies)
    this.turns.delete(model)
    return this.player(model)
  }

  stop(): void {
    this.server?.closeAllConnections()
    this.server?.close()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    try {
      for await (const piece of request) pieces.push(piece as Buffer)
    } catch {
      // Who hangs up in the middle of a request wants no answer.
      return
    }
    this.keys.push(request.headers.authorization ?? '')
    if (request.url?.endsWith('/models')) {
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({ object: 'list', data: [...this.models.keys()].map((id) => ({ id, object: 'model' })) }),
      )
      return
    }
    const body = JSON.parse(Buffer.concat(pieces).toString() || '{}') as {
      model?: string
      stream?: boolean
      max_tokens?: number
      max_completion_tokens?: number
    }
    const model = body.model ?? ''
    const replies = this.models.get(model)
    if (!replies) return this.refuse(response, 404)
    const turn = this.turns.get(model) ?? 0
    this.turns.set(model, turn + 1)
    const reply = replies[Math.min(turn, replies.length - 1)] as Reply
    if (reply === 'silence') return
    if (typeof reply === 'object' && 'status' in reply) return this.refuse(response, reply.status)
    if (reply === 'cut') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write(chunk('{"equation": "d2y/'))
      setTimeout(() => response.destroy(), 50)
      return
    }
    const most = body.max_tokens ?? body.max_completion_tokens ?? Number.POSITIVE_INFINITY
    const whole = typeof reply === 'string' ? reply : reply.slow
    // A token is about four letters; who asks for one token gets one.
    const text = whole.slice(0, 4 * most)
    const finish = text.length < whole.length ? 'length' : 'stop'
    if (!body.stream) {
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({
          id: 'x',
          object: 'chat.completion',
          created: 0,
          model,
          choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content: text } }],
        }),
      )
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const step = typeof reply === 'string' ? Math.max(8, Math.ceil(text.length / 20)) : 4
    for (let k = 0; k < text.length && !response.destroyed; k += step) {
      response.write(chunk(text.slice(k, k + step)))
      if (typeof reply !== 'string') await new Promise((resolve) => setTimeout(resolve, reply.ms))
    }
    response.end(`${chunk('', finish)}data: [DONE]\n\n`)
  }

  private refuse(response: ServerResponse, status: number): void {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '1' })
    response.end(JSON.stringify({ error: { message: `status ${status}`, type: 'x', code: null } }))
  }
}

function chunk(content: string, finish: string | null = null): string {
  const delta = content ? { content } : {}
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
}

/** An answer of `discover`. */
export function law(equation: string, params: Record<string, number> = {}, rationale = ''): string {
  return JSON.stringify({ equation, params, ...(rationale ? { rationale } : {}) })
}
