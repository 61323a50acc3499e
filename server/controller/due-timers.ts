/** setTimeout fires at once above 2^31-1 ms; an hour also bounds what a clock correction can delay. */
const longestHopMs = 3_600_000

/** One timer per key. Firing early is harmless: whoever is called decides anew and sets the timer again. */
export class DueTimers<Key> {
  readonly #timers = new Map<Key, { timer: NodeJS.Timeout; at: number }>()
  readonly #now: () => number
  readonly #due: (key: Key) => void

  constructor(options: { now: () => number; due: (key: Key) => void }) {
    this.#now = options.now
    this.#due = options.due
  }

  /** Replaces the key's timer; undefined removes it. */
  set(key: Key, at: Date | undefined): void {
    const known = this.#timers.get(key)
    if (at !== undefined && known?.at === at.getTime()) return
    this.clear(key)
    if (at === undefined) return
    const wait = Math.min(Math.max(0, at.getTime() - this.#now()), longestHopMs)
    const timer = setTimeout(() => {
      this.#timers.delete(key)
      this.#due(key)
    }, wait)
    this.#timers.set(key, { timer, at: at.getTime() })
  }

  clear(key: Key): void {
    clearTimeout(this.#timers.get(key)?.timer)
    this.#timers.delete(key)
  }

  stop(): void {
    for (const { timer } of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  /** All keys decide anew, because time itself is in doubt. */
  fireAll(): void {
    const keys = [...this.#timers.keys()]
    this.stop()
    for (const key of keys) this.#due(key)
  }
}
