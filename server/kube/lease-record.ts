import type { Lease, LeaseSpec } from './types.ts'

/** RFC 3339 with microseconds, as Lease wants it; Date knows milliseconds only. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}

/** Nobody holds it: never taken, or given back by its holder. */
export function isFree(spec: LeaseSpec | undefined): boolean {
  return spec?.holderIdentity === undefined || spec.holderIdentity === ''
}

/** The spec with which `identity` takes a lease over, or renews it when it is the holder already. */
export function claimedSpec(
  previous: LeaseSpec | undefined,
  identity: string,
  durationMs: number,
  now: Date,
): LeaseSpec {
  const transitions = previous?.leaseTransitions ?? 0
  const mine = previous?.holderIdentity === identity
  return {
    ...previous,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: mine && previous.acquireTime !== undefined ? previous.acquireTime : microTime(now),
    renewTime: microTime(now),
    leaseTransitions: mine || previous === undefined ? transitions : transitions + 1,
  }
}

/** The spec with which the holder gives a lease back. As client-go: no holder, one second. */
export function releasedSpec(previous: LeaseSpec | undefined, now: Date): LeaseSpec {
  return { ...previous, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) }
}

/** Of records that state no duration; every known writer states one. */
const usualSeconds = 15

/**
 * A candidate's view of the lease. Clocks of different machines are never compared: the lease counts as running
 * until the candidate itself has seen the same record for its whole duration, by its own monotonic clock.
 */
export class ObservedLease {
  #lease: Lease | undefined
  #record = ''
  #observedAt = 0

  get lease(): Lease | undefined {
    return this.#lease
  }

  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined
  }

  /** @param atMs monotonic time after `lease` was received: later than its renewal in any case */
  observe(lease: Lease | undefined, atMs: number): void {
    const record = JSON.stringify(lease?.spec ?? null)
    if (record !== this.#record) this.#observedAt = atMs
    this.#record = record
    this.#lease = lease
  }

  /** Whether `identity` may write itself into the record at this monotonic time. */
  isTakeable(identity: string, nowMs: number): boolean {
    const spec = this.#lease?.spec
    return isFree(spec) || spec?.holderIdentity === identity || nowMs >= this.expiresAtMs
  }

  /** Monotonic time at which a lease that nobody renews may be taken. */
  get expiresAtMs(): number {
    return this.#observedAt + (this.#lease?.spec?.leaseDurationSeconds ?? usualSeconds) * 1000
  }
}

/**
 * Until when a leader may act. Holds only while both clocks are before it: the monotonic one does not jump with the
 * wall clock, the wall clock goes on while a machine is suspended.
 */
export class LeaderDeadline {
  readonly monotonicMs: number
  readonly #wallMs: number

  /** Both times from before the renewing request was sent. */
  constructor(monotonicMs: number, wallMs: number, durationMs: number) {
    this.monotonicMs = monotonicMs + durationMs
    this.#wallMs = wallMs + durationMs
  }

  holds(monotonicMs: number, wallMs: number): boolean {
    return monotonicMs < this.monotonicMs && wallMs < this.#wallMs
  }
}
