import type { Endpoint, PlayerRequest } from '../api/types'
import { findKey, normalise } from '../connect/keys'

/** A player as an address names it. */
export type PlayerName =
  | { kind: 'you' }
  | { kind: 'builtin'; name: string }
  | { kind: 'local'; name: string }
  | { kind: 'endpoint'; endpoint: string; model: string }

export type Preset = Endpoint

export function readPlayer(text: string): PlayerName {
  if (text === 'you') return { kind: 'you' }
  if (text.startsWith('local:')) return { kind: 'local', name: text.slice(6) }
  if (text.startsWith('url:')) {
    const [endpoint = '', model = ''] = text.slice(4).split('|')
    return { kind: 'endpoint', endpoint: normalise(endpoint), model }
  }
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'builtin', name: text }
  return { kind: 'endpoint', endpoint: text.slice(0, colon), model: text.slice(colon + 1) }
}

/** The address's name of a model behind an endpoint. */
export function nameEndpoint(endpoint: string, model: string, presets: Preset[]): string {
  const preset = presets.find((each) => each.name === endpoint || normalise(each.base_url) === normalise(endpoint))
  return preset ? `${preset.name}:${model}` : `url:${normalise(endpoint)}|${model}`
}

/** How a player is called on the page. */
export function titleOf(text: string, presets: Preset[] = []): string {
  const player = readPlayer(text)
  if (player.kind === 'you') return 'You'
  if (player.kind === 'builtin') return player.name
  if (player.kind === 'local') return `local: ${player.name}`
  const preset = presets.find((each) => each.name === player.endpoint)
  return preset ? `${preset.title}: ${player.model}` : player.model
}

/** The base URL that a player's key belongs to. */
export function baseUrlOf(player: PlayerName, presets: Preset[]): string | null {
  if (player.kind !== 'endpoint') return null
  return presets.find((each) => each.name === player.endpoint)?.base_url ?? player.endpoint
}

/** What starts this player; the only place where a key leaves the storage. */
export function requestOf(text: string, presets: Preset[], maxTokens?: number): PlayerRequest {
  const player = readPlayer(text)
  if (player.kind === 'you') return { name: 'you' }
  if (player.kind === 'builtin') return { name: player.name }
  if (player.kind === 'local') return { name: `local:${player.name}` }
  const request: PlayerRequest = { endpoint: player.endpoint, model: player.model }
  const key = findKey(baseUrlOf(player, presets) ?? player.endpoint)?.key
  if (key) request.api_key = key
  if (maxTokens) request.max_tokens = maxTokens
  return request
}

/** The address's name of a player that the server recorded. */
export function nameOf(request: { name?: string | null; endpoint?: string | null; model?: string | null }): string {
  if (request.name) return request.name
  const endpoint = request.endpoint ?? ''
  return endpoint.includes('/') ? `url:${endpoint}|${request.model ?? ''}` : `${endpoint}:${request.model ?? ''}`
}
