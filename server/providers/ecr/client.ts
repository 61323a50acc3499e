import { pipeline, Transform, type Readable } from 'node:stream'
import type { ECRClientConfig } from '@aws-sdk/client-ecr'
import type { STSClientConfig } from '@aws-sdk/client-sts'
import { guardedAgents } from '../../net/agents.ts'
import type { AddressGuard } from '../../net/guard.ts'
import type { EcrConfig } from './config.ts'

/** Environment variables of the server, given as a value so that tests need not change the process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One access key, long-lived or of a session. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What AWS clients of one try have in common. */
export interface ClientSettings {
  /** Looks at where connections go. `exempt` only for addresses that do not come from a spec. */
  readonly guard: AddressGuard | 'exempt'
  readonly config: Pick<EcrConfig, 'region' | 'fips' | 'dualStack'>
  readonly environment: Environment
  readonly skew: SkewMeter
}

const connectTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const maxBodyBytes = 1_048_576
/** Date headers have whole seconds and answers travel: below this it is not skew. */
const skewNoiseMs = 10_000

/** Measures how far AWS's clock is from ours, from the Date headers of its answers. */
export class SkewMeter {
  #skewMs = 0
  readonly #now: () => Date
  readonly #onSkew: ((skewMs: number) => void) | undefined

  constructor(now: () => Date, onSkew?: (skewMs: number) => void) {
    this.#now = now
    this.#onSkew = onSkew
  }

  /** AWS's clock minus ours in milliseconds; 0 while it is within the noise. */
  get skewMs(): number {
    return Math.abs(this.#skewMs) < skewNoiseMs ? 0 : this.#skewMs
  }

  /** A moment on AWS's clock, on ours. */
  toOurs(date: Date): Date {
    return new Date(date.getTime() - this.skewMs)
  }

  observe(dateHeader: string | undefined): void {
    const theirs = Date.parse(dateHeader ?? '')
    if (Number.isNaN(theirs)) return
    this.#skewMs = theirs - this.#now().getTime()
    this.#onSkew?.(this.#skewMs)
  }
}

/** Client options for ECR and STS alike. Whatever is not set here would be read from profile files. */
export function clientOptions(
  settings: ClientSettings,
  endpoint: string | undefined,
  credentials: Keys | undefined,
): ECRClientConfig & STSClientConfig {
  const { config, environment, guard } = settings
  const agent = { keepAlive: true, maxSockets: 4, proxyEnv: { ...environment } }
  const agents = guard === 'exempt' ? { httpAgent: agent, httpsAgent: agent } : guardedAgents(guard, agent)
  return {
    region: config.region,
    // The SDK refuses the flags beside an endpoint, which says all that they would.
    useFipsEndpoint: config.fips && endpoint === undefined,
    useDualstackEndpoint: config.dualStack && endpoint === undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    defaultsMode: 'standard',
    retryMode: 'standard',
    maxAttempts: 2,
    retryStrategy,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      socketTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      ...agents,
    },
  }
}

interface RetryToken {
  getRetryCount(): number
  getRetryDelay(): number
}

const retryDelayMs = 100
const firstTry: RetryToken = { getRetryCount: () => 0, getRetryDelay: () => 0 }
const secondTry: RetryToken = { getRetryCount: () => 1, getRetryDelay: () => retryDelayMs }

/**
 * One more try for what a moment or a corrected clock can heal. Throttling is left to our own loop: the SDK would
 * hold the call for seconds where AWS asked for quiet.
 */
const retryStrategy = {
  acquireInitialRetryToken: () => Promise.resolve(firstTry),
  refreshRetryTokenForRetry(token: RetryToken, { errorType }: { errorType: string }): Promise<RetryToken> {
    if (token.getRetryCount() === 0 && errorType === 'TRANSIENT') return Promise.resolve(secondTry)
    return Promise.reject(new Error('no further try'))
  },
  recordSuccess: () => undefined,
}

interface MiddlewareStack {
  add(
    middleware: (next: (args: never) => Promise<{ response: unknown }>) => (args: never) => Promise<never>,
    options: { step: 'deserialize'; priority: 'low'; name: string },
  ): void
}

/** Looks at every answer before the SDK parses it: its clock, and that its body has an end. */
export function watchAnswers(client: { readonly middlewareStack: unknown }, skew: SkewMeter): void {
  const stack = client.middlewareStack as MiddlewareStack
  const middleware = (next: (args: never) => Promise<{ response: unknown }>) => async (args: never) => {
    const result = await next(args)
    const response = result.response as { headers: Record<string, string>; body: Readable }
    // An answer from a cache carries an old date.
    if (response.headers['age'] === undefined) skew.observe(response.headers['date'])
    response.body = pipeline(response.body, bodyLimit(), () => undefined)
    return result as never
  }
  stack.add(middleware, { step: 'deserialize', priority: 'low', name: 'tokenRegistriesWatchAnswers' })
}

/** What a body that never ends is turned into. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

function bodyLimit(): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length
      if (size > maxBodyBytes) callback(new BodyTooLarge('the answer is larger than 1 MiB'))
      else callback(null, chunk)
    },
  })
}
