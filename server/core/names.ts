import { group } from './registry.ts'

/** Labels and annotations that this product writes. Everything else on an object is left alone. */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  ownerUid: `${group}/owner-uid`,
} as const

/** Value of `labels.managedBy` on every Secret of ours. */
export const managedByValue = 'token-registries'

/** On Secrets of ours, where nothing else is said; times are RFC 3339 with seconds. */
export const annotations = {
  owner: `${group}/owner`,
  issuedAt: `${group}/issued-at`,
  expiresAt: `${group}/expires-at`,
  deletionPolicy: `${group}/deletion-policy`,
  mac: `${group}/mac`,
  /** Which identity the credential was issued to, readable to the server alone. */
  identity: `${group}/identity`,
  /** Set by the owner of a foreign Secret to hand it over: the name of the registry, or `adoptByAny`. */
  adopt: `${group}/adopt`,
  /** On a registry: any new value asks for a refresh now. */
  refreshRequestedAt: `${group}/refresh-requested-at`,
  /** On a ServiceAccount: the names in imagePullSecrets that we added, comma-separated. */
  attached: `${group}/attached`,
} as const

/** Value of `annotations.adopt` for whichever registry names the Secret; on those that the chart makes empty. */
export const adoptByAny = '*'

/** Type of every pull Secret. Kubernetes lets no Secret change its type. */
export const pullSecretType = 'kubernetes.io/dockerconfigjson'
/** The key that holds the pull entry: a Docker config.json with the passwords of all hosts. */
export const pullSecretKey = '.dockerconfigjson'
/** A pull entry without passwords, as the chart makes it where the server may make none (rbac.secretAccess named). */
export const emptyPullEntry = '{"auths":{}}'
/** Type of what the server keeps for itself in its own namespace. */
export const stateSecretType = `${group}/state`

/** Rancher's guarded project mark on a namespace. The label of the same name can be forged by any project member. */
export const projectAnnotation = 'field.cattle.io/projectId'
/** Marks of Rancher's project-scoped secrets: Rancher writes such a copy back, so it is never ours to change. */
export const rancherCopyAnnotation = 'management.cattle.io/project-scoped-secret-copy'
