import type { Track } from './track'
import type { Transport } from './transport'
import { useFrame } from './useFrame'

/** The text that the model reads, and what it wrote for the frame that is shown. */
export function FrameText({ track, transport }: { track: Track; transport: Transport }) {
  const frame = Math.min(useFrame(transport), track.count - 1)
  const complaints = track.complaints[frame] ?? []
  return (
    <div className="grid gap-2 text-[13px]">
      <section aria-label="What the player wrote">
        <h3 className="font-semibold">What the player wrote for frame {frame}</h3>
        {frame === 0 ? (
          <p className="text-muted">Frame 0 is the last that it was shown.</p>
        ) : (
          <pre className="raw max-h-36 rounded bg-sunken p-2" dir="auto">
            {track.texts[frame] || 'nothing'}
          </pre>
        )}
        {complaints.map((each) => (
          <p key={each} className="text-bad">
            {each}
          </p>
        ))}
      </section>
      <details>
        <summary className="cursor-pointer font-semibold">What the player read first</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
        <pre className="raw mt-1 max-h-64 rounded bg-sunken p-2" tabIndex={0}>
          {track.scene.prompt}
        </pre>
      </details>
    </div>
  )
}

interface WorstProps {
  track: Track
  transport: Transport
  body: number | null
  onBody(body: number | null): void
}

/** The bodies that are furthest off in this frame; choosing one isolates it. */
export function WorstBodies({ track, transport, body, onBody }: WorstProps) {
  const frame = Math.min(useFrame(transport), track.count - 1)
  const worst = track.worst(frame).slice(0, 8)
  if (body !== null && !worst.some((each) => each.body === body))
    worst.push({ body, error: track.byBody[frame * track.bodies + body] ?? 0 })
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons, no fields
    <div role="group" aria-label="Worst bodies" className="flex flex-wrap items-center gap-1 text-[13px]">
      <span className="text-muted">worst bodies, px:</span>
      {worst.map((each) => (
        <button
          key={each.body}
          type="button"
          className="button small"
          aria-pressed={each.body === body}
          onClick={() => onBody(each.body === body ? null : each.body)}
        >
          <strong>{each.body}</strong> {Number.isNaN(each.error) ? 'none' : each.error.toFixed(each.error < 10 ? 1 : 0)}
        </button>
      ))}
      {body !== null && (
        <button type="button" className="button small quiet" onClick={() => onBody(null)}>
          Show all
        </button>
      )}
    </div>
  )
}
