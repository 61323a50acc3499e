/**
 * The one vocabulary of failures. A code is at the same time condition reason, event reason, metric label and
 * HTTP problem type, so an operator learns one list.
 */
export const errorCodes = [
  'SpecInvalid', // the spec contradicts itself in a way the schema cannot see
  'ReferenceMissing', // a named Secret, key or object does not exist (yet)
  'CredentialsInvalid', // upstream does not know the key, or the signature is wrong
  'CredentialsExpired', // the material, or the credential made from it, is past its end
  'AccessDenied', // authenticated, not authorised
  'TrustDenied', // a federation or role trust refused the caller
  'WrongTarget', // region, partition, host or registry does not exist
  'ClockSkew', // this machine's clock and upstream's differ too much for signatures
  'RateLimited', // upstream asks to slow down
  'Unavailable', // upstream is down, slow or unreachable
  'BadResponse', // upstream answered success with something unusable
  'NotOwner', // the Secret in the way belongs to somebody else
  'NotAllowed', // the administrator's policy, or a project boundary, forbids it
  'ClusterConflict', // the API server refused a write because the object changed; it is tried again
  'ClusterForbidden', // the API server refused this server (RBAC, quota, admission)
  'InternalError', // a defect of this product
] as const

/** One code of that vocabulary. */
export type ErrorCode = (typeof errorCodes)[number]

/** Codes that waiting cannot heal. What they mean for status: docs/adr/0007. */
const permanentCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SpecInvalid',
  'ReferenceMissing',
  'CredentialsInvalid',
  'CredentialsExpired',
  'WrongTarget',
  'NotAllowed',
])

/** Whether a person must change something before the same try can succeed. */
export function isPermanent(code: ErrorCode): boolean {
  return permanentCodes.has(code)
}

/** `cause` is for the log alone; it is never shown in status, events or answers. */
export interface RegistryErrorOptions {
  readonly cause?: unknown
  /** What upstream asked to wait, in milliseconds. Only as a lower bound of the next try. */
  readonly retryAfterMs?: number
}

/**
 * A failure that is shown to people. The message names the object and field, what upstream said (its code, never
 * its body) and the remedy. It never holds a token, key, header or URL with a query.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Turns anything thrown into a RegistryError; what is not one of ours is a defect and says so without details. */
export function asRegistryError(thrown: unknown): RegistryError {
  if (thrown instanceof RegistryError) return thrown
  const kind = thrown instanceof Error ? thrown.name : typeof thrown
  return new RegistryError('InternalError', `unexpected ${kind} in the server; its log has the stack`, {
    cause: thrown,
  })
}
