import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { ApiError } from '../api/errors'
import { api, read } from '../api/http'
import type { ProblemKey, Shown, Simulation, Turn } from '../api/types'
import { BusyButton } from '../parts/BusyButton'
import { LawSliders } from '../parts/LawSliders'
import { Notice } from '../parts/Notice'
import { type Draft, emptyDraft, insertAt, withParams } from './draft'

interface Props {
  episode: string
  problem: ProblemKey
  shown: Shown
  turn: number
  maxTurns: number
  simulation: Simulation | null
  failure: string | null
  onDraft(equation: string, params: Record<string, number>): void
  onAnswered(turn: Turn): void
  onFinish(): void
}

const OPERATORS = ['+', '-', '*', '/', '**', '(', ')', 't']

/** A person's turn: an equation with live reading errors and a live curve, but no score before it is submitted. */
export function Editor({ episode, shown, turn, maxTurns, simulation, failure, onDraft, onAnswered, onFinish }: Props) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(shown.left_sides))
  const [lit, setLit] = useState<string | null>(null)
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState('')

  const found = simulation?.params_found.join(' ')
  useEffect(() => {
    if (found !== undefined) setDraft((now) => withParams(now, found ? found.split(' ') : []))
  }, [found])

  const written = draft.equation.split(';').every((each) => /=\s*\S/.test(each))
  useEffect(() => {
    if (written) onDraft(draft.equation, draft.params)
  }, [draft, written, onDraft])

  function insert(word: string) {
    const node = field.current
    if (!node) return
    const next = insertAt(draft.equation, node.selectionStart, node.selectionEnd, word)
    setDraft({ ...draft, equation: next.text })
    requestAnimationFrame(() => {
      node.focus()
      node.setSelectionRange(next.cursor, next.cursor)
    })
  }

  async function submit() {
    if (sending || !written) return
    setSending(true)
    setRefusal('')
    try {
      const reply = await read(
        api.POST('/api/episodes/{episode}/answers', {
          params: { path: { episode } },
          body: { equation: draft.equation, params: draft.params },
        }),
      )
      onAnswered(reply.turn)
    } catch (error) {
      setRefusal(error instanceof ApiError || error instanceof Error ? error.message : String(error))
    }
    setSending(false)
  }

  function keys(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      event.stopPropagation()
      void submit()
    }
  }

  const error = written ? (simulation?.error ?? null) : null
  const position = error?.position ?? null
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter submits from every field in it
    <div className="grid gap-2" onKeyDown={keys} data-testid="editor">
      <label className="field" htmlFor={`${id}-equation`}>
        Your law, turn {turn} of {maxTurns}
      </label>
      <textarea
        ref={field}
        id={`${id}-equation`}
        className="input w-full resize-y font-mono"
        rows={Math.max(1, shown.left_sides.length)}
        maxLength={2000}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        value={draft.equation}
        aria-invalid={error !== null}
        aria-describedby={`${id}-reading`}
        onChange={(event) => setDraft({ ...draft, equation: event.target.value })}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: buttons, no fields */}
      <div role="group" aria-label="Insert" className="flex flex-wrap gap-1">
        {[...shown.columns, ...OPERATORS, ...shown.functions.map((name) => `${name}(`)].map((word) => (
          <button key={word} type="button" className="button small font-mono" onClick={() => insert(word)}>
            {word}
          </button>
        ))}
      </div>
      <div id={`${id}-reading`} className="min-h-6 text-[13px]" data-testid="reading">
        {failure ? (
          <span className="text-bad">{failure}</span>
        ) : error ? (
          <span className="text-bad">
            {error.text}
            {position !== null && ` (column ${position + 1})`}
            {error.reached !== null && ` (the simulation ends at ${error.reached.toPrecision(3)})`}
          </span>
        ) : (
          <span className="text-muted">
            {written && simulation
              ? 'Your curve is dotted in the charts. It is scored when you submit.'
              : 'Name constants as you like: each gets a slider.'}
          </span>
        )}
      </div>
      <LawSliders
        side="you"
        start={draft.params}
        values={draft.params}
        lit={lit}
        onLight={setLit}
        onChange={(params) => setDraft({ ...draft, params })}
      />
      {refusal && <Notice tone="bad">{refusal}</Notice>}
      <div className="flex flex-wrap items-center gap-2">
        <BusyButton className="button primary" disabled={!written} busy={sending} onClick={submit} title="Ctrl+Enter">
          Submit
        </BusyButton>
        <button type="button" className="button" onClick={onFinish}>
          I am done
        </button>
        <span className="text-[13px] text-muted">You see a curve; a model does not.</span>
      </div>
    </div>
  )
}
