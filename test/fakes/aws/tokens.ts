/** The authorization tokens that the fake ECR handed out. Each is unique, long as the real ones, and can end early. */
import { createHash, randomBytes } from 'node:crypto'
import { secretBase64 } from '../../canaries/marks.ts'
import type { FakeClock } from './clock.ts'
import type { Principal } from './world.ts'

export interface IssuedToken {
  readonly password: string
  readonly expiresAt: Date
  readonly principal: string
  readonly account: string
  readonly region: string
}

export const defaultTokenLifetimeMs = 12 * 60 * 60_000

export class TokenStore {
  /** Life of the tokens made from now on. */
  lifetimeMs = defaultTokenLifetimeMs
  readonly #tokens = new Map<string, IssuedToken>()
  readonly #clock: FakeClock
  #last: IssuedToken | undefined
  readonly #lastOf = new Map<string, IssuedToken>()

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** Makes a token. `expiresAt` overrides the lifetime (tests of caching and stale upstreams). */
  issue(principal: Principal, region: string, expiresAt?: Date): IssuedToken {
    const end = expiresAt ?? new Date(this.#clock.now().getTime() + this.lifetimeMs)
    const token: IssuedToken = {
      password: passwordUntil(end),
      expiresAt: end,
      principal: principal.arn,
      account: principal.account,
      region,
    }
    this.#tokens.set(hash(token.password), token)
    this.#last = token
    this.#lastOf.set(token.principal, token)
    return token
  }

  /** The token of this password when it lives, else undefined. */
  findLive(password: string): IssuedToken | undefined {
    const token = this.#tokens.get(hash(password))
    if (token === undefined) return undefined
    return token.expiresAt.getTime() > this.#clock.now().getTime() ? token : undefined
  }

  get last(): IssuedToken | undefined {
    return this.#last
  }

  /** The newest token of one principal, by ARN. */
  lastOf(principal: string): IssuedToken | undefined {
    return this.#lastOf.get(principal)
  }

  /** Ends every token at once, as a deleted IAM user does. */
  revokeAll(): void {
    this.#tokens.clear()
  }
}

/** The real password is base64 of a JSON envelope around an encrypted payload: 1,800 characters, 2,400 as authorizationToken. */
function passwordUntil(end: Date): string {
  const envelope = {
    payload: secretBase64('password', 1016),
    datakey: randomBytes(184).toString('base64'),
    version: '2',
    type: 'DATA_KEY',
    expiration: Math.floor(end.getTime() / 1000),
  }
  return Buffer.from(JSON.stringify(envelope)).toString('base64')
}

function hash(password: string): string {
  return createHash('sha256').update(password).digest('base64')
}
