import { useEndpoints, usePlayers } from '../api/queries'
import { useConnect } from '../connect/ConnectDialog'
import { useConnections } from '../connect/useConnections'
import { nameEndpoint, titleOf } from './players'

interface Props {
  label: string
  task?: 'discover' | 'predict'
  value: string
  onChange(player: string): void
  /** Whether a person may play. */
  you?: boolean
}

const ANOTHER = '+'

/** Who plays: you, built-in players, the server's models, connected endpoints, or another. */
export function PlayerSelect({ label, task = 'discover', value, onChange, you = true }: Props) {
  const connect = useConnect()
  const connections = useConnections()
  const { data: presets = [] } = useEndpoints()
  const { data: players = [] } = usePlayers(task)
  const builtin = players.filter((each) => each.kind === 'builtin')
  const local = players.filter((each) => each.kind === 'local')
  const endpoints = connections.map((each) => nameEndpoint(each.baseUrl, each.model, presets))
  const named = [...players.map((each) => each.name), ...endpoints, 'you']
  const unlisted = value && !named.includes(value)
  return (
    <label className="field">
      {label}
      <select
        className="input w-44"
        value={value}
        onChange={(event) => {
          if (event.target.value === ANOTHER) connect({ onConnected: ({ player }) => onChange(player) })
          else onChange(event.target.value)
        }}
      >
        {you && <option value="you">You</option>}
        <optgroup label="Built in">
          {builtin.map((each) => (
            <option key={each.name} value={each.name}>
              {each.title || each.name}
            </option>
          ))}
        </optgroup>
        {local.length > 0 && (
          <optgroup label="Models of this server">
            {local.map((each) => (
              <option key={each.name} value={each.name}>
                {each.title || each.name}
              </option>
            ))}
          </optgroup>
        )}
        {endpoints.length > 0 && (
          <optgroup label="Connected">
            {endpoints.map((name) => (
              <option key={name} value={name}>
                {titleOf(name, presets)}
              </option>
            ))}
          </optgroup>
        )}
        {unlisted && <option value={value}>{titleOf(value, presets)}</option>}
        <option value={ANOTHER}>Connect another…</option>
      </select>
    </label>
  )
}
