import { createHash } from 'node:crypto'

/** Refresh at this part of the credential's real life. */
const refreshFraction = 2 / 3
/** The timer comes up to this part of the wait earlier, so that many identities do not fall due in one second. */
const jitterFraction = 0.1

/** Stored times have seconds; a due time with milliseconds would be "not yet due" after a restart, for ever. */
export function truncateToSecond(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000
}

/** `truncateToSecond` of a time. */
export function wholeSecond(time: Date): Date {
  return new Date(truncateToSecond(time.getTime()))
}

/** A number in [0, 1) that is the same for the same text, so that a restart computes the same due time. */
export function stableFraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

/** Begin and end of a credential, on our clock. */
export interface Life {
  readonly issuedAt: Date
  /** null = the issuer states none. */
  readonly expiresAt: Date | null
}

/**
 * When to ask upstream again. Without a stated expiry the interval rules; with neither there is nothing to do on a
 * timer (a change of the Secret asks again), and the answer is undefined.
 */
export function nextRefresh(life: Life, intervalMs: number | undefined, jitterKey: string): Date | undefined {
  const start = life.issuedAt.getTime()
  const wait = life.expiresAt === null ? intervalMs : (life.expiresAt.getTime() - start) * refreshFraction
  if (wait === undefined) return undefined
  const jitter = stableFraction(`${jitterKey}/${start}`) * jitterFraction
  return new Date(truncateToSecond(start + wait * (1 - jitter)))
}

/** More than this is not believed: a token would end meanwhile, over a typing error upstream. */
const longestRetryAfterMs = 3_600_000

/** The wait after the first failure and the longest one, in milliseconds, before up to 20 % come off. */
export interface BackoffLimits {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * The wait after the n-th failure in a row (n ≥ 1): doubling with up to 20 % off, never shorter than what upstream
 * asked for.
 */
export function backoffMs(attempts: number, limits: BackoffLimits, random: number, retryAfterMs = 0): number {
  const doubled = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(attempts - 1, 30))
  return Math.max(Math.min(retryAfterMs, longestRetryAfterMs), Math.round(doubled * (1 - 0.2 * random)))
}

/** `1h30m` in milliseconds. The schema has checked the form. */
export function durationMs(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 }
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0),
    0,
  )
}
