import { asRegistryError, RegistryError } from '../core/errors.ts'
import { KubeError } from '../kube/errors.ts'

/** The API server's refusals in our vocabulary. `what` names the object, for example `Secret shop/pull`. */
export function fromKubeError(thrown: unknown, what: string): RegistryError {
  if (!(thrown instanceof KubeError)) return asRegistryError(thrown)
  const options = {
    cause: thrown,
    ...(thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs }),
  }
  const said = thrown.message
  if (thrown.status === 403) {
    return new RegistryError(
      'ClusterForbidden',
      `${what}: the API server refused it (quota, admission or RBAC): ${said}`,
      options,
    )
  }
  if (thrown.status === 409)
    return new RegistryError(
      'ClusterConflict',
      `${what}: it changed while it was written; it is tried again`,
      options,
    )
  if (thrown.status === 429)
    return new RegistryError(
      'RateLimited',
      `${what}: the API server asks to slow down; it is tried again`,
      options,
    )
  if (thrown.status === 0 || thrown.status >= 500) {
    return new RegistryError(
      'Unavailable',
      `${what}: the API server or an admission webhook did not answer (${thrown.reason}): ${said}`,
      options,
    )
  }
  return new RegistryError(
    'InternalError',
    `${what}: the API server refused the request (${thrown.reason}): ${said}`,
    options,
  )
}
