import { createHash } from 'node:crypto'
import type { RequestOptions } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { KubeConfig } from '@kubernetes/client-node'
import { KubeError } from './errors.ts'

/** What connections are made with; Node's defaults stand in for what is undefined. */
export type TlsMaterial = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** Who we are and whom we trust, as read at one moment. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  /** CA, client certificate and key, server name, verification. */
  readonly tls: TlsMaterial
  /** Equal for equal `tls`: connections made with one may serve the other. */
  readonly fingerprint: string
}

/** Tokens and certificates on disk are looked at this often while requests are made. */
const maxAgeMs = 30_000
/** A server that refuses us for good must not make us run an exec plug-in for each request. */
const minReloadIntervalMs = 1000

/**
 * Reads headers and TLS material from a KubeConfig and follows changes: a rotated ServiceAccount token, a new
 * cluster CA, an exec plug-in's next token. Files are read again after at most 30 s, and at once after a refusal.
 */
export class CredentialSource {
  #config: KubeConfig
  readonly #readsTokenFile: boolean
  #current: Credentials | undefined
  #loadedAt = 0
  #reloadedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<Credentials> | undefined

  constructor(config: KubeConfig) {
    this.#config = config
    const provider = config.getCurrentUser()?.authProvider as { config?: { tokenFile?: string } } | undefined
    this.#readsTokenFile = provider?.config?.tokenFile !== undefined
  }

  /** The last ones read, while they are young. */
  get fresh(): Credentials | undefined {
    return performance.now() - this.#loadedAt < maxAgeMs ? this.#current : undefined
  }

  /** @throws KubeError with reason `Credentials` when there never were any */
  async current(): Promise<Credentials> {
    if (this.fresh !== undefined) return this.fresh
    // FileAuth holds a token for 60 s more: a copy of the config forgets it.
    if (this.#readsTokenFile) this.#config = copyWithoutCaches(this.#config)
    try {
      return await this.#load()
    } catch (error) {
      if (this.#current === undefined) throw error
      // A file in the middle of being replaced, or a plug-in that is down: the old ones may still be good.
      this.#loadedAt = performance.now()
      return this.#current
    }
  }

  /**
   * Called after the server refused `refused` (401) or could not be verified with it. Answers the same object when
   * there is nothing newer, so that the caller can give up.
   */
  async reload(refused: Credentials): Promise<Credentials> {
    if (this.#current !== refused) return this.current()
    if (this.#loading === undefined) {
      if (performance.now() - this.#reloadedAt < minReloadIntervalMs) return refused
      this.#reloadedAt = performance.now()
      this.#config = copyWithoutCaches(this.#config)
    }
    return this.#load()
  }

  async #load(): Promise<Credentials> {
    this.#loading ??= readCredentials(this.#config).finally(() => {
      this.#loading = undefined
    })
    const loaded = await this.#loading
    this.#current = loaded
    this.#loadedAt = performance.now()
    return loaded
  }
}

/** The same clusters and users with fresh authenticators, which have no token cached yet. */
function copyWithoutCaches(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig()
  copy.loadFromOptions({
    clusters: config.clusters,
    users: config.users,
    contexts: config.contexts,
    currentContext: config.currentContext,
  })
  return copy
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  // Not applySecurityAuthentication: that one makes a new undici Agent, with its sockets, on each call.
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw new KubeError({ status: 0, reason: 'Credentials', message: describe(error) })
  }
  const headers: Record<string, string> = {}
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files written by hand end in a newline, which no header may hold.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim()
  }
  const tls: TlsMaterial = {}
  if (options.ca !== undefined) tls.ca = options.ca
  if (options.cert !== undefined) tls.cert = options.cert
  if (options.key !== undefined) tls.key = options.key as NonNullable<TlsMaterial['key']>
  if (options.servername !== undefined) tls.servername = options.servername
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized
  return { headers, tls, fingerprint: fingerprintOf(tls) }
}

function fingerprintOf(tls: TlsMaterial): string {
  const parts = [tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].map(String)
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** An exec plug-in prints tokens, and a JSON parser quotes what it could not read: neither text is passed on. */
function describe(error: unknown): string {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const path =
    error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined
  const detail = [code, path].filter((part) => part !== undefined).join(' ')
  return `the cluster credentials could not be loaded${detail === '' ? ': the token source failed' : `: ${detail}`}`
}
