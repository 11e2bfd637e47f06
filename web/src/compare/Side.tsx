import type { ReactNode } from 'react'
import { useEndpoints } from '../api/queries'
import { titleOf } from './players'
import type { SideState } from './run'
import { SideStatus } from './SideStatus'

interface Props {
  letter: 'A' | 'B'
  side: SideState | null
  player: string
  maxTurns: number
  /** Whether this is the side that a phone shows. */
  front: boolean
  law: ReactNode
  detail: ReactNode
}

/** One player's region: on a wide screen its law stands above the charts and its details below them. */
export function Side({ letter, side, player, maxTurns, front, law, detail }: Props) {
  const { data: presets = [] } = useEndpoints()
  const small = letter === 'A' ? 'a' : 'b'
  const hidden = front ? '' : 'max-md:hidden'
  return (
    <section aria-label={`${letter}: ${titleOf(player, presets)}`} className="contents" data-testid={`side-${small}`}>
      <div
        className={`card min-w-0 border-t-4 px-3 pt-1.5 pb-2 ${hidden} ${letter === 'A' ? 'border-t-a' : 'border-t-b'}`}
        style={{ gridArea: `law${small}` }}
      >
        <div className="flex items-baseline justify-between gap-2 text-[14px]">
          <h2 className="truncate font-semibold">
            {letter} · <bdi>{titleOf(player, presets)}</bdi>
          </h2>
          <span className="whitespace-nowrap text-muted" data-testid={`status-${small}`}>
            {side && <SideStatus side={side} maxTurns={maxTurns} />}
          </span>
        </div>
        {law}
      </div>
      <div className={`min-w-0 ${hidden}`} style={{ gridArea: `detail${small}` }}>
        {detail}
      </div>
    </section>
  )
}
