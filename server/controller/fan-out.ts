/** Lower goes first. */
export const priority = {
  /** A namespace without a Secret: pods wait for it. */
  missing: 0,
  /** Somebody changed or deleted one. */
  drift: 1,
  /** A newer credential, while the old one still works. */
  refresh: 2,
} as const
/** A value of `priority`. */
export type Priority = (typeof priority)[keyof typeof priority]

/** What `run` rejects with goes to `onError`, and the queue does not try that key again by itself. */
export interface FanOutOptions<Key> {
  /** Keys that run at once. */
  readonly workers: number
  /** Refresh writes per second; missing and drifted Secrets do not count, so that a refresh never delays them. */
  readonly budgetPerSecond: number
  readonly run: (key: Key) => Promise<void>
  readonly onError: (key: Key, error: unknown) => void
}

interface Entry<Key> {
  readonly key: Key
  level: Priority
  readonly since: number
}

/**
 * A queue that coalesces by key, with three levels, a bounded number of workers and a budget for the lowest level.
 * A key that is added while it runs is run once more afterwards.
 */
export class FanOut<Key> {
  readonly #options: FanOutOptions<Key>
  readonly #levels: Map<Key, Entry<Key>>[] = [new Map(), new Map(), new Map()]
  readonly #running = new Map<Key, { again: Priority | undefined }>()
  #tokens: number
  #refilledAt = performance.now()
  #waiting: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: FanOutOptions<Key>) {
    this.#options = options
    this.#tokens = options.budgetPerSecond / 4
  }

  get depth(): number {
    return this.#levels.reduce((sum, level) => sum + level.size, 0)
  }

  /** Age of the oldest waiting key in seconds. */
  get oldestSeconds(): number {
    const heads = this.#levels.map((level) => level.values().next().value?.since ?? Infinity)
    const oldest = Math.min(...heads)
    return oldest === Infinity ? 0 : (performance.now() - oldest) / 1000
  }

  add(key: Key, level: Priority): void {
    if (this.#stopped) return
    const running = this.#running.get(key)
    if (running !== undefined) {
      running.again = Math.min(running.again ?? level, level) as Priority
      return
    }
    const known = this.#levels.find((entries) => entries.has(key))?.get(key)
    if (known !== undefined && known.level <= level) return
    if (known !== undefined) this.#levels[known.level]?.delete(key)
    this.#levels[level]?.set(key, { key, level, since: known?.since ?? performance.now() })
    this.#dispatch()
  }

  /** Drops what waits; what runs ends by itself. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#waiting)
    for (const level of this.#levels) level.clear()
  }

  /** Resolves when nothing runs any more. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  #dispatch(): void {
    while (!this.#stopped && this.#running.size < this.#options.workers) {
      const next = this.#take()
      if (next === undefined) return
      this.#running.set(next.key, { again: undefined })
      void this.#work(next)
    }
  }

  #take(): Entry<Key> | undefined {
    for (const [level, entries] of this.#levels.entries()) {
      const next = entries.values().next().value
      if (next === undefined) continue
      if (level === priority.refresh && !this.#spend()) return undefined
      entries.delete(next.key)
      return next
    }
    return undefined
  }

  /** Token bucket of a quarter second. Without a token the queue wakes when the next one is due. */
  #spend(): boolean {
    const { budgetPerSecond } = this.#options
    if (budgetPerSecond === Infinity) return true // 0 ms times Infinity is no number, and stays none for ever
    const now = performance.now()
    this.#tokens = Math.min(
      Math.max(1, budgetPerSecond / 4),
      this.#tokens + ((now - this.#refilledAt) / 1000) * budgetPerSecond,
    )
    this.#refilledAt = now
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return true
    }
    this.#waiting ??= setTimeout(
      () => {
        this.#waiting = undefined
        this.#dispatch()
      },
      Math.max(1, ((1 - this.#tokens) / budgetPerSecond) * 1000),
    )
    return false
  }

  async #work(entry: Entry<Key>): Promise<void> {
    try {
      await this.#options.run(entry.key)
    } catch (error) {
      this.#options.onError(entry.key, error)
    } finally {
      const again = this.#running.get(entry.key)?.again
      this.#running.delete(entry.key)
      if (again !== undefined) this.add(entry.key, again)
      this.#dispatch()
    }
  }
}
