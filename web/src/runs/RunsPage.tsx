import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { api, read } from '../api/http'
import { useServer } from '../api/queries'
import { short } from '../charts/measure'
import { Skeleton } from '../parts/Skeleton'
import { usePageTitle } from '../shell/usePageTitle'
import { differences, namesOf, seriesOf } from './series'
import { useMetrics } from './useMetrics'

const MetricChart = lazy(() => import('./MetricChart').then((module) => ({ default: module.MetricChart })))
const MOST = 4
const COLOURS = ['a', 'b', 'good', 'whatif']

/** Training runs of this server: their options and their curves, as they grow. */
export function RunsPage() {
  usePageTitle('Runs')
  const [, navigate] = useLocation()
  const query = new URLSearchParams(useSearch())
  const { data: server } = useServer()
  const [window, setWindow] = useState(10)
  const [log, setLog] = useState(false)
  const { data, error } = useQuery({
    queryKey: ['runs'],
    queryFn: () => read(api.GET('/api/runs')),
    refetchInterval: 5000,
    enabled: server?.features.runs !== false,
  })
  const runs = data?.runs ?? []
  const asked = query.getAll('run')
  const chosen = (asked.length ? runs.filter((run) => asked.includes(run.name)) : runs.slice(0, 1)).slice(0, MOST)
  const lines = useMetrics(chosen.map((run) => run.name))
  const names = useMemo(() => [...new Set(Object.values(lines).flatMap(namesOf))], [lines])
  const key = chosen.map((run) => run.name).join('\n')
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` names the chosen runs
  const charts = useMemo(
    () =>
      names.map((name) => ({
        name,
        runs: chosen.map((run, k) => ({
          name: run.name,
          colour: COLOURS[k] as string,
          series: seriesOf(lines[run.name] ?? [], name),
        })),
      })),
    [names, lines, key],
  )
  const differing = differences(chosen.map((run) => run.options))

  function choose(name: string, on: boolean) {
    const now = chosen.map((run) => run.name).filter((each) => each !== name)
    const next = new URLSearchParams((on ? [...now, name] : now).slice(-MOST).map((each) => ['run', each]))
    navigate(`/runs?${next}`, { replace: true })
  }

  return (
    <div className="grid gap-3">
      <h1 tabIndex={-1} className="text-xl font-semibold">
        Runs
      </h1>
      {server?.features.runs === false && <p>This server shows no training runs.</p>}
      {error && <p>{error.message}</p>}
      {!data && !error && server?.features.runs !== false && <Skeleton heights={[100, 300]} />}
      {data && !runs.length && (
        <div className="card grid gap-2 p-4">
          <p>There is no run yet. This makes one, and it appears here while it trains:</p>
          <pre className="raw rounded bg-sunken p-2">
            gedanken train sft --model smollm2 --output-dir runs/sft --with rows=4
          </pre>
        </div>
      )}
      {runs.length > 0 && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
          <section className="max-h-64 overflow-auto" tabIndex={0} aria-label="Run folders">
            <table className="table w-full">
              <thead>
                <tr>
                  <th scope="col">run</th>
                  <th scope="col">kind</th>
                  <th scope="col">model</th>
                  <th scope="col">step</th>
                  <th scope="col">last reward</th>
                  <th scope="col">state</th>
                </tr>
              </thead>
              <tbody>
                {runs.map((run) => {
                  const place = chosen.findIndex((each) => each.name === run.name)
                  return (
                    <tr key={run.name}>
                      <th scope="row">
                        <label className="flex min-h-6 items-center gap-2">
                          <input
                            type="checkbox"
                            className="size-4"
                            checked={place >= 0}
                            onChange={(event) => choose(run.name, event.target.checked)}
                          />
                          {place >= 0 && (
                            <span
                              aria-hidden="true"
                              className="inline-block h-1 w-5"
                              style={{ background: `var(--${COLOURS[place]})` }}
                            />
                          )}
                          {run.name}
                        </label>
                      </th>
                      <td>{run.kind}</td>
                      <td>{run.model}</td>
                      <td>{run.step ?? '–'}</td>
                      <td>{run.reward === null ? '–' : short(run.reward)}</td>
                      <td>{run.state}</td>
                    </tr>
                  )
                })}
              </tbody>
            </table>
          </section>
          <div className="flex flex-wrap items-center gap-4 text-[14px]">
            <label className="flex items-center gap-2">
              running mean of
              <input
                type="range"
                min={1}
                max={100}
                value={window}
                aria-valuetext={`${window} lines`}
                className="h-6 w-40 accent-(--accent)"
                onChange={(event) => setWindow(Number(event.target.value))}
              />
              {window} lines
            </label>
            <label className="flex min-h-6 items-center gap-2">
              <input
                type="checkbox"
                className="size-4"
                checked={log}
                onChange={(event) => setLog(event.target.checked)}
              />
              logarithmic
            </label>
          </div>
          <Suspense fallback={<Skeleton heights={[300]} />}>
            <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,20rem),1fr))] gap-4">
              {charts.map((chart) => (
                <MetricChart key={chart.name} name={chart.name} runs={chart.runs} window={window} log={log} />
              ))}
            </div>
          </Suspense>
          {chosen.length > 1 && (
            <section className="overflow-x-auto" aria-label="Options in which they differ">
              <h2 className="font-semibold">Options in which they differ</h2>
              {differing.length ? (
                <table className="table">
                  <thead>
                    <tr>
                      <th scope="col">option</th>
                      {chosen.map((run) => (
                        <th key={run.name} scope="col">
                          {run.name}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {differing.map(([name, values]) => (
                      <tr key={name}>
                        <th scope="row" className="font-mono text-[13px] font-normal">
                          {name}
                        </th>
                        {values.map((value, k) => (
                          <td key={chosen[k]?.name} className="font-mono text-[13px]">
                            {value}
                          </td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
              ) : (
                <p>In none.</p>
              )}
            </section>
          )}
        </>
      )}
    </div>
  )
}
