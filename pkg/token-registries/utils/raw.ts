// The Kubernetes API of a cluster as the Dashboard reaches it: for what Steve does not serve, such as access reviews.

/** As much of the Dashboard's vuex store as our code uses, so that tests can stand in for it. */
export interface PageStore {
  // What the getters give differs from name to name; each use says what it expects.
  readonly getters: Readonly<Record<string, unknown>>
  dispatch(action: string, payload?: unknown, options?: { root?: boolean }): Promise<unknown>
}

/** What `management/request` takes. */
export interface RawRequest {
  /** Absolute on this host; `rawPath` makes one. */
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly data?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Id of the cluster that the page shows; empty outside of one. */
export function currentCluster(store: PageStore): string {
  return (store.getters['clusterId'] as string | undefined) ?? ''
}

/**
 * Path of a cluster's own API server, for `local` too: `/k8s/clusters/<cluster>/<path>`.
 * @param path as Kubernetes has it, such as `/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`
 */
export function rawPath(cluster: string, path: string): string {
  return `/k8s/clusters/${encodeURIComponent(cluster)}/${path.replace(/^\/+/, '')}`
}

/**
 * Sends a request as the user of the page. A 401 does not log the user out.
 * @throws the answer's body with `_status` (an API error), or axios' error when there was no answer
 */
export async function rawRequest<Answer>(store: PageStore, request: RawRequest): Promise<Answer> {
  // The path names the cluster, so either store would do; this one is there on every page.
  return (await store.dispatch('management/request', { ...request, redirectUnauthorized: false })) as Answer
}
