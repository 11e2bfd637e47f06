import type { ServerEvent } from '../api/events'
import type { Comparison, Episode, Status, Turn } from '../api/types'

/** Only so much of what a model is writing is drawn. */
export const TAIL = 4096

/** One side of a comparison while it is played, and after. */
export interface SideState {
  id: string
  player: string
  status: Status
  turns: Turn[]
  /** The number of the turn that is being played, 0 when none is. */
  playing: number
  /** The end of what the model has written in this turn. */
  tail: string
  note: string
  error: string | null
  code: string | null
}

export function emptySide(id: string, player: string, status: Status = 'running'): SideState {
  return { id, player, status, turns: [], playing: 0, tail: '', note: '', error: null, code: null }
}

export function sideOf(episode: Episode, player: string): SideState {
  return {
    ...emptySide(episode.id, player, episode.status),
    turns: [...episode.turns].sort((one, other) => one.number - other.number),
    error: episode.error,
    code: episode.code ?? null,
  }
}

/** Apply an event; turns are kept by number, so that an event that comes again changes nothing. */
export function applyEvent(side: SideState, event: ServerEvent): SideState {
  const data = event.data
  switch (event.name) {
    case 'turn_started': {
      const number = Number(data.number)
      if (side.turns.some((turn) => turn.number === number)) return side
      return { ...side, playing: number, tail: '', note: '' }
    }
    case 'token':
    case 'reasoning':
      return { ...side, tail: (side.tail + String(data.text ?? '')).slice(-TAIL) }
    case 'note':
      return { ...side, note: String(data.text ?? '') }
    case 'turn': {
      const turn = data as unknown as Turn
      const others = side.turns.filter((each) => each.number !== turn.number)
      const turns = [...others, turn].sort((one, other) => one.number - other.number)
      return { ...side, turns, playing: side.playing > turn.number ? side.playing : 0, tail: '', note: '' }
    }
    case 'end': {
      const status = String(data.status) as Status
      const error = data.error === null || data.error === undefined ? null : String(data.error)
      const code = data.code === null || data.code === undefined ? null : String(data.code)
      return { ...side, status, error, code, playing: 0, tail: '', note: '' }
    }
    default:
      return side
  }
}

export type Sides = [SideState, SideState]

/** Apply an event to the side that it names. */
export function applyToSides(sides: Sides, event: ServerEvent): Sides {
  const side = event.data.side === 1 ? 1 : 0
  const next = applyEvent(sides[side], event)
  if (next === sides[side]) return sides
  return side === 0 ? [next, sides[1]] : [sides[0], next]
}

/** Take what the history knows; what is being written stays. */
export function mergeRecorded(sides: Sides, recorded: Comparison): Sides {
  const merged = sides.map((side, number) => {
    const episode = recorded.episodes.find((each) => each.side === number)
    if (!episode) return side
    const fresh = sideOf(episode, side.player)
    return fresh.status === 'running' ? { ...fresh, playing: side.playing, tail: side.tail, note: side.note } : fresh
  })
  return merged as Sides
}

export function hasEnded(side: SideState): boolean {
  return side.status !== 'running'
}

export function matchOf(turn: Turn | undefined): number | null {
  return turn ? turn.verdict.match : null
}

/** The best turn: the highest match, the earlier one of two that are equal. */
export function bestTurn(turns: Turn[]): Turn | undefined {
  let best: Turn | undefined
  for (const turn of turns) if (!best || (matchOf(turn) ?? 0) > (matchOf(best) ?? 0)) best = turn
  return best
}

export function solvedIn(turns: Turn[]): number | null {
  return turns.find((turn) => turn.verdict.solved)?.number ?? null
}

/**
 * The turn that a side shows when the strip stands at `number`: that one, or its last where it has no more.
 *
 * Where nobody has moved the strip (null): the newest while the side plays, the best when it has ended.
 */
export function shownTurn(side: SideState, number: number | null): Turn | undefined {
  if (number === null) return hasEnded(side) ? bestTurn(side.turns) : side.turns.at(-1)
  return side.turns.find((turn) => turn.number === number) ?? side.turns.findLast((turn) => turn.number < number)
}

export interface Headline {
  match: number | null
  reward: number | null
  turns: [string, string]
}

/** A minus B, of the turns that are shown. */
export function headline(sides: Sides, shown: [Turn | undefined, Turn | undefined]): Headline {
  const [a, b] = shown
  return {
    match: a && b ? (matchOf(a) ?? 0) - (matchOf(b) ?? 0) : null,
    reward: a && b ? a.verdict.reward - b.verdict.reward : null,
    turns: sides.map((side) => solvedIn(side.turns)?.toString() ?? '–') as [string, string],
  }
}
