/**
 * A fake AWS for tests and the demo: ECR and STS with real signature checks, the metadata endpoints, and the token
 * endpoint of a real OCI registry that accepts the ECR tokens. One process, free ports on 127.0.0.1.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handleApi } from './api.ts'
import { FakeClock } from './clock.ts'
import { Faults } from './faults.ts'
import { Listener } from './listener.ts'
import { RequestLog } from './log.ts'
import { Metadata } from './metadata.ts'
import { RegistryAuth, type PushCredentials } from './registry-auth.ts'
import { TokenStore } from './tokens.ts'
import type { Issuers } from './web-identity.ts'
import { readBody, send } from './wire.ts'
import { World, type Role } from './world.ts'

export { defaultAccount, World } from './world.ts'
export type { AccessKey, Action, Principal, Role, RoleOptions, Trust, UserOptions } from './world.ts'
export type { FaultName, FaultSettings } from './faults.ts'
export type { LogEntry } from './log.ts'
export type { IssuedToken } from './tokens.ts'
export type { Access, PushCredentials, RegistryAuth } from './registry-auth.ts'

export interface FakeAwsOptions {
  /** Port of the API; default any free one. */
  readonly port?: number
  /** Port of the registry's token endpoint; default any free one. */
  readonly registryAuthPort?: number
  /** Claims of the registry's tokens; must be what the registry is configured with. */
  readonly issuer?: string
  readonly service?: string
  /** Life of ECR tokens in milliseconds. Default 12 h. */
  readonly tokenLifetimeMs?: number
}

export interface FakeAws {
  /** Address of ECR, STS and the metadata services (told apart by what is asked). */
  readonly endpoint: string
  /** `auth.token.realm` of the registry. */
  readonly realm: string
  /** `auth.token.service` of the registry. */
  readonly service: string
  /** `auth.token.issuer` of the registry. */
  readonly issuer: string
  /** `auth.token.rootcertbundle` of the registry, as PEM. */
  readonly rootCertBundlePem: string
  /** Docker credentials that may push. */
  readonly pusher: PushCredentials
  readonly clock: FakeClock
  readonly world: World
  readonly tokens: TokenStore
  readonly faults: Faults
  readonly metadata: Metadata
  readonly issuers: Issuers
  readonly log: RequestLog
  readonly registryAuth: RegistryAuth
  /** Gives the machine this role and returns the environment with which an SDK finds it. */
  containerIdentity(role: Role): Promise<ContainerEnv>
  /** Forgets what was asked so far. */
  resetCounters(): void
  /** Refuses connections to the API (not to the registry's token endpoint) until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

export interface ContainerEnv {
  readonly AWS_CONTAINER_CREDENTIALS_FULL_URI: string
  readonly AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: string
}

/** Starts one; every one has its own world. */
export async function startFakeAws(options: FakeAwsOptions = {}): Promise<FakeAws> {
  const clock = new FakeClock()
  const world = new World(clock)
  const tokens = new TokenStore(clock)
  if (options.tokenLifetimeMs !== undefined) tokens.lifetimeMs = options.tokenLifetimeMs
  const faults = new Faults(clock)
  const metadata = new Metadata(world)
  const issuers: Issuers = new Map()
  const log = new RequestLog()
  const registryAuth = await RegistryAuth.create(tokens, clock, options)
  const state = { clock, world, tokens, faults, metadata, issuers, log }

  const api = new Listener(
    guarded((request, response) => handleApi(request, response, state)),
    options.port,
  )
  const auth = new Listener(
    guarded((request, response) => handleRegistryAuth(request, response, { registryAuth, clock, log })),
    options.registryAuthPort,
  )
  await Promise.all([api.up(), auth.up()])
  let folder: string | null = null

  return {
    endpoint: api.url,
    realm: `${auth.url}/token`,
    service: registryAuth.service,
    issuer: registryAuth.issuer,
    rootCertBundlePem: registryAuth.rootCertBundlePem,
    pusher: registryAuth.pusher,
    clock,
    world,
    tokens,
    faults,
    metadata,
    issuers,
    log,
    registryAuth,
    async containerIdentity(role) {
      metadata.role = role
      folder ??= await mkdtemp(join(tmpdir(), 'fake-aws-'))
      const file = join(folder, 'token')
      await writeFile(file, metadata.containerToken, { mode: 0o600 })
      return {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${api.url}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
      }
    },
    resetCounters() {
      log.clear()
      faults.hits = 0
    },
    down: () => api.down(),
    up: () => api.up(),
    async close() {
      await Promise.all([api.down(), auth.down()])
      if (folder !== null) await rm(folder, { recursive: true, force: true })
    },
  }
}

interface AuthState {
  readonly registryAuth: RegistryAuth
  readonly clock: FakeClock
  readonly log: RequestLog
}

async function handleRegistryAuth(
  request: IncomingMessage,
  response: ServerResponse,
  { registryAuth, clock, log }: AuthState,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry.invalid')
  const body = await readBody(request)
  const scope = url.searchParams.getAll('scope').join(' ')
  const entry = log.begin({
    service: 'registry',
    action: 'RegistryToken',
    region: '',
    detail: { scope },
    at: clock.now(),
  })
  const answer =
    url.pathname === '/token'
      ? registryAuth.answer(request.method ?? 'GET', url, request.headers.authorization, body)
      : { status: 404, type: 'text/plain', body: 'not found' }
  entry.status = answer.status
  send(response, answer, clock.now())
}

/** A defect of the fake becomes a 500 that says so, instead of a test that waits for ever. */
function guarded(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`defect of the fake AWS: ${String(thrown)}`)
    })
  }
}
