import { type KeyboardEvent, useMemo } from 'react'
import { short } from '../charts/measure'
import { STEPS, scaleOf } from './sliderScale'

interface Props {
  side: string
  /** The law's own values, to which a slider goes back. */
  start: Record<string, number>
  values: Record<string, number>
  lit: string | null
  onLight(name: string | null): void
  onChange(values: Record<string, number>): void
}

/** A slider, a number and a sign for every parameter of a law. */
export function LawSliders({ side, start, values, lit, onLight, onChange }: Props) {
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-1">
      {Object.entries(start).map(([name, value]) => (
        <Parameter
          key={name}
          id={`slider-${side}-${name}`}
          name={name}
          start={value}
          value={values[name] ?? value}
          lit={lit === name}
          onLight={onLight}
          onChange={(next) => onChange({ ...values, [name]: next })}
        />
      ))}
    </div>
  )
}

interface ParameterProps {
  id: string
  name: string
  start: number
  value: number
  lit: boolean
  onLight(name: string | null): void
  onChange(value: number): void
}

function Parameter({ id, name, start, value, lit, onLight, onChange }: ParameterProps) {
  const scale = useMemo(() => scaleOf(start), [start])
  // A parameter whose sign was turned around keeps its scale.
  const turned = start !== 0 && value !== 0 && Math.sign(value) !== Math.sign(start) ? -1 : 1
  const position = scale.toPosition(value * turned)

  function keys(event: KeyboardEvent<HTMLInputElement>) {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }
    const step = steps[event.key]
    if (event.key === 'Backspace') onChange(start)
    else if (step)
      onChange(
        scale.toValue(Math.max(0, Math.min(STEPS, Math.round(position) + step * (event.shiftKey ? 10 : 1)))) * turned,
      )
    else return
    event.preventDefault()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering lights the symbol; focusing its slider does, too
    <div
      className={`flex min-w-0 items-center gap-1.5 rounded px-1 text-[13.5px] ${lit ? 'bg-sunken' : ''}`}
      onMouseEnter={() => onLight(name)}
      onMouseLeave={() => onLight(null)}
    >
      <label htmlFor={id} className="min-w-4 font-mono">
        {name}
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={STEPS}
        step={1}
        value={position}
        aria-valuetext={short(value)}
        className="h-6 w-28 min-w-16 accent-(--accent)"
        onChange={(event) => onChange(scale.toValue(Number(event.target.value)) * turned)}
        onKeyDown={keys}
        onDoubleClick={() => onChange(start)}
        onFocus={() => onLight(name)}
        onBlur={() => onLight(null)}
      />
      <input
        type="number"
        step="any"
        aria-label={`${name}, value`}
        className="input small w-32 px-1 font-mono"
        value={Number(value.toPrecision(6))}
        onChange={(event) => {
          const next = event.target.valueAsNumber
          if (Number.isFinite(next)) onChange(next)
        }}
      />
      <button
        type="button"
        className="button small quiet w-7 px-0"
        aria-label={`Turn the sign of ${name} around`}
        onClick={() => onChange(-value)}
      >
        ±
      </button>
    </div>
  )
}
