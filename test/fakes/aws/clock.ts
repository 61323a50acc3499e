/** The fake's own clock: real time plus an offset that tests move, so that nothing has to sleep. */
export class FakeClock {
  #offsetMs = 0

  now(): Date {
    return new Date(Date.now() + this.#offsetMs)
  }

  /** Moves the clock, forwards or backwards. */
  advance(ms: number): void {
    this.#offsetMs += ms
  }

  /** The distance to this machine's clock. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Sets the distance to this machine's clock. */
  setOffset(ms: number): void {
    this.#offsetMs = ms
  }
}
