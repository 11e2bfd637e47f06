import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { api, read } from '../api/http'
import { useSubjects } from '../api/queries'
import { Skeleton } from '../parts/Skeleton'
import { usePageTitle } from '../shell/usePageTitle'
import { Card } from './Card'
import { choose, type Filter, HELD, keepLawsShown, lawsShown, readFilter, writeFilter } from './filter'

const LEVEL = 2

/** All systems and scenarios, filtered by what stands in the address. */
export function ZooPage() {
  usePageTitle('Zoo')
  const [, navigate] = useLocation()
  const filter = readFilter(new URLSearchParams(useSearch()))
  const [laws, setLaws] = useState(lawsShown)
  const task = filter.kind === 'systems' ? 'discover' : 'predict'
  const { data: rows, error } = useSubjects(task)
  const curves = useQuery({
    queryKey: ['curves'],
    queryFn: () => read(api.GET('/api/subjects/discover/thumbnails')),
    enabled: task === 'discover',
    staleTime: Number.POSITIVE_INFINITY,
  })
  const scenes = useQuery({
    queryKey: ['scenes', LEVEL],
    queryFn: () => read(api.GET('/api/scenes/thumbnails', { params: { query: { level: LEVEL } } })),
    enabled: task === 'predict',
    staleTime: Number.POSITIVE_INFINITY,
  })
  const set = (change: Partial<Filter>) => {
    const query = writeFilter({ ...filter, ...change }).toString()
    navigate(`/zoo${query ? `?${query}` : ''}`, { replace: true })
  }
  const shown = rows ? choose(rows, filter) : []
  const unique = (values: (string | null)[]) =>
    [...new Set(values.filter((value): value is string => value !== null))].sort()
  const pick = (label: string, name: 'category' | 'tier' | 'held', values: string[]) => (
    <label className="field">
      {label}
      <select className="input" value={filter[name]} onChange={(event) => set({ [name]: event.target.value })}>
        <option value="">all</option>
        {values.filter(Boolean).map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  )

  return (
    <div className="grid gap-3">
      <h1 tabIndex={-1} className="text-xl font-semibold">
        Zoo
      </h1>
      <form aria-label="Filter" className="flex flex-wrap items-end gap-3" onSubmit={(event) => event.preventDefault()}>
        <fieldset className="flex rounded-lg border border-edge p-0.5">
          <legend className="visually-hidden">What to show</legend>
          {(['systems', 'scenarios'] as const).map((kind) => (
            <label
              key={kind}
              className="cursor-pointer rounded-md px-3 py-1 has-checked:bg-accent has-checked:text-on-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name="kind"
                className="sr-only"
                checked={filter.kind === kind}
                onChange={() => set({ kind, category: '', tier: '' })}
              />
              {kind}
            </label>
          ))}
        </fieldset>
        {pick('Category', 'category', unique((rows ?? []).map((row) => row.category)))}
        {task === 'discover' &&
          pick('Tier', 'tier', unique((rows ?? []).map((row) => (row.tier === null ? null : String(row.tier)))))}
        {pick('Split', 'held', HELD)}
        <label className="field">
          Text
          <input
            className="input w-44"
            type="search"
            value={filter.text}
            onChange={(event) => set({ text: event.target.value })}
          />
        </label>
        {task === 'discover' && (
          <button
            type="button"
            className="button"
            aria-pressed={laws}
            onClick={() => {
              setLaws(!laws)
              keepLawsShown(!laws)
            }}
          >
            {laws ? 'Cover laws' : 'Show laws'}
          </button>
        )}
        <p role="status" className="ml-auto self-center text-[14px] text-muted" data-testid="count">
          {rows ? `${shown.length} of ${rows.length} ${filter.kind}` : ''}
        </p>
      </form>
      {error && <p>{error.message}</p>}
      {!rows && !error && <Skeleton heights={[160, 160, 160]} />}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,15rem),1fr))] gap-3">
        {shown.map((row) => (
          <Card
            key={row.name}
            row={row}
            task={task}
            laws={laws}
            curve={curves.data?.systems[row.name]}
            scene={scenes.data?.scenes[row.name]}
            level={LEVEL}
          />
        ))}
      </ul>
      {rows && !shown.length && <p>Nothing in the zoo is like that.</p>}
    </div>
  )
}
