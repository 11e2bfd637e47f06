import { useQuery } from '@tanstack/react-query'
import { type DragEvent, useId, useState } from 'react'
import { api, read, upload } from '../api/http'
import { useServer } from '../api/queries'
import type { Dataset, Example } from '../api/types'
import { BusyButton } from '../parts/BusyButton'
import { Notice } from '../parts/Notice'

interface Props {
  chosen: string | null
  onDataset(dataset: Dataset): void
  onExample(example: Example): void
}

/** Step 1: a file, pasted text, or a measured example. */
export function DataStep({ chosen, onDataset, onExample }: Props) {
  const id = useId()
  const { data: server } = useServer()
  const { data: examples = [] } = useQuery({
    queryKey: ['examples'],
    queryFn: () => read(api.GET('/api/examples')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  const [over, setOver] = useState(false)
  const [pasted, setPasted] = useState('')
  const most = server?.limits.max_upload ?? 5 << 20

  async function send(file: Blob, name: string) {
    setFailure('')
    if (file.size > most) {
      setFailure(
        `${name} has ${(file.size / 2 ** 20).toFixed(1)} MB; this server takes up to ${(most / 2 ** 20).toFixed(0)} MB.`,
      )
      return
    }
    setBusy(true)
    try {
      onDataset(await upload<Dataset>(`api/datasets?name=${encodeURIComponent(name.slice(0, 120))}`, file))
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (file) void send(file, file.name)
  }

  return (
    <fieldset className="card grid gap-3 p-3">
      <legend className="px-1 font-semibold">1 Data</legend>
      <div className="grid gap-3 md:grid-cols-2">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short way; the button inside is the other */}
        <div
          className={`grid min-h-28 place-items-center gap-1 rounded-lg border-2 border-dashed p-3 text-center ${over ? 'border-accent bg-sunken' : 'border-edge'}`}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <p className="text-[14px]">Drop CSV, TSV, Parquet or JSON here, up to {(most / 2 ** 20).toFixed(0)} MB</p>
          <label className="button cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
            {busy ? 'Reading…' : 'Choose a file'}
            <input
              type="file"
              className="sr-only"
              accept=".csv,.tsv,.txt,.json,.jsonl,.parquet"
              disabled={busy}
              onChange={(event) => {
                const file = event.target.files?.[0]
                event.target.value = ''
                if (file) void send(file, file.name)
              }}
            />
          </label>
        </div>
        <div className="grid gap-1">
          <label className="field" htmlFor={id}>
            or paste a table with a header
          </label>
          <textarea
            id={id}
            className="input min-h-20 font-mono text-[13px]"
            spellCheck={false}
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            placeholder={'t,y\n0,1.2\n0.1,1.1'}
          />
          <BusyButton
            className="button justify-self-start"
            disabled={!pasted.trim()}
            busy={busy}
            onClick={() => send(new Blob([pasted]), 'pasted.csv')}
          >
            Use it
          </BusyButton>
        </div>
      </div>
      <div>
        <p className="mb-1 text-[13px] text-muted">or measured data:</p>
        <ul className="flex flex-wrap gap-1.5">
          {examples.map((example) => (
            <li key={example.name}>
              <button
                type="button"
                className="button small"
                aria-pressed={chosen === example.name}
                onClick={() => onExample(example)}
                title={example.about}
              >
                {example.title}
              </button>
            </li>
          ))}
        </ul>
      </div>
      {failure && (
        <div role="alert">
          <Notice tone="bad">{failure}</Notice>
        </div>
      )}
      <p className="text-[13px] text-muted">
        Data stay on this server under a link that cannot be guessed, and can be deleted here
        {server?.hosted ? '; they are deleted after seven days' : ''}.
      </p>
    </fieldset>
  )
}
