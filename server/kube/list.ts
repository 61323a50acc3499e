import type { KubeClient } from './client.ts'
import { isGone } from './errors.ts'
import type { KubeList } from './types.ts'

/** What a metadata-only request asks for; a server that does not know it sends the whole object. */
export const metadataListAccept =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'
/** The same for single objects, as in the events of a watch. */
export const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

/** Which collection to list, and in what portions. */
export interface ListRequest {
  client: KubeClient
  path: string
  query?: Record<string, string>
  accept?: string
  /** Objects per request. */
  pageSize: number
  signal?: AbortSignal
  /** Called before each page is asked for. */
  onPage?: () => void
}

/** Expired tokens in a row that are answered by starting again; the next one is an error of the list. */
const maxRestarts = 5

/**
 * Lists a collection page by page, at one consistent version, and hands out objects as they come, so that no more
 * than a page is held. When the continue token expires in between (410: the list took longer than the history that
 * etcd keeps) it starts again with larger pages: objects may come twice, and `restarted` is called before.
 * @returns the version from which a watch goes on
 */
export async function listPages<T>(
  request: ListRequest,
  visit: (object: T) => void,
  restarted: () => void,
): Promise<string> {
  let limit = request.pageSize
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(request, limit, visit)
    } catch (error) {
      if (!isGone(error) || restarts === maxRestarts) throw error
      limit *= 4
      restarted()
    }
  }
}

async function listOnce<T>(request: ListRequest, limit: number, visit: (object: T) => void): Promise<string> {
  let token: string | undefined
  for (;;) {
    request.onPage?.()
    const page = await requestPage<T>(request, limit, token)
    for (const object of page.items) visit(object)
    token = page.metadata.continue
    if (!token) return page.metadata.resourceVersion ?? ''
  }
}

/** One page, read consistently: no resourceVersion is given, so the server answers the newest state. */
export function requestPage<T>(
  request: ListRequest,
  limit: number,
  token: string | undefined,
): Promise<KubeList<T>> {
  return request.client.request<KubeList<T>>({
    method: 'GET',
    path: request.path,
    query: { ...request.query, limit: String(limit), ...(token ? { continue: token } : {}) },
    ...(request.accept === undefined ? {} : { accept: request.accept }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}
