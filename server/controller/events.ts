import { group, version } from '../core/registry.ts'
import type { KubeClient } from '../kube/client.ts'
import { resourcePath } from '../kube/paths.ts'

/** How events are written. `onError` hears of those that could not be: `record` never rejects. */
export interface EventRecorderOptions {
  readonly client: KubeClient
  readonly guard: () => void
  /** Name of this replica. */
  readonly instance: string
  readonly onError: (error: unknown) => void
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

/** Writes events.k8s.io/v1 Events on our kinds. Losing one is logged and hurts nobody. */
export class EventRecorder {
  readonly #options: EventRecorderOptions

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  async record(subject: EventSubject, type: EventType, reason: string, note: string): Promise<void> {
    const { client, guard, instance, onError } = this.#options
    const namespace = subject.namespace === '' ? 'default' : subject.namespace
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${subject.name.slice(0, 200)}-`, namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type,
      reason,
      note: note.length > maxNote ? `${note.slice(0, maxNote - 1)}…` : note,
      action: 'Reconcile',
      reportingController: group,
      reportingInstance: instance,
      regarding: { apiVersion: `${group}/${version}`, ...subject },
    }
    const path = resourcePath({ group: 'events.k8s.io', version: 'v1', resource: 'events', namespace })
    try {
      await client.request({ method: 'POST', path, body, guard })
    } catch (error) {
      onError(error)
    }
  }
}
