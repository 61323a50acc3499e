import type { ClusterTokenRegistrySpec, RegistryStatus, TokenRegistrySpec } from '../api/v1alpha1/index.ts'
import { annotations } from '../core/names.ts'
import { ownerText, type Attach, type CredentialsSpec, type Registry, type Target } from '../core/registry.ts'
import { durationMs } from '../core/schedule.ts'
import type { KubeObject } from '../kube/types.ts'

/** A TokenRegistry or ClusterTokenRegistry as the API server gives it: defaults applied, rules checked. */
export interface RegistryObject extends KubeObject {
  spec: TokenRegistrySpec | ClusterTokenRegistrySpec
  status?: RegistryStatus
}

/** Pure: both kinds in the one shape that the loop works with. Objects of a cluster-scoped kind have no namespace. */
export function parseRegistry(object: RegistryObject): Registry {
  const { metadata, spec, status } = object
  const namespace = metadata.namespace ?? ''
  const ref = {
    kind: namespace === '' ? 'ClusterTokenRegistry' : 'TokenRegistry',
    namespace,
    name: metadata.name,
  } as const
  const [type = '', config] = Object.entries(spec.provider)[0] ?? []
  return {
    ref,
    owner: ownerText(ref),
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation ?? 0,
    createdAt: metadata.creationTimestamp ?? '',
    refreshRequest: metadata.annotations?.[annotations.refreshRequestedAt],
    provider: { type, config },
    credentials: parseCredentials(spec.credentials),
    target: parseTarget(spec),
    secretName: spec.secret?.name ?? metadata.name,
    labels: spec.secret?.labels ?? {},
    annotations: spec.secret?.annotations ?? {},
    attach: parseAttach(spec.serviceAccounts),
    intervalMs: spec.refresh?.interval === undefined ? undefined : durationMs(spec.refresh.interval),
    suspend: spec.suspend,
    retain: spec.deletionPolicy === 'Retain',
    status,
  }
}

function parseCredentials({ secret }: TokenRegistrySpec['credentials']): CredentialsSpec {
  if (secret === undefined) return { kind: 'serverIdentity' }
  const expiresAt = secret.expiresAt === undefined ? undefined : new Date(secret.expiresAt)
  return { kind: 'secret', name: secret.name, keys: secret.keys ?? {}, expiresAt }
}

function parseTarget(spec: TokenRegistrySpec | ClusterTokenRegistrySpec): Target {
  if ('namespaces' in spec) {
    const { projects = [], names = [], exclude = [], selector } = spec.namespaces
    return { type: 'selection', projects, names, exclude, selector }
  }
  const project = 'target' in spec ? spec.target?.project : undefined
  return project === undefined ? { type: 'namespace' } : { type: 'project', project }
}

function parseAttach(given: TokenRegistrySpec['serviceAccounts'] | undefined): Attach {
  const mode = given?.attach ?? 'None'
  return mode === 'Named' ? { mode, names: given?.names ?? [] } : { mode }
}
