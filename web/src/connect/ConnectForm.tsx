import { type FormEvent, useEffect, useId, useState } from 'react'
import { ApiError, ServerGone } from '../api/errors'
import { api, read } from '../api/http'
import { useEndpoints } from '../api/queries'
import type { EndpointCheck } from '../api/types'
import { nameEndpoint } from '../compare/players'
import { BusyButton } from '../parts/BusyButton'
import { Notice } from '../parts/Notice'
import { findKey, isPrivateConnection, normalise, saveKey } from './keys'

export interface Connected {
  /** How addresses name the model. */
  player: string
}

interface Props {
  /** Where to begin: an endpoint and a model that were refused, say. */
  initial?: { endpoint: string; model: string }
  onConnected?: (connected: Connected) => void
}

const CUSTOM = 'custom'

/** Which endpoint, which model, which key: and a test that asks it for one token. */
export function ConnectForm({ initial, onConnected }: Props) {
  const ids = useId()
  const { data: presets = [] } = useEndpoints()
  const [preset, setPreset] = useState('')
  const [custom, setCustom] = useState('')
  const [model, setModel] = useState(initial?.model ?? '')
  const [key, setKey] = useState('')
  const [remember, setRemember] = useState(false)
  const [models, setModels] = useState<string[]>([])
  const [check, setCheck] = useState<{ tone: 'plain' | 'bad' | 'warn'; text: string } | null>(null)
  const [testing, setTesting] = useState(false)

  useEffect(() => {
    if (preset || !presets.length) return
    const first = initial
      ? presets.find(
          (each) => each.name === initial.endpoint || normalise(each.base_url) === normalise(initial.endpoint),
        )
      : presets[0]
    setPreset(first?.name ?? CUSTOM)
    if (!first && initial) setCustom(initial.endpoint)
    if (!initial && first) setModel(first.model)
  }, [presets, preset, initial])

  const chosen = presets.find((each) => each.name === preset)
  const baseUrl = chosen ? chosen.base_url : normalise(custom)
  const endpoint = chosen ? chosen.name : baseUrl
  const isPrivate = isPrivateConnection()

  useEffect(() => {
    const known = baseUrl ? findKey(baseUrl) : null
    setKey(known?.key ?? '')
    if (known?.model && !initial) setModel(known.model)
    setModels([])
    setCheck(null)
  }, [baseUrl, initial])

  const body = () => ({ endpoint, ...(key ? { api_key: key } : {}) })

  async function suggest() {
    if (models.length || !baseUrl) return
    try {
      setModels((await read(api.POST('/api/endpoints/models', { body: body() }))).models.slice(0, 500))
    } catch {
      // Suggestions are a help; the name can be typed.
    }
  }

  async function test() {
    setTesting(true)
    setCheck(null)
    try {
      const answer = await read(
        api.POST('/api/endpoints/check', {
          body: { ...body(), model: model.trim() },
          signal: AbortSignal.timeout(10_000),
        }),
      )
      setCheck({ tone: answer.ok ? 'plain' : 'bad', text: sentence(answer) })
      if (answer.ok) void suggest()
    } catch (error) {
      setCheck({ tone: 'bad', text: explain(error) })
    }
    setTesting(false)
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    saveKey(baseUrl, { key, model: model.trim() }, remember)
    onConnected?.({ player: nameEndpoint(endpoint, model.trim(), presets) })
  }

  return (
    <form onSubmit={submit} className="grid max-w-xl gap-3">
      <label className="field">
        Endpoint
        <select
          className="input"
          value={preset}
          onChange={(event) => {
            setPreset(event.target.value)
            setModel(presets.find((each) => each.name === event.target.value)?.model ?? '')
          }}
        >
          {presets.map((each) => (
            <option key={each.name} value={each.name}>
              {each.title}
            </option>
          ))}
          <option value={CUSTOM}>Custom…</option>
        </select>
      </label>
      {preset === CUSTOM && (
        <label className="field">
          Base URL, ending in /v1
          <input
            className="input"
            type="url"
            required
            placeholder="http://localhost:8080/v1"
            value={custom}
            onChange={(event) => setCustom(event.target.value)}
          />
        </label>
      )}
      <label className="field">
        Model
        <input
          className="input font-mono"
          required
          maxLength={200}
          list={`${ids}-models`}
          value={model}
          autoComplete="off"
          spellCheck={false}
          onFocus={suggest}
          onChange={(event) => setModel(event.target.value)}
        />
        <datalist id={`${ids}-models`}>
          {models.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <label className="field">
        Key {chosen && !chosen.needs_key ? '(not needed here)' : ''}
        <input
          className="input font-mono"
          type="password"
          autoComplete="off"
          maxLength={500}
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      <label className="flex items-center gap-2 text-[14px]">
        <input
          type="checkbox"
          className="size-5"
          checked={remember && isPrivate}
          disabled={!isPrivate}
          onChange={(event) => setRemember(event.target.checked)}
        />
        Remember on this device
      </label>
      {!isPrivate && (
        <Notice tone="warn">
          This page came over plain http, so anybody on the way could read a key. It is not remembered here.
        </Notice>
      )}
      <p className="text-[13px] text-muted">
        The key stays in this browser and goes only to this server, in the request that starts an episode or a test. It
        is never stored there.
      </p>
      {check && <Notice tone={check.tone}>{check.text}</Notice>}
      <div className="flex gap-2">
        <BusyButton className="button" disabled={!model.trim() || !baseUrl} busy={testing} onClick={test}>
          {testing ? 'Testing…' : 'Test'}
        </BusyButton>
        <button type="submit" className="button primary" disabled={!baseUrl}>
          Use this model
        </button>
      </div>
    </form>
  )
}

function sentence(check: EndpointCheck): string {
  if (check.ok) return `It works: an answer after ${Math.round(check.ms)} ms.`
  const starts: Record<string, string> = {
    key_refused: 'The key was refused.',
    key_missing: 'A key is needed.',
    model_unknown: 'The endpoint does not know this model.',
    unreachable: 'The endpoint cannot be reached.',
    timeout: 'No answer within 10 seconds.',
    slow_down: 'Slow down: the endpoint allows no more requests for now.',
  }
  const start = starts[check.code ?? '']
  return start && !check.detail.startsWith(start) ? `${start} ${check.detail}` : check.detail
}

function explain(error: unknown): string {
  if (error instanceof ApiError || error instanceof ServerGone) return error.message
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'No answer within 10 seconds.'
  return 'The test failed.'
}
