/** The reason of an abort by our own clock, to tell it from the caller's abort. */
export class TimeoutReached extends Error {
  override readonly name = 'TimeoutReached'
}

/** One signal that aborts when the caller's does or when the time is over. `clear` must follow in any case. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout

  constructor(outer: AbortSignal | undefined, timeoutMs: number) {
    this.#outer = outer
    this.#timer = setTimeout(() => {
      this.#controller.abort(new TimeoutReached(`no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    if (outer?.aborted) this.#follow()
    else outer?.addEventListener('abort', this.#follow)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** From here on only the caller's signal counts. */
  stopTimer(): void {
    clearTimeout(this.#timer)
  }

  /** Lets go of the timer and of the caller's signal. */
  close(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#follow)
  }

  /** Ends what runs under this deadline, and closes. */
  cancel(): void {
    this.close()
    this.#controller.abort(noLongerWanted)
  }

  /** The promise, unless the deadline comes first; for work that knows no signal. */
  async race<T>(promise: Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(this.signal.reason as Error)
      this.signal.addEventListener('abort', onAbort)
    })
    try {
      return await Promise.race([promise, aborted])
    } finally {
      if (onAbort !== undefined) this.signal.removeEventListener('abort', onAbort)
    }
  }

  readonly #follow = (): void => {
    this.#controller.abort(this.#outer?.reason)
  }
}

/** Made once: an Error costs a stack trace, and this one is no failure. */
const noLongerWanted = new Error('no longer wanted')
