/** Growing waits between tries of one thing, so that a server in trouble is not hammered by everybody at once. */
export class Backoff {
  readonly #minMs: number
  readonly #maxMs: number
  readonly #random: () => number
  #failures = 0

  constructor(options: { minMs: number; maxMs: number; random?: () => number }) {
    this.#minMs = options.minMs
    this.#maxMs = options.maxMs
    this.#random = options.random ?? Math.random
  }

  /**
   * The next wait: doubles from `minMs` to `maxMs`, of which a random 50 to 100 % is taken.
   * @param atLeastMs what the server asked for (Retry-After); wins when longer
   */
  nextMs(atLeastMs = 0): number {
    const full = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return Math.max(atLeastMs, Math.round(full * (0.5 + this.#random() / 2)))
  }

  reset(): void {
    this.#failures = 0
  }
}

/** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}
