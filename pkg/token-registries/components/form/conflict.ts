// Saving over somebody else's change: what is compared, and what becomes of both.
import { ANNOTATIONS } from '../../config/types'
import { credentialsPath, providerPath } from '../../utils/form-layout'
import { liveRegistry, type EditedObject, type KindNames } from '../../utils/form-save'
import type { PageStore } from '../../utils/raw'
import { lastWriter, merge, type Merge } from '../../utils/spec-merge'
import { parsePath } from '../../utils/spec-path'

/** Written by buttons and programs, not by people with a view on the registry: what is there now is taken. */
const notEdited: readonly string[] = [
  ANNOTATIONS.refreshRequestedAt,
  'kubectl.kubernetes.io/last-applied-configuration',
]

/** What the form edits. */
export interface Editable {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: object
}

export interface Conflict {
  /** What the user started from, and what is there now. */
  readonly base: Editable
  readonly theirs: Editable
  readonly merge: Merge<Editable>
  /** Annotations that nobody edits, as they are now. */
  readonly marks: Readonly<Record<string, string>>
  /** To be sent with the merged object. */
  readonly resourceVersion: string
  /** The program that wrote last. */
  readonly writer?: string
}

/** A copy of what the form edits of an object. */
export function editable(object: EditedObject): Editable {
  const { labels = {} } = object.metadata as Partial<Editable>
  const annotations = annotationsWhere(object, (key) => !notEdited.includes(key))
  return JSON.parse(JSON.stringify({ labels, annotations, spec: object.spec ?? {} })) as Editable
}

function annotationsWhere(object: EditedObject, wanted: (key: string) => boolean): Record<string, string> {
  const { annotations = {} } = object.metadata as Partial<Editable>
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => wanted(key)))
}

type Live = EditedObject & {
  readonly metadata: { readonly resourceVersion: string; readonly managedFields?: readonly object[] }
}

/**
 * Compares what the user has with what is in the cluster now.
 * @throws what the cluster refuses it with
 */
export async function findConflict(
  store: PageStore,
  names: KindNames,
  base: Editable,
  mine: EditedObject,
): Promise<Conflict> {
  const live = await liveRegistry<Live>(store, names, mine)
  const theirs = editable(live)
  const writer = lastWriter(live)
  return {
    base,
    theirs,
    merge: merge(base, editable(mine), theirs, [providerPath, credentialsPath].map(parsePath)),
    marks: annotationsWhere(live, (key) => notEdited.includes(key)),
    resourceVersion: live.metadata.resourceVersion,
    ...(writer !== undefined && { writer }),
  }
}
