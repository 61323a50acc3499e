import type { Logger } from '../telemetry/logger.ts'
import type { Sweeper } from './sweeper.ts'

/** Requests within this time become one pass. */
const soonMs = 200

export interface SweepScheduleOptions {
  readonly sweeper: Sweeper
  /** Between passes while something unwanted is left, in milliseconds. */
  readonly intervalMs: number
  readonly logger: Logger
}

/** When to sweep: soon after a change that may have left something behind, and again while something is left. */
export class SweepSchedule {
  readonly #options: SweepScheduleOptions
  #timer: NodeJS.Timeout | undefined
  #dueAtMs = Infinity
  #running = false
  #stopped = false

  constructor(options: SweepScheduleOptions) {
    this.#options = options
  }

  soon(): void {
    this.#after(soonMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #after(ms: number): void {
    const dueAtMs = performance.now() + ms
    if (this.#stopped || dueAtMs >= this.#dueAtMs) return
    clearTimeout(this.#timer)
    this.#dueAtMs = dueAtMs
    this.#timer = setTimeout(() => {
      this.#dueAtMs = Infinity
      void this.#run()
    }, ms)
  }

  async #run(): Promise<void> {
    if (this.#running) return this.soon()
    this.#running = true
    let left = 1
    try {
      left = await this.#options.sweeper.pass()
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a sweep was broken off; it is tried again')
    } finally {
      this.#running = false
    }
    if (left > 0) this.#after(this.#options.intervalMs)
  }
}
