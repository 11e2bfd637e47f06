import createClient from 'openapi-fetch'
import { reportGone } from './connectivity'
import { readError, ServerGone } from './errors'
import type { paths } from './schema'

/** A fetch whose every failure is an `ApiError` or `ServerGone`; an aborted one stays what it is. */
async function reach(request: Request): Promise<Response> {
  let response: Response
  try {
    response = await fetch(request)
  } catch (error) {
    if (error instanceof DOMException) throw error
    reportGone()
    throw new ServerGone()
  }
  if (!response.ok) throw await readError(response)
  return response
}

const root = new URL('.', document.baseURI).href.replace(/\/$/, '')

/** The API by its generated types. */
export const api = createClient<paths>({ baseUrl: root, fetch: reach })

/** The data of an answer; `reach` has thrown where there is none. */
export async function read<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}

/** The address of a path of the API, for links and uploads. */
export function endpoint(path: string): URL {
  return new URL(path, document.baseURI)
}

/** Send a file as it is. */
export async function upload<T>(path: string, file: Blob): Promise<T> {
  const headers = { 'Content-Type': 'application/octet-stream' }
  const response = await reach(new Request(endpoint(path), { method: 'POST', headers, body: file }))
  return response.json() as Promise<T>
}
