// The handle of the reference process.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Done, Order, YardstickSettings } from './yardstick.ts'

/** One reference process. */
export class Reference {
  readonly #child: ChildProcess
  /** performance.now() of the moment before it was spawned. */
  readonly startedAt: number

  private constructor(child: ChildProcess, startedAt: number) {
    this.#child = child
    this.startedAt = startedAt
  }

  /** @param folder for its settings, which hold a token */
  static async start(folder: string, settings: YardstickSettings): Promise<Reference> {
    const file = join(folder, `yardstick-${settings.name}.json`)
    await writeFile(file, JSON.stringify(settings), { mode: 0o600 })
    const startedAt = performance.now()
    const child = fork(join(import.meta.dirname, 'yardstick.ts'), [file], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    return new Reference(child, startedAt)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** @throws Error when the process ends instead of answering; its own words are on standard error */
  async run(order: Order): Promise<Done> {
    const over = new AbortController()
    const { signal } = over
    try {
      const ended = once(this.#child, 'exit', { signal }).then(() => {
        throw new Error(`the reference ended while it should ${order.do}`)
      })
      const answered = once(this.#child, 'message', { signal }) as Promise<[Done]>
      this.#child.send(order)
      const [done] = await Promise.race([answered, ended])
      return done
    } finally {
      over.abort()
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
