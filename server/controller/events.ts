import type { Registry } from '../core/registry.ts'
import { group, version } from '../core/registry.ts'
import type { KubeClient } from '../kube/client.ts'
import { resourcePath } from '../kube/paths.ts'

export interface EventRecorderOptions {
  readonly client: KubeClient
  readonly guard: () => void
  /** Name of this replica. */
  readonly instance: string
  readonly onError: (error: unknown) => void
}

export type EventType = 'Normal' | 'Warning'

/** What kubectl shows cuts at 1024 characters; the API server refuses more. */
const maxNote = 1024

/** Writes events.k8s.io/v1 Events on registries. Losing one is logged and hurts nobody. */
export class EventRecorder {
  readonly #options: EventRecorderOptions

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  async record(registry: Registry, type: EventType, reason: string, note: string): Promise<void> {
    const { client, guard, instance, onError } = this.#options
    const namespace = registry.ref.namespace === '' ? 'default' : registry.ref.namespace
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${registry.ref.name.slice(0, 200)}-`, namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type,
      reason,
      note: note.length > maxNote ? `${note.slice(0, maxNote - 1)}…` : note,
      action: 'Reconcile',
      reportingController: group,
      reportingInstance: instance,
      regarding: {
        apiVersion: `${group}/${version}`,
        kind: registry.ref.kind,
        name: registry.ref.name,
        namespace: registry.ref.namespace,
        uid: registry.uid,
        resourceVersion: registry.resourceVersion,
      },
    }
    const path = resourcePath({ group: 'events.k8s.io', version: 'v1', resource: 'events', namespace })
    try {
      await client.request({ method: 'POST', path, body, guard })
    } catch (error) {
      onError(error)
    }
  }
}
