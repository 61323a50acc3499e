import type { RegistryStatus } from '../api/v1alpha1/index.ts'

/** Also in api/v1alpha1/group.ts; of the API only types are imported here. */
export const group = 'tokenregistries.io'
/** Likewise. */
export const version = 'v1alpha1'

/** Namespaced (its own namespace or project), and cluster-scoped (any selection of namespaces). */
export type RegistryKind = 'TokenRegistry' | 'ClusterTokenRegistry'

/** Names one registry. `namespace` is empty for the cluster-scoped kind. */
export interface RegistryRef {
  readonly kind: RegistryKind
  readonly namespace: string
  readonly name: string
}

/** A registry's identity as text, `TokenRegistry/shop/shop-ecr` or `ClusterTokenRegistry/base`. Also the value of the owner annotation. */
export type OwnerText = string

/** It holds no uid: a registry that is made again under its name has the same text. */
export function ownerText(ref: RegistryRef): OwnerText {
  return ref.namespace === '' ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`
}

/** The inverse of `ownerText`; undefined when the text is not one of ours (it is read from objects that tenants can edit). */
export function parseOwner(text: string | undefined): RegistryRef | undefined {
  const [kind, first, second, ...rest] = (text ?? '').split('/')
  if (rest.length > 0 || first === undefined || first === '') return undefined
  if (kind === 'ClusterTokenRegistry' && second === undefined) return { kind, namespace: '', name: first }
  if (kind === 'TokenRegistry' && second !== undefined && second !== '')
    return { kind, namespace: first, name: second }
  return undefined
}

/** Where a registry's Secrets go. */
export type Target =
  | { readonly type: 'namespace' }
  | { readonly type: 'project'; readonly project: string }
  | {
      readonly type: 'selection'
      readonly projects: readonly string[]
      readonly names: readonly string[]
      readonly exclude: readonly string[]
      readonly selector: LabelSelector | undefined
    }

/** As metav1.LabelSelector: all parts must match, and an empty one matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined
  readonly matchExpressions?:
    | readonly {
        readonly key: string
        readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
        readonly values?: readonly string[] | undefined
      }[]
    | undefined
}

/** spec.credentials. `keys`: the provider's key name → the key in the Secret; `expiresAt` as declared. */
export type CredentialsSpec =
  | {
      readonly kind: 'secret'
      readonly name: string
      readonly keys: Readonly<Record<string, string>>
      readonly expiresAt: Date | undefined
    }
  | { readonly kind: 'serverIdentity' }

/** The ServiceAccounts that get the pull Secret; `Default` means the one named default. */
export type Attach =
  | { readonly mode: 'None' | 'Default' | 'All' }
  | { readonly mode: 'Named'; readonly names: readonly string[] }

/** Either kind of registry in one shape, as the loop works with it. */
export interface Registry {
  readonly ref: RegistryRef
  readonly owner: OwnerText
  readonly uid: string
  readonly resourceVersion: string
  readonly generation: number
  /** RFC 3339; with the uid it orders registries that want the same Secret name. */
  readonly createdAt: string
  readonly refreshRequest: string | undefined
  readonly provider: { readonly type: string; readonly config: unknown }
  readonly credentials: CredentialsSpec
  readonly target: Target
  readonly secretName: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly attach: Attach
  /** Milliseconds; used only where the credential states no expiry. */
  readonly intervalMs: number | undefined
  readonly suspend: boolean
  readonly retain: boolean
  readonly status: RegistryStatus | undefined
}

/** Of two registries that want one Secret the older wins, so that a newcomer can never take a name away. */
export function olderFirst(a: Registry, b: Registry): number {
  return a.createdAt === b.createdAt ? (a.uid < b.uid ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1
}
