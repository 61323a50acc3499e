import type { Logger } from '../telemetry/logger.ts'
import type { Sweeper } from './sweeper.ts'

/** Requests within this time become one pass. */
const soonMs = 200

/** What is run, and how long to wait between runs. */
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
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: SweepScheduleOptions) {
    this.#options = options
  }

  soon(): void {
    this.#after(soonMs)
  }

  /** No further pass; a running one ends first. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #after(ms: number): void {
    const dueAtMs = performance.now() + ms
    if (this.#stopped || dueAtMs >= this.#dueAtMs) return
    clearTimeout(this.#timer)
    this.#dueAtMs = dueAtMs
    this.#timer = setTimeout(() => {
      this.#dueAtMs = Infinity
      this.#start()
    }, ms)
  }

  #start(): void {
    if (this.#running !== undefined) return this.soon()
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    let left = 1
    try {
      left = await this.#options.sweeper.pass()
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a sweep was broken off; it is tried again')
    }
    if (left > 0) this.#after(this.#options.intervalMs)
  }
}
