import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { api, read } from '../api/http'
import type { Discovery, Report } from '../api/types'
import type { ChartSide } from '../charts/stack'
import { Formula } from '../parts/Formula'
import { LawSliders } from '../parts/LawSliders'
import { Skeleton } from '../parts/Skeleton'
import { useSimulation } from '../parts/useSimulation'
import { Alternatives } from './Alternatives'
import { Ladder } from './Ladder'
import { Outcome } from './Outcome'
import { showReport, withInterval } from './series'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))

interface Props {
  id: string
  discovery: Discovery
  report: Report
}

/** The law with its intervals, its fit, what fits as well, and what the data cannot tell. */
export function ReportView({ id, discovery, report }: Props) {
  const [lit, setLit] = useState<string | null>(null)
  const [slid, setSlid] = useState<Record<string, number> | null>(null)
  const [chosen, setChosen] = useState<number | null>(null)
  const { simulation, ask, clear } = useSimulation()
  const { shown, drawing } = useMemo(() => showReport(report), [report])
  const start = useMemo(() => Object.fromEntries(report.params.map((each) => [each.name, each.value])), [report])
  const { data: alternative } = useQuery({
    queryKey: ['alternative', id, chosen],
    queryFn: () =>
      read(
        api.GET('/api/discoveries/{discovery}/alternatives/{number}', {
          params: { path: { discovery: id, number: chosen ?? 0 } },
        }),
      ),
    enabled: chosen !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })

  function slide(values: Record<string, number>) {
    setSlid(values)
    const request = discovery.request as { dataset?: string; example?: string }
    ask({
      ...(request.dataset ? { dataset: request.dataset } : { example: request.example ?? '' }),
      equation: report.equation ?? '',
      params: values,
    })
  }

  const sides = useMemo(() => {
    const list: ChartSide[] = report.equation === null ? [] : [{ label: 'law', colour: 'a', drawing, r2: report.r2 }]
    if (chosen !== null && alternative)
      list.push({
        label: 'alternative',
        colour: 'b',
        drawing: { curves: [], dense: alternative.curves.map((curve) => ({ ...curve, reached: curve.t.at(-1) ?? 0 })) },
        r2: null,
      })
    if (slid && simulation?.drawing)
      list.push({ label: 'what-if', colour: 'whatif', drawing: simulation.drawing, r2: null })
    return list
  }, [drawing, report, alternative, chosen, slid, simulation])

  const columns = report.columns.filter((column) => report.r2[column] !== undefined && report.r2[column] !== null)
  const digits = (value: number | null | undefined) => (value === null || value === undefined ? '–' : value.toFixed(4))
  return (
    <>
      <section aria-label="The law" className="card grid gap-2 p-3">
        <Outcome report={report} />
        {report.equation !== null && (
          <Formula
            latex={report.latex ?? ''}
            text={report.equation}
            lit={lit}
            onLight={setLit}
            onChoose={(name) => document.getElementById(`slider-law-${name}`)?.focus()}
          />
        )}
        <div className="flex flex-wrap gap-x-8 gap-y-2">
          <table className="table" data-testid="params">
            <caption className="visually-hidden">Constants</caption>
            <tbody>
              {report.params.map((each) => (
                <tr key={each.name}>
                  <th scope="row" className="font-mono">
                    {each.name}
                  </th>
                  <td>{withInterval(each.value, each.half_width)}</td>
                </tr>
              ))}
              <tr>
                <td colSpan={2} className="text-[13px] text-muted">
                  {report.intervals
                    ? '± is half of the 95 % interval'
                    : 'these constants were not fitted here and have no intervals'}
                </td>
              </tr>
            </tbody>
          </table>
          <table className="table">
            <caption className="visually-hidden">How well it fits</caption>
            <thead>
              <tr>
                <th scope="col">R2</th>
                <th scope="col">fitted</th>
                {report.held_out_r2 && <th scope="col">held out</th>}
              </tr>
            </thead>
            <tbody>
              {columns.map((column) => (
                <tr key={column}>
                  <th scope="row" className="font-mono">
                    {column}
                  </th>
                  <td>{digits(report.r2[column])}</td>
                  {report.held_out_r2 && <td data-testid="held-out-r2">{digits(report.held_out_r2[column])}</td>}
                </tr>
              ))}
            </tbody>
          </table>
          <div className="grid content-start gap-1">
            <LawSliders side="law" start={start} values={slid ?? start} lit={lit} onLight={setLit} onChange={slide} />
            {slid && (
              <p className="text-[13px] text-whatif">
                what-if match <strong>{simulation ? simulation.match.toFixed(3) : '…'}</strong>, not scored{' '}
                <button
                  type="button"
                  className="button small quiet"
                  onClick={() => {
                    setSlid(null)
                    clear()
                  }}
                >
                  Reset
                </button>
              </p>
            )}
          </div>
        </div>
        {report.rationale && (
          <p className="text-[14px] text-muted">
            “<bdi>{report.rationale}</bdi>”
          </p>
        )}
      </section>
      <Suspense fallback={<Skeleton heights={[200]} />}>
        <ChartStack shown={shown} sides={sides} height={report.columns.length > 1 ? 150 : 220} />
      </Suspense>
      {report.ladder.length > 0 && <Ladder report={report} />}
      <div className="grid gap-3 md:grid-cols-2">
        <Alternatives report={report} chosen={chosen} onChoose={setChosen} />
        <section aria-label="What these data cannot tell" className="card p-3">
          <h3 className="mb-1 font-semibold">What these data cannot tell</h3>
          <ul className="list-disc pl-5 text-[14px]">
            {[...new Set([...report.limits, ...report.notes])].map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </section>
      </div>
      <section aria-label="The same at the command line" className="text-[14px]">
        <h3 className="font-semibold">The same at the command line</h3>
        <pre className="raw rounded bg-sunken p-2">{report.command}</pre>
        <p className="mt-1 text-muted">
          <bdi>{report.player}</bdi>, {report.seconds.toFixed(1)} s. {report.source}
        </p>
      </section>
    </>
  )
}
