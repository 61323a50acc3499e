/**
 * The parts of Kubernetes' objects that a small controller reads and writes. Only fields in use are typed; the rest
 * of an answer is still there, untyped, and must be kept when a whole object is written back.
 */

/** metav1: the garbage collector deletes an object once all of its owners are gone. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** metav1: which field manager wrote which fields, and when (RFC 3339). */
export interface ManagedFieldsEntry {
  manager?: string
  operation?: string
  subresource?: string
  time?: string
  fieldsV1?: Record<string, unknown>
}

/** Metadata of an object to send: the server fills what is missing. */
export interface ObjectMetaInput {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
}

/** Metadata of an object that the API server answered: name, uid and resourceVersion are always there. */
export interface ObjectMeta extends ObjectMetaInput {
  name: string
  uid: string
  resourceVersion: string
  generation?: number
  /** RFC 3339, whole seconds. */
  creationTimestamp?: string
  /** Set while deletion waits for finalizers. */
  deletionTimestamp?: string
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
}

/** Any object as answered. Items of a list of a built-in kind carry neither apiVersion nor kind. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
}

/** What a metadata-only list or watch yields: an object of any kind without its content. */
export type PartialObjectMetadata = KubeObject

/** One page of a collection, all pages of one resourceVersion. */
export interface KubeList<T> {
  apiVersion?: string
  kind?: string
  metadata: {
    resourceVersion?: string
    /** Token of the next page; empty or absent on the last one. */
    continue?: string
    remainingItemCount?: number
  }
  items: T[]
}

/** Core v1; without `immutable` it can be changed, but never its `type`. */
export interface Secret extends KubeObject {
  type?: string
  immutable?: boolean
  /** Values are base64. */
  data?: Record<string, string>
}

/** Core v1; while it is Terminating it takes no new objects. */
export interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] }
  status?: { phase?: 'Active' | 'Terminating' }
}

/** Core v1. A merge patch replaces imagePullSecrets as a whole. */
export interface ServiceAccount extends KubeObject {
  imagePullSecrets?: { name: string }[]
  secrets?: { name?: string }[]
  automountServiceAccountToken?: boolean
}

/** Core v1; `binaryData` is not read. */
export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

/** The answer to a TokenRequest (`serviceaccounts/<name>/token`). */
export interface TokenRequest {
  spec: { audiences?: string[]; expirationSeconds?: number }
  status?: { token: string; expirationTimestamp: string }
}

/** coordination.k8s.io/v1. An empty or absent holderIdentity means that nobody holds it. */
export interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  /** RFC 3339 with microseconds. */
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

/** coordination.k8s.io/v1. */
export interface Lease extends KubeObject {
  spec?: LeaseSpec
}

/** metav1: a further reason, such as `NamespaceTerminating`, or the field that a refusal is about. */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

/** metav1: the object that a Status is about, and how long to wait. */
export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** The body of a refused request, and the object of an ERROR event of a watch. */
export interface Status {
  kind?: 'Status'
  status?: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

/** One line of a watch. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
}
