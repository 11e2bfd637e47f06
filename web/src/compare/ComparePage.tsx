import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import { useServerGone } from '../api/connectivity'
import { api, read } from '../api/http'
import { useProblem, useServer } from '../api/queries'
import type { Turn } from '../api/types'
import { useConnect } from '../connect/ConnectDialog'
import { BusyButton } from '../parts/BusyButton'
import { Notice } from '../parts/Notice'
import { Popover } from '../parts/Popover'
import { Skeleton } from '../parts/Skeleton'
import { useAnnounce } from '../shell/useAnnounce'
import { usePageTitle } from '../shell/usePageTitle'
import { Banner } from './Banner'
import { CompareView } from './CompareView'
import { HistoryDrawer } from './HistoryDrawer'
import { keepPair, lastPair } from './lastPair'
import { Preview } from './Preview'
import { readPlayer } from './players'
import { hasEnded, shownTurn } from './run'
import { SeenByModel } from './SeenByModel'
import { SettingsForm } from './SettingsForm'
import { ShareMenu } from './ShareMenu'
import { defaults, names, problemOf, readSettings, type Settings, settingsOf, writeSettings } from './settings'
import { RECORDED, useCompare } from './useCompare'
import { useTurn } from './useTurn'

/** Two players at the same problem. Without anything in the address it shows the recorded comparison. */
export function ComparePage({ id }: { id: string | null }) {
  const [, navigate] = useLocation()
  const [turn, showTurn] = useTurn()
  const search = useSearch()
  const announce = useAnnounce()
  const connect = useConnect()
  const gone = useServerGone()
  const { data: server } = useServer()
  const query = useMemo(() => new URLSearchParams(search), [search])
  const [{ settings, dropped }, setState] = useState(() => {
    const [a, b] = lastPair() ?? [defaults.a, defaults.b]
    return readSettings(query, { ...defaults, a, b })
  })
  const charts = useRef<HTMLDivElement>(null)
  const onTurn = useCallback(
    (side: number, turn: Turn) => announce(`${'AB'[side]}, turn ${turn.number}: ${turn.verdict.feedback}`),
    [announce],
  )
  const { played, failure, starting, load, start, stop, addTurn, update, setFailure } = useCompare(onTurn)
  const asked = useMemo(() => [...query.keys()].some((name) => name !== 'turn'), [query])

  useEffect(() => {
    if (id) void load(id)
    else if (!asked) void load(RECORDED)
  }, [id, asked, load])

  // The address's settings are taken once for each visit: a link from the Zoo or the History brings new ones.
  const taken = useRef(search)
  useEffect(() => {
    if (taken.current === search || !asked || id) return
    taken.current = search
    setState((now) => readSettings(query, { ...defaults, a: now.settings.a, b: now.settings.b }))
  }, [search, asked, id, query])

  // The server's own pair, for a visitor who has none.
  useEffect(() => {
    const pair = server?.pair
    if (pair?.[0] && pair[1] && !lastPair() && !query.has('a') && !query.has('b'))
      setState((now) => ({ ...now, settings: { ...now.settings, a: pair[0] as string, b: pair[1] as string } }))
  }, [server, query])

  // A link's problem fills the form, so that Run plays it again; before the page is painted, since until then the form
  // names another problem than the one that was played.
  const filled = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (!played || filled.current === played.id || asked) return
    filled.current = played.id
    setState((now) => {
      const players = played.recorded ? {} : { a: played.sides[0].player, b: played.sides[1].player }
      return {
        dropped: [],
        settings: {
          ...now.settings,
          ...settingsOf(played.problem),
          a: now.settings.a,
          b: now.settings.b,
          turns: played.maxTurns,
          ...players,
        },
      }
    })
  }, [played, asked])

  usePageTitle(
    played && id ? `${played.problem.subject.replaceAll('_', ' ')}, seed ${played.problem.index}` : 'Compare',
  )

  const running = played !== null && !played.sides.every(hasEnded)
  const request = useMemo(() => problemOf(settings), [settings])
  const differs = played !== null && !names(settings, played.problem)
  // A version without a recorded comparison begins with the data of the form's problem.
  const unrecorded = !id && !asked && failure?.code === 'not_found'
  const bare = !played && (asked || unrecorded)
  const preview = useProblem(request, differs || bare)

  const change = useCallback(
    (next: Settings) => {
      setState({ settings: next, dropped: [] })
      if (!id) {
        taken.current = writeSettings(next).toString()
        navigate(`/?${taken.current}`, { replace: true })
      }
    },
    [id, navigate],
  )

  const run = useCallback(
    async (maxTokens?: number, last = false) => {
      if (gone || starting) return
      if (running) await stop()
      const made = await start(settings, maxTokens, last)
      if (!made) return
      keepPair([settings.a, settings.b])
      filled.current = made
      navigate(`/c/${made}`, { replace: !id })
    },
    [gone, id, navigate, running, settings, start, starting, stop],
  )

  const act = useCallback(
    (action: string, player: string) => {
      setFailure(null)
      const who = readPlayer(player)
      if (action === 'retry') void run()
      else if (action === 'last') void run(undefined, true)
      else if (action === 'more-tokens') void run(server?.limits.max_tokens)
      else if (who.kind === 'endpoint')
        connect({
          initial: who,
          onConnected: ({ player: next }) =>
            setState((now) => ({
              ...now,
              settings: now.settings.a === player ? { ...now.settings, a: next } : { ...now.settings, b: next },
            })),
        })
      else connect()
    },
    [connect, run, server, setFailure],
  )

  useEffect(() => {
    function keys(event: KeyboardEvent) {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
        event.preventDefault()
        void run()
      }
    }
    document.addEventListener('keydown', keys)
    return () => document.removeEventListener('keydown', keys)
  }, [run])

  const you = played?.sides.findIndex((side) => side.player === 'you' && !hasEnded(side)) ?? -1
  const hidden = you < 0 || played?.peeked ? null : ((1 - you) as 0 | 1)

  async function peek() {
    const mine = played?.sides[you]
    if (!mine) return
    update({ peeked: true })
    await read(api.POST('/api/episodes/{episode}/peek', { params: { path: { episode: mine.id } } })).catch(() => {})
  }

  const hint = differs && preview.data?.shown?.task === 'discover' ? preview.data.shown.hint : played?.shown.hint
  const retry = useCallback((action: string) => act(action, settings.b), [act, settings.b])
  return (
    <div className="grid gap-2">
      <h1 tabIndex={-1} className="visually-hidden">
        Compare two players
      </h1>
      <SettingsForm settings={settings} onChange={change} onRun={() => void run()} running={starting} canRun={!gone}>
        {running && (
          <button type="button" className="button" onClick={stop}>
            Stop
          </button>
        )}
        {played && (
          <ShareMenu
            played={played}
            turns={[
              hidden === 0 ? undefined : shownTurn(played.sides[0], turn),
              hidden === 1 ? undefined : shownTurn(played.sides[1], turn),
            ]}
            hidden={hidden !== null}
            turn={turn}
            charts={charts}
          />
        )}
        <HistoryDrawer />
      </SettingsForm>
      {dropped.length > 0 && (
        <Notice tone="warn">The address named something unknown, which was left out: {dropped.join(', ')}.</Notice>
      )}
      {failure && !unrecorded && <Banner failure={failure} onAction={retry} />}
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-[14.5px]">
        {played?.recorded && !differs && (
          <span className="badge" title={played.recorded.command} data-testid="recorded">
            recorded, {played.recorded.date}, {played.recorded.version}
          </span>
        )}
        <p className="min-w-[min(20rem,100%)] flex-1">{hint ?? ''}</p>
        <Popover label="What the model sees ›" title="What the model sees" className="button small quiet">
          {() => <SeenByModel request={request} />}
        </Popover>
      </div>
      {played && !played.recorded && server && played.version !== server.version && (
        <Notice>Played with {played.version}; today's verifier may judge otherwise.</Notice>
      )}
      {(differs || bare) && <Preview posed={preview.data} error={preview.error} played={played} />}
      {played ? (
        <div ref={charts}>
          <CompareView
            played={played}
            hidden={hidden}
            onAction={(side, action) => act(action, played.sides[side].player)}
            onAnswered={addTurn}
            onFinish={(side) =>
              void read(
                api.POST('/api/episodes/{episode}/cancel', { params: { path: { episode: played.sides[side].id } } }),
              )
            }
            onPeek={() => void peek()}
            turn={turn}
            onShowTurn={showTurn}
          />
        </div>
      ) : (
        !failure && !bare && <Skeleton heights={[150, 30, 360]} />
      )}
      {id && failure?.code === 'not_found' && (
        <p>
          There is no comparison under this link. <Link href="/">Compare two players</Link>
        </p>
      )}
      <div className="fixed inset-x-0 bottom-0 z-10 flex gap-2 border-t border-line bg-surface p-2 sm:hidden">
        <BusyButton className="button primary flex-1" disabled={gone} busy={starting} onClick={() => void run()}>
          {starting ? 'Running' : 'Run'}
        </BusyButton>
        {running && (
          <button type="button" className="button flex-1" onClick={stop}>
            Stop
          </button>
        )}
      </div>
      <div className="h-14 sm:hidden" />
    </div>
  )
}
