/** Where time comes from. `wallMs` may jump, `monotonicMs` never does and may stop while the machine sleeps. */
export interface ClockSource {
  wallMs(): number
  monotonicMs(): number
}

const toleranceMs = 2000
const agreementMs = 30_000

/**
 * Time for decisions about lifetimes. A wall clock that jumps is not believed by itself: neither 13 h forward (every
 * credential would look expired) nor back (none would ever be due). It is believed once a third party, the Date of
 * an API server answer, agrees with it; until then time goes on from before the jump.
 */
export class Clock {
  readonly #source: ClockSource
  #anchorWall: number
  #anchorMonotonic: number
  #distrusted = false

  constructor(source: ClockSource = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }) {
    this.#source = source
    this.#anchorWall = source.wallMs()
    this.#anchorMonotonic = source.monotonicMs()
  }

  now(): Date {
    return new Date(this.nowMs())
  }

  nowMs(): number {
    const wall = this.#source.wallMs()
    const monotonic = this.#source.monotonicMs()
    const carried = this.#anchorWall + (monotonic - this.#anchorMonotonic)
    if (Math.abs(wall - carried) > toleranceMs) {
      this.#distrusted = true
      return carried
    }
    this.#distrusted = false
    this.#anchorWall = wall // follows slow corrections by NTP
    this.#anchorMonotonic = monotonic
    return wall
  }

  /** Whether the wall clock has jumped and nobody has confirmed it yet. */
  get distrusted(): boolean {
    return this.#distrusted
  }

  /** The time that somebody else states, in milliseconds. Returns true when it made us believe a jumped wall clock. */
  confirm(statedMs: number): boolean {
    const before = this.nowMs()
    const wall = this.#source.wallMs()
    if (
      !this.#distrusted ||
      Math.abs(statedMs - wall) > agreementMs ||
      Math.abs(statedMs - wall) >= Math.abs(statedMs - before)
    ) {
      return false
    }
    this.#anchorWall = wall
    this.#anchorMonotonic = this.#source.monotonicMs()
    this.#distrusted = false
    return true
  }
}
