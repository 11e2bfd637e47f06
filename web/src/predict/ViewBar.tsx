import type { Look, View } from './stage'

const NAMES: [View, string][] = [
  ['overlay', 'overlay'],
  ['side', 'side by side'],
  ['error', 'error'],
]

/** How frames are shown. */
export function ViewBar({ look, onChange }: { look: Look; onChange(look: Look): void }) {
  return (
    <fieldset className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[14px]">
      <legend className="visually-hidden">View</legend>
      {NAMES.map(([view, name], k) => (
        <label key={view} className="flex min-h-6 items-center gap-1">
          <input
            type="radio"
            name="view"
            className="size-4"
            checked={look.view === view}
            onChange={() => onChange({ ...look, view })}
            aria-keyshortcuts={String(k + 1)}
          />
          {name}
        </label>
      ))}
      <label className="flex items-center gap-1">
        onion
        <input
          type="range"
          min={0}
          max={12}
          value={look.onion}
          aria-valuetext={`${look.onion} earlier frames`}
          className="h-6 w-24 accent-(--accent)"
          onChange={(event) => onChange({ ...look, onion: Number(event.target.value) })}
          onKeyDown={(event) => event.stopPropagation()}
        />
        {look.onion}
      </label>
      <label className="flex min-h-6 items-center gap-1">
        <input
          type="checkbox"
          className="size-4"
          checked={look.velocities}
          onChange={(event) => onChange({ ...look, velocities: event.target.checked })}
        />
        velocities
      </label>
      <span className="text-[13px] text-muted">filled: predicted; outline: true; line: the miss</span>
    </fieldset>
  )
}
