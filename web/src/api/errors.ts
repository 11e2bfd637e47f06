/** A refusal of the server: one sentence, a code that decides what the page offers, and when to try again. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** The server did not answer at all. */
export class ServerGone extends Error {
  constructor() {
    super('The server does not answer.')
    this.name = 'ServerGone'
  }
}

/** What a failed response says, or its status where it says nothing. */
export async function readError(response: Response): Promise<ApiError> {
  let detail = `The server answered with status ${response.status}.`
  let code = response.status === 429 ? 'busy' : response.status === 404 ? 'not_found' : 'invalid'
  try {
    const body: unknown = await response.json()
    if (body !== null && typeof body === 'object') {
      if ('detail' in body && typeof body.detail === 'string') detail = body.detail
      if ('code' in body && typeof body.code === 'string') code = body.code
    }
  } catch {
    // It is no JSON: the status has to do.
  }
  const wait = Number(response.headers.get('Retry-After'))
  return new ApiError(response.status, detail, code, Number.isFinite(wait) && wait > 0 ? wait : null)
}

export type Action = 'edit-key' | 'edit-model' | 'retry' | 'more-tokens' | 'connect' | null

/** The one thing to do about an error. */
export function actionFor(code: string | null | undefined): Action {
  switch (code) {
    case 'key_refused':
    case 'key_missing':
      return 'edit-key'
    case 'model_unknown':
    case 'model_forbidden':
      return 'edit-model'
    case 'unreachable':
    case 'bad_endpoint':
      return 'connect'
    case 'too_long':
      return 'more-tokens'
    case 'not_found':
    case 'invalid':
    case 'filtered':
      return null
    default:
      return 'retry'
  }
}

export const actionTitles: Record<Exclude<Action, null>, string> = {
  'edit-key': 'Change the key',
  'edit-model': 'Choose another model',
  connect: 'Change the address',
  retry: 'Run again',
  'more-tokens': 'Allow more tokens and run again',
}
