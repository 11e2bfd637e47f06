/** Plays frames at 60 a second times a speed; tells its listener when the shown frame changes. */
export const SPEEDS = [0.1, 0.25, 0.5, 1, 2]

export class Transport {
  frame = 0
  playing = false
  speed = 1
  /** The last frame that may be shown: what has arrived. */
  last = 0
  private position = 0
  private before = 0
  private handle = 0
  private readonly listeners = new Set<() => void>()

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private changed(): void {
    for (const listener of this.listeners) listener()
  }

  reset(): void {
    this.pause()
    this.last = 0
    this.show(0)
  }

  show(frame: number): void {
    this.position = Math.max(0, Math.min(this.last, Math.round(frame)))
    this.frame = this.position
    this.changed()
  }

  play(): void {
    if (this.playing) return
    if (this.frame >= this.last) this.show(0)
    this.playing = true
    this.before = 0
    this.position = this.frame
    this.handle = requestAnimationFrame(this.step)
    this.changed()
  }

  pause(): void {
    if (!this.playing) return
    cancelAnimationFrame(this.handle)
    this.playing = false
    this.changed()
  }

  toggle(): void {
    if (this.playing) this.pause()
    else this.play()
  }

  faster(steps: number): void {
    const at = SPEEDS.indexOf(this.speed)
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + steps))] as number
    this.changed()
  }

  private readonly step = (now: number): void => {
    if (!this.playing) return
    if (this.before) this.position = Math.min(this.last, this.position + ((now - this.before) / 1000) * 60 * this.speed)
    this.before = now
    const frame = Math.floor(this.position)
    if (frame !== this.frame) {
      this.frame = frame
      this.changed()
    }
    if (frame >= this.last && !this.waiting) {
      this.playing = false
      this.changed()
      return
    }
    this.handle = requestAnimationFrame(this.step)
  }

  /** More frames are on their way: playing waits at the end of the buffer. */
  waiting = false
}
