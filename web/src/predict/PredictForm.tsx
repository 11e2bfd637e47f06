import type { FormEvent, ReactNode } from 'react'
import { PlayerSelect } from '../compare/PlayerSelect'
import { LevelSelect, SubjectSelect } from '../compare/SubjectSelect'
import { BusyButton } from '../parts/BusyButton'
import type { RolloutSettings } from './settings'

interface Props {
  settings: RolloutSettings
  onChange(settings: RolloutSettings): void
  onRun(): void
  running: boolean
  children: ReactNode
}

/** Which scene, how many frames, who continues it. */
export function PredictForm({ settings, onChange, onRun, running, children }: Props) {
  const set = (change: Partial<RolloutSettings>) => onChange({ ...settings, ...change })
  const number = (label: string, name: 'seed' | 'frames', high: number, width: string) => (
    <label className="field">
      {label}
      <input
        className={`input ${width}`}
        type="number"
        required
        min={name === 'frames' ? 1 : 0}
        max={high}
        value={settings[name]}
        onChange={(event) => {
          if (Number.isInteger(event.target.valueAsNumber)) set({ [name]: event.target.valueAsNumber })
        }}
      />
    </label>
  )

  function submit(event: FormEvent) {
    event.preventDefault()
    onRun()
  }

  return (
    <form onSubmit={submit} aria-label="Settings" className="flex flex-wrap items-end gap-2">
      <SubjectSelect
        label="Scenario"
        task="predict"
        value={settings.scenario}
        onChange={(scenario) => set({ scenario })}
      />
      <LevelSelect value={settings.level} onChange={(level) => set({ level: level ?? 1 })} />
      {number('Seed', 'seed', 2 ** 31 - 1, 'w-[5.2rem]')}
      {number('Frames', 'frames', 200, 'w-16')}
      <PlayerSelect label="Player" task="predict" you={false} value={settings.a} onChange={(a) => set({ a })} />
      {settings.b ? (
        <>
          <PlayerSelect
            label="Second player"
            task="predict"
            you={false}
            value={settings.b}
            onChange={(b) => set({ b })}
          />
          <button
            type="button"
            className="button quiet px-2"
            aria-label="Remove the second player"
            onClick={() => set({ b: '' })}
          >
            ✕
          </button>
        </>
      ) : (
        <button type="button" className="button quiet" onClick={() => set({ b: 'hold' })}>
          + second
        </button>
      )}
      <BusyButton type="submit" className="button primary" busy={running}>
        {running ? 'Rolling out' : 'Roll out'}
      </BusyButton>
      {children}
    </form>
  )
}
