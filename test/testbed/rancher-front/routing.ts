// Which cluster a path of the API belongs to, and whether its caller gets there.
import { identityOf, nobody } from './identity.ts'
import type { Target } from './forward.ts'
import type { Account, Cluster } from './options.ts'

/** Path and query of a request target, with `..` resolved. What looks like another host counts as a path. */
export function normalise(target: string): { path: string; query: string } {
  const url = new URL(`http://front${target.startsWith('/') ? target : `/${target}`}`)
  return { path: url.pathname, query: url.search }
}

const clusterPath = /^\/k8s\/clusters\/([^/]+)(\/(?:v1|api|apis|openapi|version)(?:\/.*)?)$/
const localPath = /^\/(?:v1|api|apis|openapi|version)(?:\/|$)/

/** Rancher's ClusterRole cattle-unauthenticated decides what of the settings these really get. */
const openToAll = /^\/(?:version|v1\/management\.cattle\.io\.settings?(?:\/[^/]+)?)$/

/** A refusal: a status, and its message when Rancher gives one. */
export interface Refusal {
  status: number
  message?: string
}

/** What is asked: the Host header decides the links of the answer. */
export interface Asked {
  method: string
  path: string
  query: string
  host: string
  account: Account | undefined
}

/**
 * Where a request of the API goes; undefined for a path that is no cluster's.
 * @param clusters by id; `local` also answers without `/k8s/clusters/local`
 */
export async function findTarget(
  clusters: ReadonlyMap<string, Cluster>,
  { method, path, query, host, account }: Asked,
): Promise<Target | Refusal | undefined> {
  const [, id = 'local', rest = path] = clusterPath.exec(path) ?? []
  if (rest === path && !localPath.test(path)) return undefined
  if (!account && !(method === 'GET' && openToAll.test(path))) {
    return { status: 401, message: 'must authenticate' }
  }
  const cluster = clusters.get(id)
  if (!cluster) return { status: 404, message: 'No cluster available' }
  const downstream = id !== 'local'
  // Rancher asks this for Steve of a downstream cluster only, and says nothing but the status. The raw paths are
  // refused by that cluster's own rules.
  if (downstream && account && rest.startsWith('/v1') && !(await isMember(clusters, id, account))) {
    return { status: 401 }
  }
  return {
    origin: cluster.steve.url,
    path: rest + query,
    identity: account ? identityOf(account) : nobody,
    host,
    // For `local` Rancher removes the path before Steve sees it, so the links have no prefix.
    prefix: downstream ? `/k8s/clusters/${id}` : '',
  }
}

/** Whether somebody may read the cluster's object in the management cluster, which is what makes a member. */
async function isMember(
  clusters: ReadonlyMap<string, Cluster>,
  id: string,
  account: Account,
): Promise<boolean> {
  const { user, groups } = identityOf(account)
  const resourceAttributes = { verb: 'get', group: 'management.cattle.io', resource: 'clusters', name: id }
  const review = await clusters.get('local')?.plane.admin.create<{
    status: { allowed: boolean }
  }>('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user, groups, resourceAttributes } })
  return review?.status.allowed === true
}
