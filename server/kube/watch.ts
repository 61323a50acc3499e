import type { KubeClient } from './client.ts'
import { errorOfStatus, KubeError } from './errors.ts'
import type { KubeObject, Status, WatchEvent } from './types.ts'

/** One watch of a collection, and who hears of what comes. */
export interface WatchRequest {
  client: KubeClient
  path: string
  query?: Record<string, string>
  accept?: string
  /** Where to go on: the watch yields what came after it. */
  resourceVersion: string
  /** The server ends the watch after this long. */
  timeoutSeconds: number
  /**
   * Without any byte for this long the watch is cut. Bookmarks come about each minute where etcd reports progress
   * often, and not at all for a kind that nobody changes where it does not: a silent watch is no error.
   */
  silenceMs: number
  signal: AbortSignal
  /** Called when the server begins to answer and for each chunk. */
  onBytes: () => void
  /** Called for each event and bookmark, with the version to resume from after it. */
  onEvent: (event: WatchEvent<KubeObject>, resourceVersion: string) => void
  /** Called for an ERROR event, which is then thrown. */
  onErrorEvent: () => void
}

/** Why a watch ended; refusals, ERROR events and broken connections are thrown as KubeError instead. */
export type WatchEnd = 'closed' | 'silent' | 'aborted'

/** Runs one watch to its end. What `onEvent` throws comes out unchanged. */
export async function watchOnce(request: WatchRequest): Promise<WatchEnd> {
  const silence = new SilenceAlarm(request.silenceMs, request.signal)
  try {
    const lines = request.client.stream({
      method: 'GET',
      path: request.path,
      query: {
        ...request.query,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: request.resourceVersion,
        timeoutSeconds: String(request.timeoutSeconds),
      },
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      signal: silence.signal,
      onBytes: () => {
        silence.postpone()
        request.onBytes()
      },
    })
    for await (const line of lines) handleLine(line as WatchEvent<KubeObject>, request)
    return 'closed'
  } catch (error) {
    if (request.signal.aborted) return 'aborted'
    if (silence.fired && error instanceof KubeError) return 'silent'
    throw error
  } finally {
    silence.stop()
  }
}

function handleLine(event: WatchEvent<KubeObject>, request: WatchRequest): void {
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      request.onEvent(event, event.object.metadata.resourceVersion)
      return
    case 'ERROR':
      request.onErrorEvent()
      throw errorOfStatus(`watch ${request.path}`, event.object as unknown as Status)
    default:
      // A type of a future server: its object may still be understood by whoever reads the next event.
      return
  }
}

/** Aborts when it is not postponed for a while, or when the outer signal aborts. */
class SilenceAlarm {
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal
  readonly #timer: NodeJS.Timeout
  /** The abort came from here, not from outside. */
  fired = false

  constructor(silenceMs: number, outer: AbortSignal) {
    this.#outer = outer
    this.#timer = setTimeout(() => {
      this.fired = true
      this.#abort()
    }, silenceMs)
    if (outer.aborted) this.#abort()
    else outer.addEventListener('abort', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  postpone(): void {
    this.#timer.refresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => {
    this.#controller.abort()
  }
}
