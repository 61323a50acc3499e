import type { BackoffLimits } from './schedule.ts'
import { backoffMs, nextRefresh } from './schedule.ts'
import type { Credential } from './render.ts'
import type { ErrorCode } from './errors.ts'

/** A try that failed, and when it ended. `retryAfterMs` is what upstream asked to wait, if it did. */
export interface Failure {
  readonly time: Date
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

/** All that the question "ask upstream now?" depends on. */
export interface CredentialWorld {
  readonly credential: Credential | undefined
  readonly intervalMs: number | undefined
  /** Anything stable and particular to the identity; it spreads the timers. */
  readonly jitterKey: string
  /** Tries that failed in a row. */
  readonly attempts: number
  readonly lastFailure: Failure | undefined
  /** Start of the last call to upstream, whatever came of it. */
  readonly lastCallAt: Date | undefined
  readonly callRunning: boolean
  readonly suspended: boolean
  /** Somebody asks for a refresh by annotation, and it was not answered yet. */
  readonly refreshRequested: boolean
  readonly backoff: BackoffLimits
  readonly minCallIntervalMs: number
}

/** Ask now, ask later, or leave it; `because` is for people. */
export type CredentialDecision =
  | { readonly action: 'fetch'; readonly because: string }
  | { readonly action: 'wait'; readonly until: Date }
  /** Nothing will happen by the clock alone. */
  | { readonly action: 'rest'; readonly because: string }

/**
 * Pure: whether to ask upstream. The order of the lines is the specification:
 * suspension stops everything, a running call is waited for, then the reasons to ask, each held back by the rules
 * that protect upstream.
 *
 *   none ──fetch──► fresh ──due──► fetch ──ok──► fresh
 *                                    └──failed──► waiting (back-off) ──► fetch …
 */
export function decideCredential(given: CredentialWorld, now: Date): CredentialDecision {
  const world = withoutFuture(given, now)
  if (world.suspended) return { action: 'rest', because: 'suspended' }
  if (world.callRunning) return { action: 'rest', because: 'a call is running; its end decides anew' }
  if (world.refreshRequested) return notBefore(callGap(world), now, 'a refresh was requested') // passes the back-off
  if (world.lastFailure !== undefined)
    return notBefore(latest(retryAt(world), callGap(world)), now, 'the last try failed')
  if (world.credential === undefined) return notBefore(callGap(world), now, 'there is no credential yet')
  if (isFromFuture(world.credential.issuedAt, now))
    return notBefore(callGap(world), now, 'the credential was issued while a clock was wrong')
  const due = dueAt(world, world.credential)
  if (due === undefined)
    return { action: 'rest', because: 'the credential states no end and no interval is set' }
  return notBefore(latest(due, callGap(world)), now, 'the credential has lived two thirds of its life')
}

/** Clocks that are further apart than this are wrong: so far AWS, too, trusts those of its callers. */
const clockToleranceMs = 5 * 60_000

/** Noted by a clock that was far ahead, of this replica or another one. Nothing can be concluded from such a time. */
export function isFromFuture(time: Date, now: Date): boolean {
  return time.getTime() - now.getTime() > clockToleranceMs
}

/** Higher for what was issued later. What claims to come from the future says nothing, and counts as the oldest. */
export function issueRank(issuedAt: Date | undefined, now: Date): number {
  if (issuedAt === undefined) return -2
  return isFromFuture(issuedAt, now) ? -1 : issuedAt.getTime()
}

/** A call or a failure of a wrong clock must not hold the next try up until that time has really come. */
function withoutFuture(world: CredentialWorld, now: Date): CredentialWorld {
  const { lastCallAt, lastFailure } = world
  return {
    ...world,
    lastCallAt: lastCallAt !== undefined && isFromFuture(lastCallAt, now) ? undefined : lastCallAt,
    lastFailure: lastFailure !== undefined && isFromFuture(lastFailure.time, now) ? undefined : lastFailure,
  }
}

/** When the next call is due if nothing else happens; for status. */
export function dueAt(
  world: Pick<CredentialWorld, 'intervalMs' | 'jitterKey'>,
  credential: Credential,
): Date | undefined {
  return nextRefresh(credential, world.intervalMs, world.jitterKey)
}

function retryAt({ lastFailure, attempts, backoff, jitterKey }: CredentialWorld): Date | undefined {
  if (lastFailure === undefined) return undefined
  // The same failure gives the same wait after a restart: the jitter comes from the key, not from chance.
  const spread = (jitterKey.length * 31 + attempts * 17 + (jitterKey.codePointAt(0) ?? 0)) % 10
  return new Date(
    lastFailure.time.getTime() +
      backoffMs(Math.max(1, attempts), backoff, spread / 10, lastFailure.retryAfterMs),
  )
}

function callGap({ lastCallAt, minCallIntervalMs }: CredentialWorld): Date | undefined {
  return lastCallAt === undefined ? undefined : new Date(lastCallAt.getTime() + minCallIntervalMs)
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a > b ? a : b
}

function notBefore(time: Date | undefined, now: Date, because: string): CredentialDecision {
  return time === undefined || time <= now ? { action: 'fetch', because } : { action: 'wait', until: time }
}

/** Whether a credential may still be handed out. */
export function isLive(credential: Pick<Credential, 'expiresAt'> | undefined, now: Date): boolean {
  return credential !== undefined && (credential.expiresAt === null || credential.expiresAt > now)
}

/**
 * Judges an answer before it replaces what is there. Metadata services hand out cached tokens; taking one that does
 * not live longer would look like success and end in an outage.
 */
export function answerProblem(
  fresh: Credential,
  held: Credential | undefined,
  now: Date,
): string | undefined {
  if (!isLive(fresh, now)) return 'upstream handed out a credential that has already expired'
  if (held === undefined || held.expiresAt === null || fresh.expiresAt === null || !isLive(held, now))
    return undefined
  if (isFromFuture(held.issuedAt, now)) return undefined // its end is as wrong
  return fresh.expiresAt > held.expiresAt
    ? undefined
    : 'upstream handed out a credential that does not live longer than the one in use'
}
