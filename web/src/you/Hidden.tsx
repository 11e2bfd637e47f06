import { hasEnded, type SideState } from '../compare/run'

/** In place of an opponent's laws while a person still plays. */
export function Hidden({ side, onPeek }: { side: SideState; onPeek(): void }) {
  return (
    <div className="grid min-h-28 place-items-center gap-2 text-center text-[14px] text-muted" data-testid="hidden">
      <p>{hasEnded(side) ? 'Has ended.' : 'Is playing.'} Its laws and scores are covered until you are done.</p>
      <button type="button" className="button small" onClick={onPeek}>
        Peek
      </button>
    </div>
  )
}
