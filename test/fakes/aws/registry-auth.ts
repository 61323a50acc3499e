/**
 * The token endpoint that stands between a real OCI registry (distribution's `auth: token`) and the tokens of the fake
 * ECR: whoever shows a live token as `AWS:<password>` gets a short JWT for pulling.
 */
import { generateKeyPair, randomUUID, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { secretValue } from '../../canaries/marks.ts'
import { certificatePem, selfSignedCertificate } from './certificate.ts'
import type { FakeClock } from './clock.ts'
import type { TokenStore } from './tokens.ts'
import type { Answer } from './wire.ts'

/** One entry of the JWT's `access` claim. */
export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

export interface RegistryAuthOptions {
  readonly issuer?: string
  readonly service?: string
}

export interface PushCredentials {
  readonly username: string
  readonly password: string
}

/** Seconds that a JWT lives at most: the registry never asks us again for it, so this bounds a revoked token's life. */
const jwtSeconds = 60

export class RegistryAuth {
  readonly issuer: string
  readonly service: string
  /** May push; not an AWS credential. */
  readonly pusher: PushCredentials = { username: 'pusher', password: secretValue('password') }
  readonly #key: KeyObject
  readonly #certificate: Buffer
  readonly #tokens: TokenStore
  readonly #clock: FakeClock

  private constructor(key: KeyObject, tokens: TokenStore, clock: FakeClock, options: RegistryAuthOptions) {
    this.issuer = options.issuer ?? 'fake-aws'
    this.service = options.service ?? 'fake-ecr'
    this.#key = key
    this.#certificate = selfSignedCertificate(key, this.issuer, new Date())
    this.#tokens = tokens
    this.#clock = clock
  }

  /** Makes a key and its certificate. */
  static async create(
    tokens: TokenStore,
    clock: FakeClock,
    options: RegistryAuthOptions = {},
  ): Promise<RegistryAuth> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
    return new RegistryAuth(privateKey, tokens, clock, options)
  }

  /** For the registry's `auth.token.rootcertbundle`. */
  get rootCertBundlePem(): string {
    return certificatePem(this.#certificate)
  }

  /** Answers the token endpoint: GET with Basic, or POST with a form (the OAuth 2 flavour). */
  answer(method: string, url: URL, authorization: string | undefined, body: string): Answer {
    const form = new URLSearchParams(method === 'POST' ? body : url.search)
    const pair = method === 'POST' ? pairOfForm(form) : pairOfBasic(authorization)
    if (form.get('service') !== this.service) {
      return refusal(400, 'UNSUPPORTED', 'service is not the one of this token server')
    }
    const grant = pair === null ? null : this.#grantFor(pair)
    if (grant === null) return refusal(401, 'UNAUTHORIZED', 'authentication required')
    const access = form
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .filter((scope) => scope !== '')
      .map((scope) => accessOf(scope, grant.actions))
    const now = Math.floor(this.#clock.now().getTime() / 1000)
    const expires = Math.min(now + jwtSeconds, Math.floor(grant.until / 1000))
    const token = this.mint({ subject: grant.subject, access, expires })
    return {
      status: 200,
      type: 'application/json',
      body: JSON.stringify({
        token,
        access_token: token,
        expires_in: Math.max(1, expires - now),
        issued_at: new Date(now * 1000).toISOString(),
      }),
    }
  }

  /** Signs a JWT as the token endpoint does; tests change the audience or use the other instance's key. */
  mint(claims: {
    readonly subject: string
    readonly access: readonly Access[]
    readonly expires: number
    readonly audience?: string
  }): string {
    const now = Math.floor(this.#clock.now().getTime() / 1000)
    const header = { typ: 'JWT', alg: 'RS256', x5c: [this.#certificate.toString('base64')] }
    const payload = {
      iss: this.issuer,
      sub: claims.subject,
      aud: claims.audience ?? this.service,
      exp: claims.expires,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: claims.access,
    }
    const text = `${segment(header)}.${segment(payload)}`
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), this.#key).toString('base64url')}`
  }

  #grantFor(pair: PushCredentials): { subject: string; actions: readonly string[]; until: number } | null {
    if (pair.username === this.pusher.username && pair.password === this.pusher.password) {
      return { subject: 'pusher', actions: ['pull', 'push'], until: Infinity }
    }
    if (pair.username !== 'AWS') return null
    const token = this.#tokens.findLive(pair.password)
    if (token === undefined) return null
    return { subject: token.principal, actions: ['pull'], until: token.expiresAt.getTime() }
  }
}

function pairOfBasic(header: string | undefined): PushCredentials | null {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? '')
  if (match === null) return null
  const text = Buffer.from(match[1]!, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function pairOfForm(form: URLSearchParams): PushCredentials | null {
  const username = form.get('username')
  const password = form.get('password')
  if (form.get('grant_type') !== 'password' || username === null || password === null) return null
  return { username, password }
}

/** `repository:team/app:pull,push`; the name may hold a port's colon, so the ends are cut off. */
function accessOf(scope: string, allowed: readonly string[]): Access {
  const first = scope.indexOf(':')
  const last = scope.lastIndexOf(':')
  const actions = scope.slice(last + 1).split(',')
  return {
    type: scope.slice(0, first),
    name: scope.slice(first + 1, last),
    actions: actions.filter((action) => allowed.includes(action)),
  }
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, type: 'application/json', body: JSON.stringify({ errors: [{ code, message }] }) }
}
