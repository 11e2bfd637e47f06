import { type KeyboardEvent, useRef } from 'react'
import type { Turn } from '../api/types'
import { matchOf, type SideState } from './run'

interface Props {
  sides: { label: string; side: SideState }[]
  shown: number | null
  onShow(number: number): void
}

function kindOf(turn: Turn): 'solved' | 'scored' | 'refused' {
  if (turn.verdict.solved) return 'solved'
  return turn.verdict.error === null ? 'scored' : 'refused'
}

const SHAPES = {
  solved: 'rounded-full border-2',
  scored: 'rounded-full',
  refused: 'rounded-none border-dashed line-through',
}

/** A button for every turn: its colour is the match, its shape whether it was solved, scored or refused. */
export function TurnStrip({ sides, shown, onShow }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const last = Math.max(0, ...sides.flatMap(({ side }) => side.turns.map((turn) => turn.number)))
  if (!last) return null
  const now = shown ?? last

  function keys(event: KeyboardEvent) {
    const target: Record<string, number> = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 1, End: last }
    const next = target[event.key]
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    const number = Math.max(1, Math.min(last, next))
    onShow(number)
    const row = (event.target as Element).closest('[data-row]')
    const button =
      row?.querySelector<HTMLElement>(`[data-turn="${number}"]`) ??
      box.current?.querySelector<HTMLElement>(`[data-turn="${number}"]`)
    button?.focus()
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons with arrow keys, no fields
    <div
      ref={box}
      role="group"
      aria-label="Turns"
      className="flex flex-wrap items-center gap-x-6 gap-y-1 text-[13px]"
      onKeyDown={keys}
    >
      {sides.map(({ label, side }) => (
        <div key={label} data-row={label} className="flex flex-wrap items-center gap-1">
          <span className="mr-1 text-muted">turns {label}</span>
          {side.turns.map((turn) => {
            const kind = kindOf(turn)
            const match = matchOf(turn) ?? 0
            return (
              <button
                key={turn.number}
                type="button"
                data-turn={turn.number}
                aria-pressed={turn.number === now}
                aria-label={`${label}, turn ${turn.number}, ${kind}, match ${match.toFixed(2)}`}
                title={`${kind}, match ${match.toFixed(3)}`}
                onClick={() => onShow(turn.number)}
                className={`size-7 cursor-pointer border border-edge text-[13px] aria-pressed:outline-2 aria-pressed:outline-offset-2 aria-pressed:outline-accent pointer-coarse:size-11 ${SHAPES[kind]}`}
                style={{
                  background: `color-mix(in srgb, var(--${match > 0.5 ? 'good' : 'warn'}) ${Math.round(Math.abs(match - 0.5) * 70)}%, var(--surface))`,
                }}
              >
                {turn.number}
                {kind === 'solved' ? <span aria-hidden="true">*</span> : null}
              </button>
            )
          })}
          {side.playing > 0 && <span className="text-muted">({side.playing}…)</span>}
          {!side.turns.length && !side.playing && <span className="text-muted">none</span>}
        </div>
      ))}
      <span className="text-muted max-sm:hidden" aria-hidden="true">
        ← → to scrub
      </span>
    </div>
  )
}
