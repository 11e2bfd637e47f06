import { deleteKey } from './keys'
import { useConnections } from './useConnections'

/** What is connected, one base URL a line, each with its end. */
export function KeyList() {
  const connections = useConnections()
  if (!connections.length) return <p className="text-[14px] text-muted">No endpoint is connected.</p>
  return (
    <ul className="grid gap-1.5">
      {connections.map((each) => (
        <li key={each.baseUrl} className="flex flex-wrap items-center gap-2 text-[14px]">
          <code className="font-mono">{each.baseUrl}</code>
          <span className="text-muted">
            {each.remembered ? 'remembered on this device' : 'until this tab is closed'}
          </span>
          <button
            type="button"
            className="button small"
            onClick={() => deleteKey(each.baseUrl)}
            aria-label={`Delete the key for ${each.baseUrl}`}
          >
            Delete
          </button>
        </li>
      ))}
    </ul>
  )
}
