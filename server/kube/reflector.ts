import { Backoff, wait } from './backoff.ts'
import { isForbidden, isGone, isNotFound, KubeError } from './errors.ts'
import { listPages, metadataAccept, metadataListAccept, requestPage, type ListRequest } from './list.ts'
import type { ReflectorOptions, ReflectorState } from './reflector-options.ts'
import type { KubeObject, WatchEvent } from './types.ts'
import { watchOnce } from './watch.ts'

export type { ReflectorHandler, ReflectorOptions, ReflectorState } from './reflector-options.ts'

/** ERROR events in a row after which the version is no longer trusted. */
const maxErrorEvents = 3
/** A watch that ends sooner without an event was refused in a polite way: opening it again at once would spin. */
const shortestWatchMs = 1000

/** A handler threw: what it missed is unknown, so everything is listed again. */
class HandlerFailure extends Error {}

/**
 * Follows one collection: lists it, watches from there, resumes after any break at the last version seen, and lists
 * again only when the server says that this version is too old. It never gives up and never tells the handler that
 * objects are gone unless a complete list or an event says so.
 */
export class Reflector<T extends KubeObject = KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #list: ListRequest
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  readonly #syncWaiters = new Set<() => void>()
  #running: Promise<void> | undefined
  /** Where to resume; undefined = list first. */
  #version: string | undefined
  #synced = false
  #startedBefore = false
  #phase: ReflectorState['phase'] = 'waiting'
  #lastActivityAt = Number.NEGATIVE_INFINITY
  #lastError: string | undefined
  #forbidden = false
  #errorEvents = 0
  #failures = 0

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#backoff = new Backoff(options.backoff ?? { minMs: 250, maxMs: 30_000 })
    const query: Record<string, string> = {}
    if (options.labelSelector !== undefined) query.labelSelector = options.labelSelector
    if (options.fieldSelector !== undefined) query.fieldSelector = options.fieldSelector
    const bare = options.metadataOnly === true && options.fullListOnly !== true
    const pageSize = options.pageSize ?? 300 // 500 Secrets with their contents cost 20 MiB for good: docs/adr/0013
    this.#list = {
      client: options.client,
      path: options.path,
      query,
      pageSize: bare ? pageSize * 2 : pageSize,
      signal: this.#stop.signal,
      ...(bare ? { accept: metadataListAccept } : {}),
    }
  }

  /** Begins; does nothing when it already runs. A stopped reflector cannot be started again. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the watch and resolves when no handler will be called any more. Not to be awaited in a handler. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Listed to the end, and no event can have been missed since. */
  get synced(): boolean {
    return this.#synced
  }

  /** Monotonic (performance.now()) time of the last sign of life of the server; -Infinity before the first. */
  get lastActivityAt(): number {
    return this.#lastActivityAt
  }

  /** Why the last try failed; undefined while it works. */
  get lastError(): string | undefined {
    return this.#lastError
  }

  /** The last try was refused for want of rights. */
  get forbidden(): boolean {
    return this.#forbidden
  }

  /** How old the view of the collection may be. Up to `silenceMs` while all is well; Infinity before the first list. */
  staleForMs(): number {
    return performance.now() - this.#lastActivityAt
  }

  /** Resolves when synced, with `orForbidden` also when the rights are missing; rejects with the signal's reason. */
  async waitForSync(signal: AbortSignal, orForbidden = false): Promise<void> {
    while (!this.#synced && !(orForbidden && this.#forbidden)) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#syncWaiters.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#syncWaiters.add(wake)
        signal.addEventListener('abort', wake)
      })
    }
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal
    while (!stopped.aborted) {
      try {
        if (this.#version !== undefined && this.#failures >= 2)
          await this.#distrustFutureVersion(this.#version)
        await (this.#version === undefined ? this.#relist() : this.#watch(this.#version))
      } catch (error) {
        if (stopped.aborted) break
        const waitMs = this.#noteFailure(error)
        await wait(waitMs, stopped)
      }
    }
    this.#setPhase('stopped')
  }

  async #relist(): Promise<void> {
    this.#setPhase('listing')
    if (this.#options.startAtNow) {
      const page = await requestPage<T>(this.#list, 1, undefined)
      this.#version = page.metadata.resourceVersion ?? ''
      if (this.#startedBefore) this.#handle(() => this.#options.handler.gap?.())
    } else {
      const uids = new Set<string>()
      const visit = (object: T) => {
        uids.add(object.metadata.uid)
        this.#handle(() => this.#options.handler.listed?.(object))
      }
      const version = await listPages<T>({ ...this.#list, onPage: this.#noteActivity }, visit, () => {
        uids.clear()
      })
      this.#handle(() => this.#options.handler.replaced?.(uids))
      this.#version = version
    }
    this.#startedBefore = true
    this.#noteActivity()
    this.#failures = 0
    this.#lastError = undefined
    this.#forbidden = false
    this.#synced = true
    this.#options.logger?.debug({ reflector: this.#options.name, version: this.#version }, 'listed')
    for (const wake of [...this.#syncWaiters]) wake()
  }

  async #watch(version: string): Promise<void> {
    this.#setPhase('watching')
    const openedAt = performance.now()
    const seconds = this.#options.watchTimeoutSeconds ?? 290
    let events = 0
    const end = await watchOnce({
      client: this.#options.client,
      path: this.#options.path,
      query: this.#list.query ?? {},
      ...(this.#options.metadataOnly ? { accept: metadataAccept } : {}),
      resourceVersion: version,
      timeoutSeconds: Math.round(seconds * (1 + Math.random() / 10)),
      silenceMs: this.#options.silenceMs ?? 120_000,
      signal: this.#stop.signal,
      onBytes: this.#noteActivity,
      onErrorEvent: () => {
        this.#errorEvents += 1
      },
      onEvent: (event, next) => {
        events += 1
        this.#deliver(event, next)
      },
    })
    if (end === 'closed' && events === 0 && performance.now() - openedAt < shortestWatchMs) {
      throw new KubeError({
        status: 0,
        reason: 'Network',
        message: `watch ${this.#options.path}: ended at once`,
      })
    }
    this.#options.logger?.debug({ reflector: this.#options.name, end, events }, 'watch ended, resuming')
    this.#noteProgress()
  }

  #deliver(event: WatchEvent<KubeObject>, next: string): void {
    if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') {
      const type = event.type
      this.#handle(() => this.#options.handler.event(type, event.object as T))
    }
    this.#version = next
    this.#errorEvents = 0
    this.#noteProgress()
  }

  /**
   * After a real outage the API server may be back with an older state (etcd restored from a backup). A watch from
   * a version that it has not reached yet stays silent without an error until the numbers have caught up.
   */
  async #distrustFutureVersion(version: string): Promise<void> {
    const page = await requestPage<T>(this.#list, 1, undefined)
    this.#failures = 0
    if (isBefore(page.metadata.resourceVersion ?? '', version)) {
      this.#forgetVersion('the API server went back in time')
    }
  }

  /** Takes note of a failed try and answers how long to wait before the next, in milliseconds. */
  #noteFailure(error: unknown): number {
    const message = error instanceof Error ? error.message : String(error)
    this.#failures += 1
    if (error instanceof HandlerFailure) this.#forgetVersion('a handler failed')
    else if (isGone(error)) this.#forgetVersion('the version is too old')
    else if (isNotFound(error)) this.#forgetVersion('the collection is gone')
    else if (this.#errorEvents >= maxErrorEvents) this.#forgetVersion('error events in a row')
    const fields = { reflector: this.#options.name, error: message }
    // A cause that lasts is told once, not each 30 s.
    if (message === this.#lastError) this.#options.logger?.debug(fields, 'list or watch failed again')
    else this.#options.logger?.warn(fields, 'list or watch failed, trying again')
    this.#lastError = message
    this.#forbidden = isForbidden(error)
    this.#setPhase('waiting')
    for (const wake of [...this.#syncWaiters]) wake()
    return this.#backoff.nextMs(error instanceof KubeError ? error.retryAfterMs : undefined)
  }

  /** From here on events may be missing, until the next complete list. */
  #forgetVersion(why: string): void {
    if (this.#version === undefined) return
    this.#version = undefined
    this.#synced = false
    this.#errorEvents = 0
    this.#options.logger?.info({ reflector: this.#options.name, why }, 'listing again')
  }

  #handle(call: () => void): void {
    try {
      call()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new HandlerFailure(`${this.#options.name}: its handler failed: ${message}`, { cause: error })
    }
  }

  #noteProgress(): void {
    this.#backoff.reset()
    this.#failures = 0
    this.#lastError = undefined
    this.#forbidden = false
  }

  readonly #noteActivity = (): void => {
    this.#lastActivityAt = performance.now()
  }

  #setPhase(phase: ReflectorState['phase']): void {
    this.#phase = phase
    this.#options.onState?.({ phase: this.#phase, synced: this.#synced, error: this.#lastError })
  }
}

/** Whether `a` is the older of two versions; versions that are no numbers cannot be told apart. */
function isBefore(a: string, b: string): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b)
}
