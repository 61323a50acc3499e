// One long-running child: started, watched, paused, restarted and stopped by its process id.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { guardPid, releasePid } from './cleanup.ts'

/** What to run and where. */
export interface ServerOptions {
  /** The first argument of the binary, and the name of the log file. */
  part: string
  binary: string
  args: string[]
  /** Own folder: working directory, HOME, and place of the log file. */
  folder: string
  /** Added to the small environment that every child gets. */
  env?: Record<string, string>
}

/**
 * The environment of a child: nothing of the caller's that could lead it to a cluster, an account or a registry of
 * the person who runs the tests.
 * @param home folder that the child takes for its home
 */
export function childEnvironment(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: tmpdir() }
}

/** A child process with a life cycle. Not thread-safe: callers await each step. */
export class ServerProcess {
  readonly part: string
  /** Both output streams, over all restarts. */
  readonly logFile: string
  readonly #options: ServerOptions
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #ending: string | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.part = options.part
    this.logFile = join(options.folder, `${options.part}.log`)
  }

  /** Process id, or undefined when it does not run. */
  get pid(): number | undefined {
    return this.#ending === undefined ? this.#child?.pid : undefined
  }

  /** Starts it. Wait for it with untilReady. */
  start(): void {
    const { binary, part, args, folder, env } = this.#options
    mkdirSync(folder, { recursive: true })
    const log = openSync(this.logFile, 'a')
    const child = spawn(binary, [part, ...args], {
      cwd: folder,
      env: { ...childEnvironment(folder), ...env, TESTBED_WATCH_PARENT: '1' },
      // Standard input is the pipe by which it notices our end. Its own process group, so that Ctrl-C in a terminal
      // reaches only us, and we decide the order.
      stdio: ['pipe', log, log],
      detached: true,
    })
    closeSync(log)
    this.#child = child
    this.#ending = undefined
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => this.#end(child, error.message, resolve))
      child.once('exit', (code, signal) => this.#end(child, signal ?? `exit code ${code}`, resolve))
    })
    if (child.pid) guardPid(child.pid)
    // A forgotten stop() must not keep a test run from ending: the exit handler stops it.
    child.unref()
    const pipe = child.stdin as unknown as { unref(): void; on(event: 'error', listener: () => void): void }
    pipe.unref()
    pipe.on('error', () => undefined)
  }

  #end(child: ChildProcess, how: string, resolve: () => void): void {
    if (child.pid) releasePid(child.pid)
    if (this.#child === child) this.#ending = how
    resolve()
  }

  /**
   * Waits until `check` answers true; it may throw as long as the server is not there yet.
   * @param timeoutMs limit in milliseconds
   * @throws Error with the end of the log when the process ends before, or when the time is over
   */
  async untilReady(check: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    let wait = 25
    for (;;) {
      if (this.#ending !== undefined)
        throw new Error(`${this.part} ended (${this.#ending}):\n${this.logTail()}`)
      if (await check().catch(() => false)) return
      if (Date.now() > deadline) {
        throw new Error(`${this.part} was not ready after ${timeoutMs} ms:\n${this.logTail()}`)
      }
      await delay(wait)
      wait = Math.min(wait * 1.5, 250)
    }
  }

  /**
   * Stops it and waits for its end. Does nothing when it does not run.
   * @param graceMs time in milliseconds between SIGTERM and SIGKILL; 0 kills at once, as a crash would
   */
  async stop(graceMs = 2_000): Promise<void> {
    if (graceMs > 0) {
      this.#signal('SIGCONT')
      this.#signal('SIGTERM')
      const patience = new AbortController()
      const grace = delay(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)
      await Promise.race([this.#ended, grace])
      patience.abort()
    }
    this.#signal('SIGKILL')
    // A timer, because the unreferenced child alone would let the event loop end under this await.
    const alive = setInterval(() => undefined, 1_000)
    await this.#ended.finally(() => clearInterval(alive))
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void {
    this.#signal('SIGSTOP')
  }

  /** Lets it go on after pause(). */
  resume(): void {
    this.#signal('SIGCONT')
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid) this.#child?.kill(signal)
  }

  /** The last lines of the log. */
  logTail(lines = 25): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }
}
