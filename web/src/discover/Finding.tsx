import { lazy, Suspense, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, endpoint, read } from '../api/http'
import { short } from '../charts/measure'
import type { ChartSide } from '../charts/stack'
import { CopyButton } from '../parts/CopyButton'
import { Elapsed } from '../parts/Elapsed'
import { Notice } from '../parts/Notice'
import { Skeleton } from '../parts/Skeleton'
import { address } from '../shell/navigation'
import { ReportView } from './ReportView'
import { shownOf } from './series'
import { type SearchState, useDiscovery } from './useDiscovery'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))

/** A finding by its link: the search while it runs, the law after. */
export function Finding({ id }: { id: string }) {
  const { state, failure, cancel } = useDiscovery(id)
  const [, navigate] = useLocation()
  const [problem, setProblem] = useState('')
  if (failure)
    return (
      <Notice tone="bad" action={<Link href="/discover">Begin anew</Link>}>
        {failure}
      </Notice>
    )
  if (!state) return <Skeleton heights={[60, 300]} />
  const { discovery } = state
  const running = discovery.status === 'running'

  async function remove() {
    try {
      await read(api.DELETE('/api/discoveries/{discovery}', { params: { path: { discovery: id } } }))
      navigate('/discover')
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="mr-auto text-lg font-semibold" dir="auto">
          {discovery.report?.title || discovery.name}
        </h2>
        {!running && discovery.report && (
          <>
            <a className="button small" href={endpoint(`api/discoveries/${id}/report.zip`).href} download>
              Report (zip)
            </a>
            <CopyButton text={() => discovery.report?.command ?? ''}>Command line</CopyButton>
          </>
        )}
        <CopyButton text={() => address(`/d/${id}`)}>Copy link</CopyButton>
        {!running && (
          <button type="button" className="button small" onClick={remove}>
            Delete
          </button>
        )}
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {running && (
        <Notice
          action={
            <button type="button" className="button small" onClick={cancel}>
              Stop
            </button>
          }
        >
          <span data-testid="searching">
            searching{state.fits !== null ? `: ${state.fits} structures` : ''}, <Elapsed />
            {state.note ? `. ${state.note}` : ''}
          </span>
        </Notice>
      )}
      {!running && discovery.error && (
        <Notice tone="bad" action={<Link href="/discover">Search again</Link>}>
          {discovery.error}
        </Notice>
      )}
      {!running && discovery.status !== 'finished' && !discovery.error && (
        <Notice>{discovery.status}. Its link stays.</Notice>
      )}
      {running && <Best state={state} />}
      {discovery.report && <ReportView id={id} discovery={discovery} report={discovery.report} />}
    </div>
  )
}

/** The best law of a search so far. */
function Best({ state }: { state: SearchState }) {
  const candidate = state.candidate
  const shown = useMemo(() => {
    if (!candidate) return null
    const trials = candidate.curves.map((_, k) => ({ name: String(k + 1), t: [], values: [], inputs: null }))
    return shownOf(candidate.columns, 't', '', {}, trials, [])
  }, [candidate])
  const sides = useMemo((): ChartSide[] => {
    if (!candidate) return []
    const dense = candidate.curves.map((curve) => ({ ...curve, reached: curve.t.at(-1) ?? 0 }))
    return [{ label: 'best so far', colour: 'a', drawing: { curves: [], dense }, r2: null }]
  }, [candidate])
  if (!candidate) return <Skeleton heights={[160]} />
  return (
    <section aria-label="Best law so far" className="card p-3">
      <p>
        Best so far: <code className="font-mono text-[14px]">{candidate.equation}</code>
        {candidate.match !== null && `, match ${candidate.match.toFixed(3)}`}
      </p>
      <p className="text-[13px] text-muted">
        {Object.entries(candidate.params)
          .map(([name, value]) => `${name} = ${short(value)}`)
          .join(', ')}
      </p>
      {shown && (
        <Suspense fallback={<Skeleton heights={[140]} />}>
          <ChartStack shown={shown} sides={sides} />
        </Suspense>
      )}
    </section>
  )
}
