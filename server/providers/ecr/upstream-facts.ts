/** Reads the few facts out of a thrown value that may be shown. The rest (bodies, headers, signed text) stays behind. */
import { AddressRefused } from '../../net/guard.ts'
import { BodyTooLarge } from './client.ts'

/** How a call failed on its way: no usable answer came. `tooLarge`: its body was cut off; `refused`: by our own guard. */
export type NetworkKind = 'unknownHost' | 'connection' | 'timeout' | 'tls' | 'tooLarge' | 'refused'

interface NetworkFailure {
  readonly kind: NetworkKind
  readonly code: string
  /** What the guard says of the address. */
  readonly explanation?: string
}

/** What may be known of a failed call; messages are made from nothing else. */
export interface UpstreamFacts {
  /** Class name of what was thrown. */
  readonly name: string
  /** AWS's error code as it sent it; empty when it sent none. */
  readonly code: string
  /** The code without the suffix `Exception`, which the two protocols use differently: the key of `refusals`. */
  readonly key: string
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined
  readonly network: NetworkFailure | undefined
  /** Recognised parts of AWS's sentence; never the sentence. */
  readonly says: ReadonlySet<Saying>
  /** `arn:… ` of the caller as AWS sees it. */
  readonly caller: string | undefined
  /** The action that was refused, `sts:AssumeRole`. */
  readonly action: string | undefined
}

const sayings = {
  signatureExpired: /Signature expired|RequestExpired/i,
  signatureEarly: /Signature not yet current/i,
  wrongRegion: /scoped to a valid region/i,
  wrongService: /scoped to correct service/i,
  explicitDeny: /explicit deny/i,
  organisationPolicy: /service control policy|resource control policy/i,
  permissionsBoundary: /permissions boundary/i,
  noIdentityPolicy: /no identity-based policy/i,
  durationTooLong: /DurationSeconds/i,
  chainedTooLong: /role chaining/i,
  sessionName: /roleSessionName/i,
  externalId: /externalId/i,
} as const

/** Name of one recognised part. */
export type Saying = keyof typeof sayings

interface SdkError {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> }
}

/** Takes anything that was thrown and does not throw itself; what is not recognised stays undefined. */
export function factsOf(thrown: unknown): UpstreamFacts {
  const error: SdkError = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const name = typeof error.name === 'string' ? error.name : typeof thrown
  const message = typeof error.message === 'string' ? error.message : ''
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode
  const caller = /User: (arn:aws[\w-]*:(?:iam|sts)::\d{12}:[\w+=,.@/-]+)/.exec(message)?.[1]
  const code = codeOf(name, status)
  const action = /authorized to perform: ([a-z-]+:[A-Za-z]+)/.exec(message)?.[1]
  return {
    name: /^\w{1,64}$/.test(name) ? name : 'Error',
    code,
    key: code.replace(/(Exception|Error)$/, ''),
    status,
    requestId: error.$metadata?.requestId,
    retryAfterMs: retryAfter(error.$response?.headers),
    network: networkOf(error, status),
    says: new Set(
      Object.entries(sayings).flatMap(([key, words]) => (words.test(message) ? [key as Saying] : [])),
    ),
    caller,
    action,
  }
}

/** What was thrown after an answer is named by AWS's code; what parsing threw is not. */
function codeOf(name: string, status: number | undefined): string {
  if (status === undefined || status < 300) return ''
  const bare = name.split('#').at(-1)!
  const ours = ['', 'Error', 'Unknown', 'UnknownError', 'SyntaxError', 'TypeError'].includes(bare)
  return ours || !/^\w{1,64}$/.test(bare) ? '' : bare
}

const networkCodes: Readonly<Record<string, NetworkKind>> = {
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'connection',
  ECONNREFUSED: 'connection',
  ECONNRESET: 'connection',
  ECONNABORTED: 'connection',
  EPIPE: 'connection',
  EHOSTUNREACH: 'connection',
  ENETUNREACH: 'connection',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  ERR_STREAM_PREMATURE_CLOSE: 'connection',
  ERR_PROXY_TUNNEL: 'connection',
}

/** The socket's failure, which Node and the SDK wrap up to a few levels deep. */
function networkOf(error: SdkError, status: number | undefined): UpstreamFacts['network'] {
  for (let depth = 0, at: SdkError | undefined = error; at !== undefined && depth < 5; depth += 1) {
    const code = typeof at.code === 'string' ? at.code : ''
    const kind = networkCodes[code]
    if (kind !== undefined) return { kind, code }
    if (/^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_MISMATCH)/.test(code)) {
      return { kind: 'tls', code }
    }
    if (at instanceof BodyTooLarge) return { kind: 'tooLarge', code: at.name }
    if (at instanceof AddressRefused) return { kind: 'refused', code: at.code, explanation: at.explanation }
    if (at.name === 'TimeoutError' && status === undefined) return { kind: 'timeout', code: 'timeout' }
    at = typeof at.cause === 'object' && at.cause !== null ? at.cause : undefined
  }
  return undefined
}

function retryAfter(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const value = headers?.['retry-after']
  if (value === undefined) return undefined
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000
  const ms = Date.parse(value) - Date.parse(headers?.['date'] ?? '')
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}

/** A cause for the log: facts and stack frames, without the message, response and request of the original. */
export function scrubbed(thrown: unknown, facts: UpstreamFacts): Error {
  const parts = [
    facts.name,
    facts.network?.code,
    facts.status === undefined ? undefined : `HTTP ${facts.status}`,
    facts.requestId === undefined ? undefined : `request ${facts.requestId}`,
  ]
  const cause = new Error(parts.filter((part) => part !== undefined).join(', '))
  const frames =
    thrown instanceof Error ? (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
  cause.stack = [`Error: ${cause.message}`, ...frames].join('\n')
  return cause
}
