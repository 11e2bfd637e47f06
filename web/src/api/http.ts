import { reportGone } from './connectivity'
import { readError, ServerGone } from './errors'

export function endpoint(path: string): URL {
  return new URL(path, document.baseURI)
}

async function call(path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(endpoint(path), init)
  } catch (error) {
    if (error instanceof DOMException) throw error
    reportGone()
    throw new ServerGone()
  }
  if (!response.ok) throw await readError(response)
  return response
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call(path, signal ? { signal } : {})).json() as Promise<T>
}

export async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: { 'Content-Type': 'application/json' } }
  init.body = JSON.stringify(body ?? {})
  if (signal) init.signal = signal
  const response = await call(path, init)
  return response.status === 204 ? (undefined as T) : (response.json() as Promise<T>)
}

export const post = <T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> =>
  send<T>('POST', path, body, signal)
