import { group, version } from '../core/registry.ts'
import type { KubeClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { resourcePath } from '../kube/paths.ts'

/** How events are written. `onError` hears of those that could not be: `record` never rejects. */
export interface EventRecorderOptions {
  readonly client: KubeClient
  readonly guard: () => void
  /** Name of this replica. */
  readonly instance: string
  readonly onError: (error: unknown) => void
  /** What comes again within so many milliseconds belongs to one series. Default 6 minutes, as with client-go. */
  readonly seriesMs?: number
  /** The least time between two counts of one series that are written, in milliseconds. Default 10 s. */
  readonly writeGapMs?: number
}

/** The object that an event is about. `namespace` is empty for cluster-scoped kinds, whose events go to `default`. */
export interface EventSubject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid?: string
}

/** The only two types that events.k8s.io/v1 accepts. */
export type EventType = 'Normal' | 'Warning'

/** What kubectl shows cuts at 1024 characters; the API server refuses more. */
const maxNote = 1024

/** One Event object, and how often what it says came. */
interface Series {
  readonly namespace: string
  /** Its name, or undefined when it could not be created. */
  created: Promise<string | undefined>
  count: number
  lastAt: number
  countedAt: number
  timer: NodeJS.Timeout | undefined
}

/**
 * Writes events.k8s.io/v1 Events on our kinds. What comes again counts up the series of the first one, whatever its note
 * says by then: one object for each subject, type and reason, counted at once when it comes for the second time and then
 * at most once in `writeGapMs`, however often something fails. Losing one is logged and hurts nobody.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #seriesMs: number
  readonly #writeGapMs: number
  /** In the order of their last occurrence. */
  readonly #series = new Map<string, Series>()

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#seriesMs = options.seriesMs ?? 6 * 60_000
    this.#writeGapMs = options.writeGapMs ?? 10_000
  }

  /** Resolves when the event was written, or was counted to be written later. */
  async record(subject: EventSubject, type: EventType, reason: string, note: string): Promise<void> {
    const { kind, namespace, name, uid = '' } = subject
    const key = [kind, namespace, name, uid, type, reason].join('\n')
    const now = performance.now()
    this.#forgetEnded(now)
    const known = this.#series.get(key)
    if (known !== undefined) {
      known.count++
      known.lastAt = now
      this.#series.delete(key)
      this.#series.set(key, known)
      this.#writeLater(key, known)
      return
    }
    const series: Series = {
      namespace: namespace === '' ? 'default' : namespace,
      created: Promise.resolve(undefined),
      count: 1,
      lastAt: now,
      countedAt: -Infinity,
      timer: undefined,
    }
    this.#series.set(key, series)
    series.created = this.#create(key, series.namespace, { subject, type, reason, note })
    await series.created
  }

  /** Drops what was counted and not yet written. */
  stop(): void {
    for (const { timer } of this.#series.values()) clearTimeout(timer)
    this.#series.clear()
  }

  async #create(
    key: string,
    namespace: string,
    { subject, type, reason, note }: { subject: EventSubject; type: EventType; reason: string; note: string },
  ): Promise<string | undefined> {
    const { client, guard, instance, onError } = this.#options
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${subject.name.slice(0, 200)}-`, namespace },
      eventTime: microTime(),
      type,
      reason,
      note: note.length > maxNote ? `${note.slice(0, maxNote - 1)}…` : note,
      action: 'Reconcile',
      reportingController: group,
      reportingInstance: instance,
      regarding: { apiVersion: `${group}/${version}`, ...subject },
    }
    try {
      const path = eventPath(namespace)
      const made = await client.request<{ metadata: { name: string } }>({ method: 'POST', path, body, guard })
      return made.metadata.name
    } catch (error) {
      this.#series.delete(key)
      onError(error)
      return undefined
    }
  }

  #writeLater(key: string, series: Series): void {
    const dueIn = Math.max(0, series.countedAt + this.#writeGapMs - performance.now())
    series.timer ??= setTimeout(() => {
      series.timer = undefined
      void this.#count(key, series)
    }, dueIn).unref()
  }

  async #count(key: string, series: Series): Promise<void> {
    const { client, guard, onError } = this.#options
    const name = await series.created
    if (name === undefined) return
    series.countedAt = performance.now()
    const body = { series: { count: series.count, lastObservedTime: microTime() } }
    try {
      await client.request({ method: 'PATCH', path: eventPath(series.namespace, name), body, guard })
    } catch (error) {
      // Events live for an hour or as long as somebody likes: the next one is a new object.
      if (isNotFound(error)) this.#series.delete(key)
      else onError(error)
    }
  }

  #forgetEnded(now: number): void {
    for (const [key, { lastAt, timer }] of this.#series) {
      if (now - lastAt < this.#seriesMs) return
      if (timer === undefined) this.#series.delete(key)
    }
  }
}

function eventPath(namespace: string, name?: string): string {
  const path = { group: 'events.k8s.io', version: 'v1', resource: 'events', namespace }
  return resourcePath(name === undefined ? path : { ...path, name })
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
