/** The API in one import: kinds, schemas and types. */
import { clusterTokenRegistryKind } from './cluster-token-registry.ts'
import type { Kind } from './kind.ts'
import { tokenRegistryServerKind } from './token-registry-server.ts'
import { tokenRegistryKind } from './token-registry.ts'

export * from './cluster-token-registry.ts'
export type { Credentials } from './credentials.ts'
export { apiVersion, group, reservedPrefixes, version } from './group.ts'
export type { Kind } from './kind.ts'
export type { ObjectMeta } from './object-meta.ts'
export { providerDefinitions, providerTypes, type Provider, type ProviderType } from './provider.ts'
export type { Condition, RegistryStatus } from './status.ts'
export * from './token-registry-server.ts'
export * from './token-registry.ts'

/** Every kind of the API group. */
export const kinds: readonly Kind[] = [tokenRegistryKind, clusterTokenRegistryKind, tokenRegistryServerKind]
