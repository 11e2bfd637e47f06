import type { FrameEvent, SceneEvent } from '../api/types'

/** Numbers of a state: x, y, vx, vy, angle, spin. */
const STATE = 6
/** Numbers kept of each body and frame: x, y, angle, vx, vy. */
export const KEPT = 5
export const MOST_FRAMES = 200
/** A frame whose position error exceeds this is a miss, in px. */
export const MISS = 1

/** Predicted and true frames of a rollout, in flat arrays that the canvas reads. Frame 0 is the last one shown. */
export class Track {
  readonly bodies: number
  readonly first: number
  readonly predicted: Float32Array
  readonly truth: Float32Array
  readonly position: (number | null)[] = [0]
  readonly velocity: (number | null)[] = [0]
  readonly byBody: Float32Array
  readonly texts: string[] = ['']
  readonly complaints: string[][] = [[]]
  /** Frames that have arrived, frame 0 among them. */
  count = 1

  constructor(readonly scene: SceneEvent) {
    const last = scene.frames.at(-1) ?? []
    this.bodies = last.length
    this.first = scene.first + scene.frames.length - 1
    const size = (MOST_FRAMES + 1) * this.bodies * KEPT
    this.predicted = new Float32Array(size)
    this.truth = new Float32Array(size)
    this.byBody = new Float32Array((MOST_FRAMES + 1) * this.bodies)
    this.put(this.predicted, 0, last)
    this.put(this.truth, 0, last)
  }

  private put(into: Float32Array, frame: number, rows: (number | null)[][]): void {
    for (let body = 0; body < this.bodies; body++) {
      const row = rows[body] ?? []
      const at = (frame * this.bodies + body) * KEPT
      const state = Array.from({ length: STATE }, (_, k) => row[k] ?? Number.NaN) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      into[at] = state[0]
      into[at + 1] = state[1]
      into[at + 2] = state[4]
      into[at + 3] = state[2]
      into[at + 4] = state[3]
    }
  }

  /** Take a frame in; one that has come before changes nothing. */
  add(frame: FrameEvent): boolean {
    const k = frame.number - this.first
    if (k !== this.count || k > MOST_FRAMES) return false
    this.put(this.predicted, k, frame.predicted)
    this.put(this.truth, k, frame.truth)
    frame.errors.by_body.forEach((value, body) => {
      this.byBody[k * this.bodies + body] = value ?? Number.NaN
    })
    this.position.push(frame.errors.position)
    this.velocity.push(frame.errors.velocity)
    this.texts.push(frame.text)
    this.complaints.push(frame.complaints)
    this.count += 1
    return true
  }

  /** The first frame whose position error exceeds `MISS`. */
  firstMiss(): number | null {
    const k = this.position.findIndex((error) => error === null || error > MISS)
    return k < 0 ? null : k
  }

  /** The bodies of a frame, the worst first. */
  worst(frame: number): { body: number; error: number }[] {
    return Array.from({ length: this.bodies }, (_, body) => ({
      body,
      error: this.byBody[frame * this.bodies + body] ?? 0,
    })).sort(
      (one, other) =>
        (Number.isNaN(other.error) ? 1 : other.error) - (Number.isNaN(one.error) ? 1 : one.error) ||
        one.body - other.body,
    )
  }

  /** What a screen reader is told of a frame. */
  describe(frame: number, frames: number): string {
    if (frame === 0) return `frame 0 of ${frames}, the last one that the player was shown`
    const error = this.position[frame]
    const worst = this.worst(frame)[0]
    return `frame ${frame} of ${frames}, error ${error === null || error === undefined ? 'unknown' : `${error.toPrecision(2)} px`}${worst ? `, body ${worst.body} is worst` : ''}`
  }
}
