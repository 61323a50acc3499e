import type { Status, StatusCause, StatusDetails } from './types.ts'

/** What a KubeError is made of: see its fields. */
export interface KubeErrorOptions {
  status: number
  reason: string
  message: string
  retryAfterMs?: number | undefined
  details?: StatusDetails | undefined
  cause?: unknown
}

/**
 * A request that the API server refused or did not answer. The message holds the method, the path and what the
 * server's Status says; never a header, a token or another part of a body.
 */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  /** HTTP status, or the code of a watch's ERROR event; 0 when there was no answer. */
  readonly status: number
  /**
   * The server's word (`NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Expired`, `Invalid`,
   * `TooManyRequests` …), derived from the status when the body was no Status. Ours: `Network`, `Timeout`,
   * `Aborted`, `Closed` (the client is), `Credentials` (they could not be loaded), `BadResponse` (a 2xx that is not JSON).
   */
  readonly reason: string
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  readonly details: StatusDetails | undefined

  constructor(options: KubeErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = options.status
    this.reason = options.reason
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details
  }

  get causes(): readonly StatusCause[] {
    return this.details?.causes ?? []
  }
}

/** Reasons of answers that carry no Status, such as a load balancer's own page. */
const reasonOfStatus: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Long enough for any sentence of the API server, short enough for a log line. */
const longestMessage = 1000

/**
 * The error of a refused request.
 * @param request what was tried, for the message: `GET /api/v1/namespaces`
 * @param body the answer's text; used only when it is a Status
 * @param retryAfter the Retry-After header
 */
export function errorOfAnswer(
  request: string,
  httpStatus: number,
  body: string,
  retryAfter: string | undefined,
): KubeError {
  const status = parseStatus(body)
  const said = status?.message?.slice(0, longestMessage)
  return new KubeError({
    status: httpStatus,
    reason: status?.reason || reasonOfStatus[httpStatus] || 'Unknown',
    message: `${request}: ${said || `HTTP ${httpStatus}`}`,
    retryAfterMs: parseRetryAfter(retryAfter) ?? secondsToMs(status?.details?.retryAfterSeconds),
    details: status?.details,
  })
}

/** The error that an ERROR event of a watch stands for. */
export function errorOfStatus(request: string, status: Status): KubeError {
  const code = status.code ?? 0
  return new KubeError({
    status: code,
    reason: status.reason || reasonOfStatus[code] || 'Unknown',
    message: `${request}: ${status.message?.slice(0, longestMessage) || `error event ${code}`}`,
    retryAfterMs: secondsToMs(status.details?.retryAfterSeconds),
    details: status.details,
  })
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const isStatus =
      typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status'
    return isStatus ? (parsed as Status) : undefined
  } catch {
    // Not JSON: somebody between us and the API server answered. His text is not ours to show.
    return undefined
  }
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000
}

/** Retry-After as seconds or as a date, in milliseconds from now; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | undefined, nowMs: number = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

function hasStatus(error: unknown, status: number): error is KubeError {
  return error instanceof KubeError && error.status === status
}

// These answer a plain boolean and are no type guards: a guard would make the type of its "no" branch `never`.

/** The object, its namespace or its kind does not exist. */
export function isNotFound(error: unknown): boolean {
  return hasStatus(error, 404)
}

/** The object changed since it was read (or a precondition on uid failed). Read again and decide again. */
export function isConflict(error: unknown): boolean {
  return hasStatus(error, 409) && error.reason !== 'AlreadyExists'
}

/** A create met an object of that name. */
export function isAlreadyExists(error: unknown): boolean {
  return hasStatus(error, 409) && error.reason === 'AlreadyExists'
}

/** Refused by RBAC, quota, admission, or because the namespace is going: see isTerminating. */
export function isForbidden(error: unknown): boolean {
  return hasStatus(error, 403)
}

/** The resourceVersion or continue token is too old. */
export function isGone(error: unknown): boolean {
  return hasStatus(error, 410)
}

/** The namespace is being deleted and takes no new objects. */
export function isTerminating(error: unknown): boolean {
  return error instanceof KubeError && error.causes.some((cause) => cause.reason === 'NamespaceTerminating')
}
