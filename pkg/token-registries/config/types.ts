// Names that the page, the models and the tests share.
import { apiVersion, resourceTypes } from '../generated/types'

/** The product's name: part of every URL of the page, and the prefix of its texts. */
export const PRODUCT = 'token-registries'

/** Shown in its place while the cluster has no server for it. */
export const PRODUCT_MISSING = 'token-registries-missing'

/** Name of the tab on Rancher's page of a Secret; part of the URL. */
export const SECRET_TAB = 'token-registries'

/** Ids of our kinds as Steve names them. */
export const TYPES = resourceTypes

/** `tokenregistries.io` */
export const GROUP = apiVersion.split('/')[0] as string

/** `v1alpha1` */
export const VERSION = apiVersion.split('/')[1] as string

/** Annotations and labels of ours; the server's server/core/names.ts says the same. */
export const ANNOTATIONS = {
  /** Any new value asks for a refresh now; the server echoes it in status.lastHandledRefreshRequest. */
  refreshRequestedAt: 'tokenregistries.io/refresh-requested-at',
  /** On a pull Secret: `TokenRegistry/<namespace>/<name>` or `ClusterTokenRegistry/<name>`. */
  owner: 'tokenregistries.io/owner',
  /** On a pull Secret: when its password ends, RFC 3339; absent for credentials without an end. */
  expiresAt: 'tokenregistries.io/expires-at',
} as const

/** On a namespace, by Rancher: `<cluster id>:<project id>`. The label of the same name can be forged. */
export const PROJECT_ANNOTATION = 'field.cattle.io/projectId'
