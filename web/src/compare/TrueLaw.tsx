import { useState } from 'react'
import { api, read } from '../api/http'
import type { TrueLaw as Law } from '../api/types'
import { short } from '../charts/measure'
import { Formula } from '../parts/Formula'

interface Props {
  episode: string
  law: Law | null
  known: Law | null
  onLaw(law: Law | null): void
}

/** The law that made the record; offered only when both sides have ended. */
export function TrueLaw({ episode, law, known, onLaw }: Props) {
  const [failure, setFailure] = useState('')

  async function show() {
    try {
      onLaw(known ?? (await read(api.GET('/api/episodes/{episode}/law', { params: { path: { episode } } }))))
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
  }

  if (!law)
    return (
      <span className="flex items-center gap-2">
        <button type="button" className="button small" onClick={show}>
          Show the true law
        </button>
        {failure && <span role="alert">{failure}</span>}
      </span>
    )
  return (
    <section aria-label="The true law" className="card w-full p-3">
      <div className="flex items-center justify-between text-[14px]">
        <h2 className="font-semibold">The true law</h2>
        <button type="button" className="button small quiet" onClick={() => onLaw(null)}>
          Cover
        </button>
      </div>
      <Formula latex={law.latex} text={law.equation} />
      <p className="text-[14px]">
        {Object.entries(law.params)
          .map(([name, value]) => `${name} = ${short(value)}`)
          .join(', ')}
      </p>
      <p className="text-[14px] text-muted">
        {law.about} Source: {law.source}
      </p>
    </section>
  )
}
