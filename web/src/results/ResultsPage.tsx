import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../api/http'
import type { ResultTable } from '../api/types'
import { CopyButton } from '../parts/CopyButton'
import { Skeleton } from '../parts/Skeleton'
import { usePageTitle } from '../shell/usePageTitle'
import { axisOf, sortRows } from './measures'
import { SubjectHeat } from './SubjectHeat'
import { Whisker } from './Whisker'

/** The benchmark tables that come with the package. */
export function ResultsPage() {
  usePageTitle('Results')
  const [text, setText] = useState('')
  const { data, error } = useQuery({
    queryKey: ['results'],
    queryFn: () => read(api.GET('/api/results')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const wanted = text.trim().toLowerCase()
  const tables = (data?.tables ?? []).flatMap((table) => {
    const whole = `${table.title} ${table.task} ${table.name}`.toLowerCase().includes(wanted)
    const rows = whole ? table.rows : table.rows.filter((row) => row.player.toLowerCase().includes(wanted))
    return rows.length ? [{ ...table, rows }] : []
  })
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-2">
        <h1 tabIndex={-1} className="text-xl font-semibold">
          Results
        </h1>
        <p className="text-[14px] text-muted">
          Frozen suites, with 95 % intervals, and the command that gives each table again. What visitors play never
          enters.
        </p>
        <input
          className="input ml-auto"
          type="search"
          aria-label="Filter"
          placeholder="Filter by suite or player"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {error && <p>{error.message}</p>}
      {!data && !error && <Skeleton heights={[200, 200]} />}
      {tables.map((table) => (
        <Table key={table.name} table={table} />
      ))}
      {data && !tables.length && <p>No table is like that.</p>}
    </div>
  )
}

function Table({ table }: { table: ResultTable }) {
  const measures = Object.keys(table.measures)
  const [by, setBy] = useState<string | null>(null)
  const [ascending, setAscending] = useState(false)
  const rows = by ? sortRows(table.rows, by, ascending) : table.rows
  return (
    <section aria-label={table.title} className="card grid gap-2 p-3">
      <h2 className="text-[17px] font-semibold">{table.title}</h2>
      <p className="max-w-prose text-[14px]">{table.about}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
      <section className="overflow-x-auto" tabIndex={0} aria-label={`${table.title}, table`}>
        <table className="table w-full">
          <thead>
            <tr>
              <th scope="col">player</th>
              {measures.map((measure) => (
                <th
                  key={measure}
                  scope="col"
                  aria-sort={by === measure ? (ascending ? 'ascending' : 'descending') : 'none'}
                >
                  <button
                    type="button"
                    className="min-h-6 cursor-pointer font-semibold hover:underline"
                    title={table.measures[measure]}
                    onClick={() => {
                      setAscending(by === measure ? !ascending : false)
                      setBy(measure)
                    }}
                  >
                    {measure.replaceAll('_', ' ')}
                    <span aria-hidden="true">{by === measure ? (ascending ? ' ▲' : ' ▼') : ''}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.player} ${row.source}`}>
                <th scope="row">
                  {row.player}
                  {row.printed && <span className="badge ml-2">printed, not re-run</span>}
                  {row.source && <div className="text-[12.5px] font-normal text-muted">{row.source}</div>}
                </th>
                {measures.map((measure) => (
                  <td key={measure}>
                    <Whisker measure={row.measures[measure]} axis={axisOf(table.rows, measure)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <dl className="text-[13px] text-muted">
        {measures.map((measure) => (
          <div key={measure}>
            <dt className="inline font-semibold">{measure.replaceAll('_', ' ')}: </dt>
            <dd className="inline">{table.measures[measure]}</dd>
          </div>
        ))}
      </dl>
      {measures[0] && <SubjectHeat table={table} measure={by ?? measures[0]} />}
      <p className="flex flex-wrap items-center gap-2 text-[13px] text-muted">
        <code className="font-mono">{table.command}</code>
        <CopyButton text={() => table.command}>Copy</CopyButton>
        <span>
          {[table.date, table.version && `gedanken ${table.version}`, table.machine].filter(Boolean).join(', ')}
        </span>
      </p>
    </section>
  )
}
