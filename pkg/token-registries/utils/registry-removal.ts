// What goes when registries are deleted: in which namespaces the pull Secret is removed, and where it stays.
import type { RegistryStatus } from '../generated/types'
import type { PullSecretObject } from './targets'

/** As much of a registry as decides what its deletion does. */
export interface RemovedRegistry {
  readonly metadata: { readonly uid?: string }
  readonly spec?: { readonly deletionPolicy?: string }
  readonly status?: RegistryStatus
}

/** Namespaces by name as far as the user may see the Secrets in them, and how many there are beside. */
export interface Places {
  readonly namespaces: readonly string[]
  readonly unseen: number
}

export interface Removal {
  /** Where the Secret is removed. */
  readonly lost: Places
  /** Where it stays (spec.deletionPolicy Retain), and is refreshed no more. */
  readonly kept: Places
}

/** Pure. @param secrets by uid of their registry; undefined for one whose Secrets the user may not list */
export function removalOf(
  registries: readonly RemovedRegistry[],
  secrets: ReadonlyMap<string, readonly PullSecretObject[] | undefined>,
): Removal {
  const retained = (registry: RemovedRegistry): boolean => registry.spec?.deletionPolicy === 'Retain'
  return {
    lost: placesOf(
      registries.filter((registry) => !retained(registry)),
      secrets,
    ),
    kept: placesOf(registries.filter(retained), secrets),
  }
}

function placesOf(
  registries: readonly RemovedRegistry[],
  secrets: ReadonlyMap<string, readonly PullSecretObject[] | undefined>,
): Places {
  const namespaces = new Set<string>()
  let unseen = 0
  for (const { metadata, status } of registries) {
    const seen = secrets.get(metadata.uid ?? '') ?? []
    for (const secret of seen) namespaces.add(secret.metadata.namespace)
    unseen += Math.max(0, (status?.targets?.synced ?? 0) - seen.length)
  }
  return { namespaces: [...namespaces].sort(), unseen }
}
