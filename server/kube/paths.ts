/** Builders of API paths. Pure; every part is percent-encoded, so a name can never add a segment. */

/** Parts of a path. An empty one (but for `group`), "." or ".." makes `resourcePath` throw a TypeError. */
export interface ResourcePath {
  /** API group; empty or absent for the core group. */
  group?: string
  version: string
  /** Plural, lower case: `secrets`. */
  resource: string
  namespace?: string
  name?: string
  /** `status`, `token` … Needs `name`. */
  subresource?: string
}

/** The path of a collection (without `name`), an object or a subresource. */
export function resourcePath(parts: ResourcePath): string {
  const segments = parts.group ? ['apis', parts.group, parts.version] : ['api', parts.version]
  if (parts.namespace !== undefined) segments.push('namespaces', parts.namespace)
  segments.push(parts.resource)
  if (parts.name !== undefined) segments.push(parts.name)
  if (parts.subresource !== undefined) segments.push(parts.subresource)
  return segments.map(encodeSegment).join('')
}

function encodeSegment(segment: string): string {
  // An empty segment would address the collection instead of the object, "." and ".." are resolved by URL parsers.
  if (segment === '' || segment === '.' || segment === '..') {
    throw new TypeError(`"${segment}" cannot be a part of an API path`)
  }
  return `/${encodeURIComponent(segment)}`
}

/** All namespaces, or one by name. */
export function namespacePath(name?: string): string {
  return resourcePath({ version: 'v1', resource: 'namespaces', ...(name === undefined ? {} : { name }) })
}

/** One Secret; without a name the collection in a namespace; without both all Secrets of the cluster. */
export function secretPath(namespace?: string, name?: string): string {
  return corePath('secrets', namespace, name)
}

/** One ServiceAccount, or a collection as in `secretPath`. */
export function serviceAccountPath(namespace?: string, name?: string): string {
  return corePath('serviceaccounts', namespace, name)
}

/** One ConfigMap, or a collection as in `secretPath`. */
export function configMapPath(namespace?: string, name?: string): string {
  return corePath('configmaps', namespace, name)
}

/** Where a token for a ServiceAccount is asked for (POST of a TokenRequest). */
export function tokenRequestPath(namespace: string, name: string): string {
  return resourcePath({ version: 'v1', resource: 'serviceaccounts', namespace, name, subresource: 'token' })
}

/** One Lease, or the collection in a namespace. */
export function leasePath(namespace: string, name?: string): string {
  return resourcePath({
    group: 'coordination.k8s.io',
    version: 'v1',
    resource: 'leases',
    namespace,
    ...(name === undefined ? {} : { name }),
  })
}

function corePath(resource: string, namespace?: string, name?: string): string {
  return resourcePath({
    version: 'v1',
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  })
}

/**
 * The resource that a path addresses, with its subresource: `secrets`, `serviceaccounts/token`. For metric labels:
 * it never holds a name, so the number of values stays small. Paths outside /api and /apis give their first segment.
 */
export function resourceOfPath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '')
  if (segments[0] !== 'api' && segments[0] !== 'apis') return segments[0] ?? 'root'
  let rest = segments.slice(segments[0] === 'api' ? 2 : 3)
  // /namespaces/<ns>/<resource>: the namespace is a scope; /namespaces/<ns>[/status|finalize] is the object itself.
  const scoped = rest[0] === 'namespaces' && rest.length > 2
  if (scoped && rest[2] !== 'status' && rest[2] !== 'finalize') rest = rest.slice(2)
  const [resource, , subresource] = rest
  if (resource === undefined) return 'discovery'
  return subresource === undefined ? resource : `${resource}/${subresource}`
}
