import {
  apiRevision,
  type TokenRegistryServer,
  type TokenRegistryServerStatus,
} from '../api/v1alpha1/index.ts'
import type { Policy } from '../core/policy.ts'
import { group, version as apiVersion } from '../core/registry.ts'
import { canonical } from '../core/status.ts'
import type { KubeClient } from '../kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts'
import { resourcePath } from '../kube/paths.ts'
import type { KubeObject } from '../kube/types.ts'
import type { TokenProvider } from '../providers/provider.ts'

const resource = { group, version: apiVersion, resource: 'tokenregistryservers' } as const
const name = 'default'

/** What the TokenRegistryServer object tells; `leader` is the name of the pod that does the work. */
export interface ServerFacts {
  readonly version: string
  readonly namespace: string
  readonly leader: string
  readonly providers: readonly TokenProvider[]
  readonly policy: Policy
}

/** Pure: what every authenticated user may know of this server; pages build their forms from it. */
export function serverStatus({
  version,
  namespace,
  leader,
  providers,
  policy,
}: ServerFacts): TokenRegistryServerStatus {
  const { namespaces, projects } = policy.serverIdentity
  return {
    version,
    apiRevision,
    namespace,
    leader,
    providers: providers.map(({ type, accepts }) => ({
      name: type,
      credentials: accepts.map((kind) => (kind === 'material' ? 'secret' : kind)),
    })),
    policy: {
      allowedEndpoints: [...policy.allowedEndpoints],
      serverIdentityNamespaces: [...namespaces.keys()],
      serverIdentityProjects: [...projects.keys()],
    },
  }
}

/** Writes the one TokenRegistryServer object when it says something else. @throws KubeError */
export async function publishServer(
  client: KubeClient,
  status: TokenRegistryServerStatus,
  guard: () => void,
): Promise<void> {
  const path = resourcePath({ ...resource, name })
  let current: KubeObject & Pick<TokenRegistryServer, 'status'>
  try {
    current = await client.request({ method: 'GET', path })
  } catch (error) {
    if (!isNotFound(error)) throw error
    const body = { apiVersion: `${group}/${apiVersion}`, kind: 'TokenRegistryServer', metadata: { name } }
    try {
      current = await client.request({ method: 'POST', path: resourcePath(resource), body, guard })
    } catch (raced) {
      if (!isAlreadyExists(raced)) throw raced
      return publishServer(client, status, guard)
    }
  }
  if (canonical(current.status) === canonical(status)) return
  const { uid, resourceVersion } = current.metadata
  const body = { metadata: { uid, resourceVersion }, status }
  try {
    await client.request({
      method: 'PATCH',
      path: resourcePath({ ...resource, name, subresource: 'status' }),
      body,
      guard,
    })
  } catch (error) {
    if (isConflict(error)) return publishServer(client, status, guard)
    throw error
  }
}
