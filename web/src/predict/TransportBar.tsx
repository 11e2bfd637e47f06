import { SPEEDS, type Transport } from './transport'
import { useFrame, usePlaying, useSpeed } from './useFrame'

interface Props {
  transport: Transport
  frames: number
  miss: number | null
}

/** Play, a frame back or forth, speed, first miss. */
export function TransportBar({ transport, frames, miss }: Props) {
  const frame = useFrame(transport)
  const playing = usePlaying(transport)
  const speed = useSpeed(transport)
  const step = (by: number) => {
    transport.pause()
    transport.show(transport.frame + by)
  }
  return (
    <div className="flex flex-wrap items-center gap-1.5 text-[14px]">
      <button type="button" className="button small w-16" onClick={() => transport.toggle()} aria-keyshortcuts="Space">
        {playing ? 'Pause' : 'Play'}
      </button>
      <button type="button" className="button small" aria-label="A frame back" onClick={() => step(-1)}>
        ←
      </button>
      <button type="button" className="button small" aria-label="A frame on" onClick={() => step(1)}>
        →
      </button>
      <label className="flex items-center gap-1">
        <span className="visually-hidden">Speed</span>
        <select
          className="input small px-1"
          value={speed}
          onChange={(event) => transport.faster(SPEEDS.indexOf(Number(event.target.value)) - SPEEDS.indexOf(speed))}
        >
          {SPEEDS.map((each) => (
            <option key={each} value={each}>
              {each}x
            </option>
          ))}
        </select>
      </label>
      <span data-testid="frame">
        frame {frame}/{frames}
      </span>
      <button
        type="button"
        className="button small ml-auto"
        disabled={miss === null}
        aria-keyshortcuts="m"
        onClick={() => {
          if (miss === null) return
          transport.pause()
          transport.show(miss)
        }}
      >
        {miss === null ? 'No miss' : `First miss: ${miss}`}
      </button>
    </div>
  )
}
