// Steve 0.10 watches each namespace of somebody who may see only some, and lets these watches share one request object
// (watchByPartition in rancher/steve): now and then all watch the same namespace, and an open list misses what changes in
// the others until a reload. A badge that stays green must not be the price.

/** How often an open list looks again, in milliseconds. */
export const lookAgainMs = 30_000

/** What is used of the Dashboard's store. */
export interface ListStore {
  readonly getters: Readonly<Record<string, (type: string) => { readonly request: object } | null>>
  dispatch(action: string, payload: object): Promise<unknown>
}

/**
 * Asks again for the page of a list that the store holds, if any.
 * @param type the kind, by Steve's name
 */
export async function lookNow(store: ListStore, type: string): Promise<void> {
  const page = store.getters['cluster/havePage']?.(type)
  if (!page) return
  const opt = { ...page.request, force: true, watch: false }
  // A list that cannot be had now stays as it is: the next look comes, and the socket tells of a lost connection.
  await store.dispatch('cluster/findPage', { type, opt }).catch(() => undefined)
}

/**
 * Looks again now and then while the window can be seen. Beside the Dashboard's watch, not instead of it.
 * @param type the kind, by Steve's name
 * @returns stops it
 */
export function keepLooking(store: ListStore, type: string): () => void {
  const look = (): void => {
    if (document.visibilityState === 'visible') void lookNow(store, type)
  }
  const timer = setInterval(look, lookAgainMs)
  return () => clearInterval(timer)
}
