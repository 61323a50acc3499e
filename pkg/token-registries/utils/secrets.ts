// What a pull Secret says of itself: whose it is, and when its password ends.
import { ANNOTATIONS, PRODUCT, TYPES } from '../config/types'
import { parseTime } from './expiry'

/** The label that every Secret of ours has; without it the server has let go of the Secret. */
const managedBy = { label: 'app.kubernetes.io/managed-by', value: 'token-registries' } as const

/** As much of a Secret as is read here. */
export interface SecretObject {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>> | null
    readonly annotations?: Readonly<Record<string, string>> | null
  }
}

/** Whose a Secret is, and until when its password works; undefined for one that states no end. */
export interface KeptSecret {
  readonly owner: SecretOwner
  readonly expiresAt: Date | undefined
}

export interface SecretOwner {
  readonly type: string
  /** Absent for a cluster registry. */
  readonly namespace?: string
  readonly name: string
}

/** Pure: undefined for a Secret that is not ours. */
export function keptSecret({ metadata }: SecretObject): KeptSecret | undefined {
  const { labels, annotations } = metadata ?? {}
  if (labels?.[managedBy.label] !== managedBy.value) return undefined
  const owner = ownerOf(annotations?.[ANNOTATIONS.owner] ?? '')
  if (owner === undefined) return undefined
  return { owner, expiresAt: parseTime(annotations?.[ANNOTATIONS.expiresAt]) }
}

/** `TokenRegistry/<namespace>/<name>` or `ClusterTokenRegistry/<name>`. */
function ownerOf(text: string): SecretOwner | undefined {
  const [kind, ...rest] = text.split('/')
  const [first = '', second = ''] = rest
  if (kind === 'TokenRegistry' && rest.length === 2 && first !== '' && second !== '')
    return { type: TYPES.TokenRegistry, namespace: first, name: second }
  if (kind === 'ClusterTokenRegistry' && rest.length === 1 && first !== '')
    return { type: TYPES.ClusterTokenRegistry, name: first }
  return undefined
}

/** The page of the owner, in the cluster that the page shows. */
export function ownerRoute(
  { type, namespace, name }: SecretOwner,
  cluster: string,
): { name: string; params: Record<string, string> } {
  const params = { cluster, product: PRODUCT, resource: type, id: name }
  return namespace === undefined
    ? { name: 'c-cluster-product-resource-id', params }
    : { name: 'c-cluster-product-resource-namespace-id', params: { ...params, namespace } }
}
