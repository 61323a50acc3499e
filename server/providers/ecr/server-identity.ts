/** The server's own AWS identity, kept until shortly before it ends and shared by all registries that use it. */
import { RegistryError } from '../../core/errors.ts'
import type { ProviderContext } from '../provider.ts'
import type { Environment, SkewMeter } from './client.ts'
import { findIdentity, type ServerIdentity } from './identity-sources.ts'
import type { StsSettings } from './sts.ts'

/** A caller that needs the identity now. */
export interface IdentityRequest {
  readonly context: Pick<ProviderContext, 'now' | 'signal' | 'endpoints'>
  /** Region of the registry, for an environment without AWS_REGION. */
  readonly region: string
  readonly skew: SkewMeter
}

/** Renew when this much life is left; a try that starts now must not see it end. */
const marginMs = 5 * 60_000
/** Metadata clients of the SDK can wait for ever. */
const defaultTimeoutMs = 15_000

/** Keeps the identity until shortly before it expires; calls in flight are shared. */
export class ServerIdentitySource {
  readonly #environment: Environment
  readonly #timeoutMs: number
  #kept: ServerIdentity | undefined
  #loading: Promise<ServerIdentity> | undefined
  /** Whether what is kept was handed out a second time. */
  #reused = false

  constructor(environment: Environment, timeoutMs = defaultTimeoutMs) {
    this.#environment = environment
    this.#timeoutMs = timeoutMs
  }

  /** @throws RegistryError */
  async get(request: IdentityRequest): Promise<ServerIdentity> {
    const { now, signal } = request.context
    const end = this.#kept?.expiresAt?.getTime() ?? Infinity
    if (this.#kept !== undefined && end - now().getTime() > marginMs) {
      this.#reused = true
      return this.#kept
    }
    this.#loading ??= this.#load(request).finally(() => {
      this.#loading = undefined
    })
    return unlessAborted(this.#loading, signal)
  }

  async #load(request: IdentityRequest): Promise<ServerIdentity> {
    const signal = AbortSignal.timeout(this.#timeoutMs)
    const settings = ownSettings(this.#environment, request, signal)
    this.#kept = await unlessAborted(findIdentity(this.#environment, settings), signal)
    this.#reused = false
    return this.#kept
  }

  /** Forgets what upstream refuses. False when it was new: then asking for another one would not help. */
  forget(): boolean {
    const worthAnother = this.#kept !== undefined && this.#reused
    this.#kept = undefined
    this.#reused = false
    return worthAnother
  }
}

/**
 * How the server's own token is traded: at the server's own STS. Nothing of it comes from a spec but the region,
 * where the environment has none: an address that a team wrote must never see the server's token.
 */
function ownSettings(
  environment: Environment,
  { context, region, skew }: IdentityRequest,
  signal: AbortSignal,
): StsSettings {
  return {
    config: {
      region: environment['AWS_REGION'] || region,
      fips: environment['AWS_USE_FIPS_ENDPOINT'] === 'true',
      dualStack: environment['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    },
    environment,
    skew,
    endpoint: context.endpoints?.['sts'],
    guard: 'exempt',
    // Not a caller's: the load is shared.
    signal,
  }
}

/** The load goes on for the others when one caller is stopped. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const stopped = (): RegistryError =>
    new RegistryError(
      'Unavailable',
      "the server's identity was not known before the try was ended; it is tried again",
    )
  // A failure that nobody waits for any more must not end the process.
  work.catch(() => undefined)
  if (signal.aborted) throw stopped()
  let stop = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped())
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
