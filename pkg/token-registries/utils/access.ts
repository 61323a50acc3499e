// What the user may do, asked of the cluster itself: Steve's schemas tell what is allowed in some namespace, not in this one.
import { GROUP } from '../config/types'
import { currentCluster, rawPath, rawRequest, type PageStore } from './raw'

/** Question of a SelfSubjectAccessReview; `group` '' is the core one. */
export interface ResourceAttributes {
  readonly verb: string
  readonly resource: string
  readonly group?: string
  readonly subresource?: string
  /** Absent: in all namespaces, or a cluster-scoped resource. */
  readonly namespace?: string
  /** Absent: all objects. */
  readonly name?: string
}

interface Review {
  readonly status?: { readonly allowed?: boolean }
}

interface Remembered {
  readonly since: number
  readonly answer: Promise<boolean>
}

/** Rights change by other people's hands; an answer of a minute ago costs a refused click at worst. */
const keepMs = 60_000
const keepAtMost = 200
const remembered = new Map<string, Remembered>()

/** Forgets all answers: for tests, and after a refusal that contradicts one. */
export function forgetAccess(): void {
  remembered.clear()
}

/**
 * Whether the cluster would let the user do this. Answers are kept for a minute by cluster and user; equal questions
 * at the same time are asked once.
 * @param cluster id; by default the one that the page shows
 * @throws what the request was refused with; a failed question is not kept and is not a "no"
 */
export function mayI(
  store: PageStore,
  attributes: ResourceAttributes,
  cluster = currentCluster(store),
): Promise<boolean> {
  const { verb, group = '', resource, subresource = '', namespace = '', name = '' } = attributes
  const user = (store.getters['auth/principalId'] as string | null | undefined) ?? ''
  const key = JSON.stringify([cluster, user, verb, group, resource, subresource, namespace, name])

  const now = Date.now()
  const known = remembered.get(key)
  if (known && now - known.since < keepMs) return known.answer

  const answer = review(store, cluster, { verb, group, resource, subresource, namespace, name })
  remembered.delete(key) // so that it counts as the newest
  remembered.set(key, { since: now, answer })
  answer.catch(() => {
    if (remembered.get(key)?.answer === answer) remembered.delete(key)
  })
  for (const oldest of remembered.keys()) {
    if (remembered.size <= keepAtMost) break
    remembered.delete(oldest)
  }
  return answer
}

async function review(
  store: PageStore,
  cluster: string,
  resourceAttributes: Required<ResourceAttributes>,
): Promise<boolean> {
  const { status } = await rawRequest<Review>(store, {
    url: rawPath(cluster, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'),
    method: 'POST',
    data: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  })
  return status?.allowed === true
}

/** Whether the user may create one of our kinds (`resource` is the plural), in that namespace where it has one. */
export function mayCreate(
  store: PageStore,
  { resource, namespace }: { readonly resource: string; readonly namespace?: string },
): Promise<boolean> {
  return mayI(store, { verb: 'create', group: GROUP, resource, ...(namespace && { namespace }) })
}

/**
 * Whether the user may serve a whole project, as the admission policy asks it.
 * @param projectId `<cluster id>:<project id>`, the value of the namespace's annotation
 */
export function mayUseProject(store: PageStore, projectId: string): Promise<boolean> {
  const name = projectId.split(':')[1]
  if (!name) return Promise.resolve(false)
  return mayI(store, {
    verb: 'manage-namespaces',
    group: 'management.cattle.io',
    resource: 'projects',
    name,
  })
}

/** Whether the user may read all Secrets of a namespace: list them and use any of them for a registry. */
export function mayGetSecrets(store: PageStore, namespace: string, name?: string): Promise<boolean> {
  return mayI(store, { verb: 'get', resource: 'secrets', namespace, ...(name && { name }) })
}

/** Whether the user may make Secrets in a namespace. */
export function mayCreateSecrets(store: PageStore, namespace: string): Promise<boolean> {
  return mayI(store, { verb: 'create', resource: 'secrets', namespace })
}

/** Whether the user may let pods of a namespace pull: without a name all ServiceAccounts, without a namespace all namespaces. */
export function mayPatchServiceAccounts(
  store: PageStore,
  namespace?: string,
  name?: string,
): Promise<boolean> {
  return mayI(store, {
    verb: 'patch',
    resource: 'serviceaccounts',
    ...(namespace && { namespace }),
    ...(name && { name }),
  })
}
