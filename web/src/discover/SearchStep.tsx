import { lazy, Suspense, useMemo, useState } from 'react'
import { api, read } from '../api/http'
import { useEndpoints } from '../api/queries'
import type { Series } from '../api/types'
import { short } from '../charts/measure'
import { PlayerSelect } from '../compare/PlayerSelect'
import { requestOf } from '../compare/players'
import { BusyButton } from '../parts/BusyButton'
import { Notice } from '../parts/Notice'
import { Skeleton } from '../parts/Skeleton'
import { showSeries, timesOf } from './series'

const ChartStack = lazy(() => import('../charts/ChartStack').then((module) => ({ default: module.ChartStack })))
const NONE: never[] = []

interface Props {
  source: { dataset: string } | { example: string }
  series: Series
  hint: string
  onStarted(id: string): void
}

/** Step 3: what is held out, who searches, with which hint. */
export function SearchStep({ source, series, hint: known, onStarted }: Props) {
  const [first, last] = timesOf(series)
  const [until, setUntil] = useState<number | null>(null)
  const [trial, setTrial] = useState(false)
  const [player, setPlayer] = useState('sparse')
  const [hint, setHint] = useState(known)
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  const { data: presets = [] } = useEndpoints()
  const shown = useMemo(() => showSeries(series, until), [series, until])
  const step = (last - first) / 400

  async function search() {
    setBusy(true)
    setFailure('')
    try {
      const body = {
        ...source,
        hint,
        ...(until === null ? {} : { fit_until: until }),
        hold_out: trial,
        player: requestOf(player, presets),
      }
      onStarted((await read(api.POST('/api/discoveries', { body }))).id)
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }

  return (
    <fieldset className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-3">
      <legend className="px-1 font-semibold">3 Search</legend>
      <Suspense fallback={<Skeleton heights={[160]} />}>
        <ChartStack shown={shown} sides={NONE} />
      </Suspense>
      <div className="flex flex-wrap items-end gap-3">
        <label className="field min-w-56 flex-1">
          Hold out after {until === null ? 'the end: nothing' : short(until)}
          <input
            type="range"
            className="h-7 w-full accent-(--accent)"
            min={first}
            max={last}
            step={step}
            value={until ?? last}
            aria-valuetext={until === null ? 'nothing is held out' : `held out after ${short(until)}`}
            onChange={(event) => {
              const value = event.target.valueAsNumber
              setUntil(value >= last - step / 2 ? null : Math.max(value, first + (last - first) * 0.1))
            }}
          />
        </label>
        <label className="field">
          exactly
          <input
            type="number"
            step="any"
            className="input w-28"
            value={until === null ? '' : Number(until.toPrecision(6))}
            placeholder={short(last)}
            onChange={(event) => {
              const value = event.target.valueAsNumber
              setUntil(Number.isFinite(value) && value > first && value < last ? value : null)
            }}
          />
        </label>
        {series.trials.length > 1 && (
          <label className="flex min-h-9 items-center gap-2 text-[14px]">
            <input
              type="checkbox"
              className="size-5"
              checked={trial}
              onChange={(event) => setTrial(event.target.checked)}
            />
            hold out the last trial
          </label>
        )}
      </div>
      <div className="flex flex-wrap items-end gap-3">
        <PlayerSelect label="Player" you={false} value={player} onChange={setPlayer} />
        <label className="field min-w-48 flex-1">
          Hint, for language models
          <input className="input" maxLength={2000} value={hint} onChange={(event) => setHint(event.target.value)} />
        </label>
        <BusyButton className="button primary" busy={busy} onClick={search}>
          Find the law
        </BusyButton>
      </div>
      {failure && (
        <div role="alert">
          <Notice tone="bad">{failure}</Notice>
        </div>
      )}
    </fieldset>
  )
}
