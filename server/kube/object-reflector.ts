import { Backoff, wait } from './backoff.ts'
import type { KubeClient } from './client.ts'
import { isForbidden, isGone, isNotFound, KubeError } from './errors.ts'
import { metadataAccept } from './list.ts'
import type { KubeLogger } from './logger.ts'
import type { KubeObject, WatchEvent } from './types.ts'
import { watchOnce } from './watch.ts'

/** One object to follow by its name, and who hears of it. Handlers run synchronously and must not throw. */
export interface ObjectReflectorOptions<T> {
  /** For logs and errors. */
  name: string
  client: KubeClient
  /** Path of the collection. */
  path: string
  objectName: string
  /** Ask the watch for metadata alone; the object is still read whole. */
  metadataOnly?: boolean
  handler: {
    /** The whole object, as read. */
    found(object: T): void
    /** There is none of this name. */
    missing(): void
    event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  }
  /** A watch without any byte for this long is opened anew. */
  silenceMs: number
  onState?: () => void
  logger?: KubeLogger
}

const watchTimeoutSeconds = 290
/** A watch that ends sooner without an event would spin if it were opened again at once. */
const shortestWatchMs = 1000

/**
 * Follows one object with no more rights than `get` and `watch` on it: RBAC's resourceNames cannot grant a list. The
 * watch is opened first and the object read after that, so nothing falls between the two; what the watch says while
 * the read is under way is told after it.
 */
export class ObjectReflector<T extends KubeObject = KubeObject> {
  readonly #options: ObjectReflectorOptions<T>
  readonly #backoff = new Backoff({ minMs: 250, maxMs: 30_000 })
  readonly #stop = new AbortController()
  readonly #waiters = new Set<() => void>()
  #running: Promise<void> | undefined
  /** Where to resume; undefined = read first. */
  #version: string | undefined
  #lastActivityAt = Number.NEGATIVE_INFINITY

  /** Read, and no event can have been missed since. */
  synced = false
  /** The last try was refused for want of rights. */
  forbidden = false
  /** Why the last try failed; undefined while it works. */
  lastError: string | undefined

  constructor(options: ObjectReflectorOptions<T>) {
    this.#options = options
  }

  /** Begins; does nothing when it already runs. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the watch and resolves when no handler will be called any more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** How old the view of the object may be; Infinity before the first read. */
  staleForMs(): number {
    return performance.now() - this.#lastActivityAt
  }

  /** Resolves when synced, with `orForbidden` also when the rights are missing; rejects with the signal's reason. */
  async waitForSync(signal: AbortSignal, orForbidden = false): Promise<void> {
    while (!this.synced && !(orForbidden && this.forbidden)) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal
    while (!stopped.aborted) {
      try {
        await this.#follow()
        if (this.#version === undefined) this.synced = false
      } catch (error) {
        if (stopped.aborted) break
        await wait(this.#noteFailure(error), stopped)
      }
    }
  }

  /** One watch to its end. Without a version to resume from, the object is read as soon as the watch is open. */
  async #follow(): Promise<void> {
    const { client, path, objectName, metadataOnly, silenceMs } = this.#options
    const cut = new AbortController()
    const signal = AbortSignal.any([cut.signal, this.#stop.signal])
    const openedAt = performance.now()
    let held: (() => void)[] | undefined = this.#version === undefined ? [] : undefined
    let reading: Promise<void> | undefined
    let events = 0
    const read = async (): Promise<void> => {
      try {
        await this.#read(signal)
      } catch (error) {
        cut.abort()
        throw error
      }
      for (const tell of held ?? []) tell()
      held = undefined
      this.#noteSynced()
    }
    const end = await watchOnce({
      client,
      path,
      query: { fieldSelector: `metadata.name=${objectName}` },
      ...(metadataOnly ? { accept: metadataAccept } : {}),
      resourceVersion: this.#version ?? '',
      timeoutSeconds: Math.round(watchTimeoutSeconds * (1 + Math.random() / 10)),
      silenceMs,
      signal,
      onBytes: () => {
        this.#lastActivityAt = performance.now()
        if (held === undefined || reading !== undefined) return
        reading = read()
        reading.catch(() => undefined) // thrown below, when the watch that it cut has ended
      },
      onErrorEvent: () => undefined, // it is thrown, and told by #noteFailure
      onEvent: (event, next) => {
        events += 1
        const tell = (): void => this.#deliver(event, next)
        if (held === undefined) tell()
        else held.push(tell)
      },
    }).catch(async (error: unknown) => {
      cut.abort()
      await reading?.catch(() => undefined)
      throw error
    })
    await reading
    if (end === 'closed' && events === 0 && performance.now() - openedAt < shortestWatchMs)
      throw new KubeError({ status: 0, reason: 'Network', message: `watch ${path}: ended at once` })
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { client, path, objectName, handler } = this.#options
    try {
      handler.found(await client.request<T>({ method: 'GET', path: `${path}/${objectName}`, signal }))
    } catch (error) {
      if (!isNotFound(error)) throw error
      handler.missing()
    }
  }

  #deliver(event: WatchEvent<KubeObject>, next: string): void {
    if (event.type !== 'BOOKMARK' && event.type !== 'ERROR')
      this.#options.handler.event(event.type, event.object as T)
    this.#version = next
  }

  #noteSynced(): void {
    this.synced = true
    this.forbidden = false
    this.lastError = undefined
    this.#backoff.reset()
    this.#wake()
  }

  /** @returns how long to wait before the next try, in milliseconds */
  #noteFailure(error: unknown): number {
    const message = error instanceof Error ? error.message : String(error)
    this.forbidden = isForbidden(error)
    if (isGone(error) || this.forbidden) this.#version = undefined // what happens meanwhile is not told
    if (this.#version === undefined) this.synced = false
    const fields = { reflector: this.#options.name, error: message }
    if (message === this.lastError) this.#options.logger?.debug(fields, 'watch failed again')
    else this.#options.logger?.warn(fields, 'watch failed, trying again')
    this.lastError = message
    this.#wake()
    return this.#backoff.nextMs(error instanceof KubeError ? error.retryAfterMs : undefined)
  }

  #wake(): void {
    this.#options.onState?.()
    for (const wake of [...this.#waiters]) wake()
    this.#waiters.clear()
  }
}
