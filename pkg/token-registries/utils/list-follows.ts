// Steve answers lists from a cache that may be from before a write which the API server has just confirmed, and the
// watch of a list that is opened then begins after that write: the change would show only after a reload.

/** Asks Steve. @throws what the request was refused with */
export type Ask = (url: string) => Promise<unknown>

/** What a list must show before it is opened. */
export interface Change {
  readonly name: string
  /** Of namespaced kinds. */
  readonly namespace?: string
  /** The generation that was written, or a later one; by default any. */
  readonly generation?: number
  /** The object was deleted: the list must no longer have the one of this uid. */
  readonly gone?: string
}

interface List {
  readonly data?: readonly { readonly metadata: Found }[]
}

interface Found {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly generation?: number
}

/** Milliseconds before each further look; about 3 s in all. */
const pauses = [50, 100, 200, 400, 800, 1500]

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Waits until the list of a kind shows a change, for about 3 s at most: after that the list is opened as it is.
 * @param collection the schema's link to all objects of the kind; without it nobody may list them, and nothing is asked
 * @returns whether the list shows it; false also when it cannot be asked
 */
export async function listFollows(
  ask: Ask,
  collection: string | undefined,
  change: Change,
  wait = pause,
): Promise<boolean> {
  if (collection === undefined) return false
  const url = `${collection}?${query(change)}`
  try {
    for (const next of [...pauses, undefined]) {
      if (shows((await ask(url)) as List, change)) return true
      if (next !== undefined) await wait(next)
    }
  } catch {
    // The change is written; how soon a list shows it is no reason to tell of a failure.
  }
  return false
}

function query({ name, namespace }: Change): string {
  const filters = [`metadata.name='${name}'`, ...(namespace ? [`metadata.namespace='${namespace}'`] : [])]
  const parts = filters.map((filter) => `filter=${encodeURIComponent(filter)}`)
  return [...parts, 'exclude=metadata.managedFields', 'exclude=spec', 'exclude=status'].join('&')
}

function shows({ data = [] }: List, { name, namespace, generation = 0, gone }: Change): boolean {
  const found = data
    .map(({ metadata }) => metadata)
    .find((metadata) => metadata.name === name && (metadata.namespace ?? '') === (namespace ?? ''))
  if (gone !== undefined) return found?.uid !== gone
  return found !== undefined && (found.generation ?? 0) >= generation
}
