import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Link } from 'wouter'
import { api, read } from '../api/http'
import { useEndpoints } from '../api/queries'
import type { EpisodeRow } from '../api/types'
import { nameOf, titleOf } from './players'
import { settingsOf, writeSettings } from './settings'

function age(seconds: number): string {
  const past = Date.now() / 1000 - seconds
  if (past < 90) return 'now'
  if (past < 5400) return `${Math.round(past / 60)} min`
  if (past < 129_600) return `${Math.round(past / 3600)} h`
  return `${Math.round(past / 86_400)} d`
}

/** Past comparisons: which system, who played, how well; to open or to run again. */
export function HistoryDrawer() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  const [filter, setFilter] = useState('')
  const { data: presets = [] } = useEndpoints()
  const { data: rows = [], error } = useQuery({
    queryKey: ['history'],
    queryFn: () => read(api.GET('/api/comparisons', { params: { query: { limit: 100 } } })),
    enabled: open,
    staleTime: 0,
  })
  const title = (row: EpisodeRow) => titleOf(nameOf(row.player), presets)
  const words = (row: (typeof rows)[number]) =>
    `${row.problem.subject} ${row.problem.index} ${row.episodes.map(title).join(' ')}`
  const shown = rows.filter(
    (row) => row.problem.task === 'discover' && words(row).toLowerCase().includes(filter.trim().toLowerCase()),
  )
  const close = () => dialog.current?.close()

  return (
    <>
      <button
        type="button"
        className="button"
        onClick={() => {
          setOpen(true)
          dialog.current?.showModal()
        }}
      >
        History
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="history-title"
        className="mr-0 h-dvh max-h-none w-[min(30rem,100vw)] border-l border-line bg-surface p-4"
        onClose={() => setOpen(false)}
      >
        <div className="mb-2 flex items-center justify-between">
          <h2 id="history-title" className="text-lg font-semibold">
            History
          </h2>
          <button type="button" className="button small quiet" onClick={close} aria-label="Close">
            ✕
          </button>
        </div>
        <input
          className="input mb-3 w-full"
          type="search"
          aria-label="Filter"
          placeholder="Filter by system or player"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        {error && <p>{error.message}</p>}
        {open && !shown.length && !error && <p className="text-muted">Nothing was played yet.</p>}
        <ul className="grid gap-2">
          {shown.map((row) => {
            const players = row.episodes.map((each) => nameOf(each.player))
            const again = {
              ...settingsOf(row.problem),
              turns: row.episodes[0]?.max_turns ?? 8,
              a: players[0] ?? 'sparse',
              b: players[1] ?? 'you',
            }
            return (
              <li key={row.id} className="card p-2 text-[14px]">
                <div className="flex justify-between gap-2">
                  <Link href={`/c/${row.id}`} onClick={close} className="font-semibold">
                    {row.problem.subject.replaceAll('_', ' ')}, seed {row.problem.index}
                  </Link>
                  <span className="text-muted">{age(row.created)}</span>
                </div>
                <ul className="my-1">
                  {row.episodes.map((each, k) => (
                    <li key={each.id} className="flex justify-between gap-2">
                      <span className="truncate">
                        {'AB'[k]} <bdi>{title(each)}</bdi>
                      </span>
                      <span className="whitespace-nowrap text-muted">
                        {each.best_match === null ? '–' : each.best_match.toFixed(2)},{' '}
                        {each.solved_in
                          ? `solved in ${each.solved_in}`
                          : each.status === 'finished'
                            ? `${each.played} turns`
                            : each.status}
                      </span>
                    </li>
                  ))}
                </ul>
                <Link href={`/?${writeSettings(again)}`} onClick={close}>
                  Run again
                </Link>
              </li>
            )
          })}
        </ul>
      </dialog>
    </>
  )
}
