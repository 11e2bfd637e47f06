import type { FormEvent, ReactNode } from 'react'
import { Link } from 'wouter'
import { BusyButton } from '../parts/BusyButton'
import { Popover } from '../parts/Popover'
import { PlayerSelect } from './PlayerSelect'
import { LevelSelect, SubjectSelect } from './SubjectSelect'
import { HINTS, limits, type Settings } from './settings'

interface Props {
  settings: Settings
  onChange(settings: Settings): void
  onRun(): void
  running: boolean
  canRun: boolean
  children: ReactNode
}

/** Which problem, who plays, how many turns, and Run. */
export function SettingsForm({ settings, onChange, onRun, running, canRun, children }: Props) {
  const set = (change: Partial<Settings>) => onChange({ ...settings, ...change })
  const changed =
    moreNames.filter((name) => settings[name] !== null && settings[name] !== false).length +
    (settings.hint === 'full' ? 0 : 1)

  function submit(event: FormEvent) {
    event.preventDefault()
    onRun()
  }

  return (
    <form onSubmit={submit} aria-label="Settings" className="flex flex-wrap items-end gap-2">
      <SubjectSelect label="System" task="discover" value={settings.subject} onChange={(subject) => set({ subject })} />
      <div className="flex items-end gap-1">
        <NumberField label="Seed" name="seed" settings={settings} set={set} width="w-[5.2rem]" />
        <button
          type="button"
          className="button px-2"
          aria-label="Draw a new seed"
          title="Draw a new seed"
          onClick={() => set({ seed: (crypto.getRandomValues(new Uint32Array(1))[0] as number) % 100_000 })}
        >
          ⚄
        </button>
      </div>
      <LevelSelect optional value={settings.level} onChange={(level) => set({ level })} />
      <Popover label={`More${changed ? ` (${changed})` : '…'}`} title="More settings">
        {() => <More settings={settings} set={set} />}
      </Popover>
      <PlayerSelect
        label="A"
        value={settings.a}
        onChange={(a) => set(a === 'you' && settings.b === 'you' ? { a, b: 'sparse' } : { a })}
      />
      <PlayerSelect
        label="B"
        value={settings.b}
        onChange={(b) => set(b === 'you' && settings.a === 'you' ? { b, a: 'sparse' } : { b })}
      />
      <NumberField label="Turns" name="turns" settings={settings} set={set} width="w-14" />
      <BusyButton
        type="submit"
        className="button primary max-sm:hidden"
        disabled={!canRun}
        busy={running}
        title="Ctrl+Enter"
      >
        {running ? 'Running' : 'Run'}
      </BusyButton>
      {children}
    </form>
  )
}

const moreNames = ['noise', 'samples', 'gaps', 'outliers', 'trials', 'rows', 'uneven', 'positions_only'] as const

interface NumberProps {
  label: string
  name: 'seed' | 'turns' | 'noise' | 'samples' | 'gaps' | 'outliers' | 'trials' | 'rows'
  settings: Settings
  set(change: Partial<Settings>): void
  width?: string
  placeholder?: string
}

function NumberField({ label, name, settings, set, width = 'w-24', placeholder }: NumberProps) {
  const limit = limits[name]
  const value = settings[name]
  const optional = placeholder !== undefined
  return (
    <label className="field">
      {label}
      <input
        className={`input ${width}`}
        type="number"
        inputMode="decimal"
        min={limit?.low}
        max={limit?.high}
        step={limit?.whole ? 1 : 'any'}
        required={!optional}
        placeholder={placeholder}
        value={value ?? ''}
        onChange={(event) => {
          const next = event.target.valueAsNumber
          if (event.target.value === '' && optional) set({ [name]: null })
          else if (Number.isFinite(next)) set({ [name]: next })
        }}
      />
    </label>
  )
}

function More({ settings, set }: Pick<NumberProps, 'settings' | 'set'>) {
  return (
    <div className="grid w-[22rem] max-w-full grid-cols-2 gap-3">
      <label className="field">
        Hint
        <select className="input" value={settings.hint} onChange={(event) => set({ hint: event.target.value })}>
          {HINTS.map((hint) => (
            <option key={hint}>{hint}</option>
          ))}
        </select>
      </label>
      <NumberField
        label="Noise, share of each column"
        name="noise"
        settings={settings}
        set={set}
        placeholder="by level"
        width=""
      />
      <NumberField label="Samples" name="samples" settings={settings} set={set} placeholder="the system's" width="" />
      <NumberField label="Gaps" name="gaps" settings={settings} set={set} placeholder="by level" width="" />
      <NumberField
        label="Outliers, share"
        name="outliers"
        settings={settings}
        set={set}
        placeholder="by level"
        width=""
      />
      <NumberField label="Trials" name="trials" settings={settings} set={set} placeholder="1" width="" />
      <NumberField
        label="Rows of the prompt"
        name="rows"
        settings={settings}
        set={set}
        placeholder="as useful"
        width=""
      />
      <div className="grid content-end gap-2 text-[14px]">
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="size-5"
            checked={settings.uneven}
            onChange={(event) => set({ uneven: event.target.checked })}
          />
          uneven times
        </label>
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="size-5"
            checked={settings.positions_only}
            onChange={(event) => set({ positions_only: event.target.checked })}
          />
          positions only
        </label>
      </div>
      <p className="col-span-2 text-[13px] text-muted">
        Left empty, the level decides. <Link href="/zoo">Browse all systems</Link>
      </p>
    </div>
  )
}
