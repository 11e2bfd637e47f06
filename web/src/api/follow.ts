import { reportGone } from './connectivity'
import { ApiError, readError } from './errors'
import { EventReader, type ServerEvent } from './events'

/** Seconds before the next try of a broken stream. */
const WAITS = [1, 2, 5, 10]
/** How often a hidden tab asks. */
const POLL_MS = 10_000

export interface Follower {
  stop(): void
}

export interface FollowOptions {
  /** The address of the stream, below the page's base. */
  url: string
  onEvent(event: ServerEvent): void
  /** Called while the tab is hidden; returns whether all has ended. */
  poll?: () => Promise<boolean>
  /** Whether the stream has ended for good, judged after each event. */
  ended(): boolean
  onError?(error: ApiError): void
}

/**
 * Follow a stream of events with one connection.
 *
 * Browsers allow six connections to a host, so a hidden tab gives its connection back and asks now and then instead.
 * A broken stream is resumed where it broke; events are applied by turn, so that a replay changes nothing.
 */
export function follow(options: FollowOptions): Follower {
  let stopped = false
  let controller: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: string | null = null
  let failures = 0

  function finish(): void {
    if (stopped) return
    stopped = true
    clearTimeout(timer)
    controller?.abort()
    document.removeEventListener('visibilitychange', turn)
  }

  async function open(): Promise<void> {
    const mine = new AbortController()
    controller = mine
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (last !== null) headers['Last-Event-ID'] = last
      const response = await fetch(new URL(options.url, document.baseURI), { headers, signal: mine.signal })
      if (!response.ok || !response.body) throw await readError(response)
      failures = 0
      const reader = new EventReader()
      const bytes = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await bytes.read()
        if (done) break
        for (const event of reader.push(value)) {
          if (event.id !== null) last = event.id
          options.onEvent(event)
        }
        if (options.ended()) return finish()
      }
      if (!stopped && !document.hidden) again()
    } catch (error) {
      if (stopped || mine.signal.aborted) return
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) {
        options.onError?.(error)
        return finish()
      }
      reportGone()
      again()
    }
  }

  function again(): void {
    const wait = WAITS[Math.min(failures, WAITS.length - 1)] ?? 10
    failures += 1
    timer = setTimeout(open, wait * 1000)
  }

  async function ask(): Promise<void> {
    try {
      if (await options.poll?.()) return finish()
    } catch {
      // The next time, or when the tab is shown.
    }
    if (!stopped && document.hidden) timer = setTimeout(ask, POLL_MS)
  }

  function turn(): void {
    clearTimeout(timer)
    controller?.abort()
    if (document.hidden) timer = setTimeout(ask, POLL_MS)
    else open()
  }

  document.addEventListener('visibilitychange', turn)
  if (document.hidden) timer = setTimeout(ask, 0)
  else open()
  return { stop: finish }
}
