/** Switchable failures. What state can express (an unknown key, an expired session) is better made in the World. */
import { AwsError } from './wire.ts'
import type { FakeClock } from './clock.ts'

/** Failures of one service. `wrongSecret` and the like answer so for every caller, whatever was signed. */
export const faultNames = [
  'unknownKey',
  'wrongSecret',
  'accessDenied',
  'throttled',
  'tooManyRequests', // 429 with Retry-After, as proxies and load balancers answer
  'expiredToken',
  'signatureExpired', // says so for ever: a clock that no client can correct
  'regionDisabled',
  'serverError',
  'unavailable',
  'hang',
  'reset',
  'redirect',
  'truncated',
  'huge',
  'html',
  'garbage', // 200, the right type, a body that means nothing
  'noData', // 200 without authorizationData / Credentials
  'noExpiry',
  'noColon', // an authorizationToken that is not user:password
  'expiredCredential',
  'sameExpiry', // a new token that ends when the last one ended
] as const

export type FaultName = (typeof faultNames)[number]

export type FaultyService = 'ecr' | 'sts' | 'metadata'

export interface FaultSettings {
  readonly ecr?: FaultName | null
  readonly sts?: FaultName | null
  readonly metadata?: FaultName | null
  /** Answers that the faults spoil before they heal by themselves. Default: until cleared. */
  readonly times?: number
  /** Sent with throttling answers. */
  readonly retryAfterSeconds?: number | null
  /** Distance of AWS's clock to ours: moves Date headers, the signature window and expiries. */
  readonly clockOffsetMs?: number
  /** Leaves the Date header out, so that clients cannot learn the offset. */
  readonly hideDate?: boolean
}

export class Faults {
  readonly #clock: FakeClock
  #settings: FaultSettings = {}
  #left = Infinity
  /** Answers that were spoiled since the counters were reset, over all faults. */
  hits = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** Changes the named settings and leaves the others; null takes a fault away. */
  set(settings: FaultSettings): void {
    this.#settings = { ...this.#settings, ...settings }
    this.#left = settings.times ?? Infinity
    if (settings.clockOffsetMs !== undefined) this.#clock.setOffset(settings.clockOffsetMs)
  }

  /** Everything works again, the clock included. */
  clear(): void {
    this.#settings = {}
    this.#left = Infinity
    this.#clock.setOffset(0)
  }

  get settings(): FaultSettings {
    return this.#settings
  }

  /** The fault of the next answer of this service; counts it. */
  take(service: FaultyService): FaultName | null {
    const fault = this.#settings[service] ?? null
    if (fault === null || this.#left <= 0) return null
    this.#left -= 1
    this.hits += 1
    return fault
  }

  /** The refusal that a fault stands for, in the service's own code; undefined when it is another kind of fault. */
  errorOf(service: 'ecr' | 'sts', fault: FaultName | null): AwsError | undefined {
    if (fault === null) return undefined
    const make = refusals[fault]
    if (make === undefined) return undefined
    const [ecrCode, stsCode, message, status] = make
    const retryAfter = this.#settings.retryAfterSeconds ?? null
    const headers: Record<string, string> =
      retryAfter !== null && (fault === 'throttled' || fault === 'tooManyRequests')
        ? { 'retry-after': String(retryAfter) }
        : {}
    const plain = status ?? (service === 'ecr' ? 400 : 403)
    return new AwsError(service === 'ecr' ? ecrCode : stsCode, message, plain, headers)
  }
}

type Refusal = readonly [ecrCode: string, stsCode: string, message: string, status?: number]

const refusals: Partial<Record<FaultName, Refusal>> = {
  unknownKey: [
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ],
  wrongSecret: [
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ],
  accessDenied: [
    'AccessDeniedException',
    'AccessDenied',
    'User: arn:aws:iam::123456789012:user/somebody is not authorized to perform this action because no identity-based policy allows it',
  ],
  throttled: ['ThrottlingException', 'Throttling', 'Rate exceeded', 400],
  tooManyRequests: ['TooManyRequestsException', 'TooManyRequestsException', 'Too many requests', 429],
  expiredToken: [
    'ExpiredTokenException',
    'ExpiredToken',
    'The security token included in the request is expired',
  ],
  signatureExpired: [
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'Signature expired: 20200101T000000Z is now earlier than 20200101T001500Z (20200101T002000Z - 5 min.)',
  ],
  regionDisabled: [
    'UnrecognizedClientException',
    'RegionDisabledException',
    'STS is not activated in this region for account:123456789012. Your account administrator can activate STS in this region using the IAM Console.',
  ],
  serverError: ['ServerException', 'InternalFailure', 'Internal server error', 500],
  unavailable: ['ServiceUnavailableException', 'ServiceUnavailable', 'Service Unavailable', 503],
}
