import type * as z from 'zod'

/**
 * What a value of `spec` reaches outside of its own object. Admission asks whether its author may use that; the paths
 * that the policies of the chart look at are generated from these marks.
 */
export const referenceKinds = [
  'secret', // its content is read: the author must be allowed to `get` it
  'serviceAccountToken', // a token of it is asked for: the author must be allowed to `create` one
  'serviceAccountEdit', // the block of attach and names: the author must be allowed to `patch` these ServiceAccounts
  'project', // all namespaces of it are served: the author must belong to it
  'endpoint', // an address instead of the provider's own: the administrator's policy must list it
  'upstreamRole', // taken on by the server's identity: the administrator's policy must list it
] as const
/** One of `referenceKinds`. */
export type ReferenceKind = (typeof referenceKinds)[number]

/** Marks a value as pointing to something that its author might have no right to use. */
export function refersTo<S extends z.ZodType>(reference: ReferenceKind, schema: S): S {
  return schema.meta({ reference })
}
