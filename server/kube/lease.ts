import type { KubeClient } from './client.ts'
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts'
import { claimedSpec, LeaderDeadline, ObservedLease, releasedSpec } from './lease-record.ts'
import { watchLease } from './lease-watch.ts'
import type { KubeLogger } from './logger.ts'
import { leasePath } from './paths.ts'
import type { Reflector } from './reflector.ts'
import type { Lease, LeaseSpec } from './types.ts'

/** Must hold leaseDurationMs > renewDeadlineMs > retryPeriodMs, else the elector throws a TypeError. */
export interface LeaderElectorOptions {
  client: KubeClient
  namespace: string
  name: string
  /** Unique per process: a restarted one must not take itself for its predecessor. */
  identity: string
  /** How long others wait before they take the lease from a silent holder. Whole seconds. Default 15000. */
  leaseDurationMs?: number
  /** How long the holder acts after its last renewal. Less than the above. Default 10000. */
  renewDeadlineMs?: number
  /** Between renewals, and between a standby's tries. Default 2000. */
  retryPeriodMs?: number
  onAcquired: () => void
  /** Leadership ended against our will: not called by `release`. */
  onLost: (reason: string) => void
  logger?: KubeLogger
}

/**
 * Takes part in the election of one leader by a Lease, with the rules of client-go, so that both can compete. The
 * holder renews with one PUT per period. A standby watches the Lease: it takes over at once when the holder gives
 * it back, and at the moment it expires when the holder fell silent; it sends nothing in between.
 *
 * A leader that was cut off or paused may go on for a moment after another took over: `isLeader` must be asked in
 * the same tick as each send, and writes must carry preconditions.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions
  readonly #leaseDurationMs: number
  readonly #renewDeadlineMs: number
  readonly #retryPeriodMs: number
  readonly #stop = new AbortController()
  readonly #observed = new ObservedLease()
  #watch: Reflector<Lease> | undefined
  #running: Promise<void> | undefined
  #leading = false
  /** A write that would make us the holder is under way, or its outcome is unknown. */
  #claiming = false
  #deadline: LeaderDeadline | undefined
  #deadlineTimer: NodeJS.Timeout | undefined
  #endPause: () => void = () => undefined
  #skipPause = false
  #lastError: string | undefined

  constructor(options: LeaderElectorOptions) {
    this.#options = options
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000
    this.#retryPeriodMs = options.retryPeriodMs ?? 2000
    if (this.#leaseDurationMs <= this.#renewDeadlineMs || this.#renewDeadlineMs <= this.#retryPeriodMs) {
      throw new TypeError('leader election needs leaseDurationMs > renewDeadlineMs > retryPeriodMs')
    }
  }

  /** Begins to compete; does nothing when it already does. A released elector cannot be started again. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** True only before the deadline of the last renewal by both clocks. Ask in the same tick as each send. */
  isLeader(): boolean {
    return this.#leading && this.#deadline?.holds(performance.now(), Date.now()) === true
  }

  /** The identity of the holder, as last seen. */
  leader(): string | undefined {
    return this.#leading ? this.#options.identity : this.#observed.holder
  }

  /** Stops competing and gives the lease back, so that a standby takes over at once. Never rejects. */
  async release(): Promise<void> {
    const mayHold = this.#leading || this.#claiming
    this.#leading = false
    clearTimeout(this.#deadlineTimer)
    this.#stop.abort()
    this.#wake()
    await this.#running
    await this.#stopWatch()
    if (!mayHold) return
    try {
      await this.#giveBack()
    } catch (error) {
      // Others wait for its end then.
      this.#options.logger?.warn({ error: messageOf(error) }, 'the leader lease could not be given back')
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await (this.#leading ? this.#renew() : this.#compete())
        this.#lastError = undefined
      } catch (error) {
        this.#noteFailure(error)
      }
      await this.#pause()
    }
  }

  async #renew(): Promise<void> {
    try {
      await this.#claim()
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
      await this.#read()
      if (this.#observed.holder !== this.#options.identity) {
        this.#lose(`the lease is held by ${this.#observed.holder ?? 'nobody'}`)
        await this.#compete()
        return
      }
      // Somebody edited it, or an answer to us was lost.
      await this.#claim()
    }
  }

  async #compete(): Promise<void> {
    if (this.#watch?.synced === true && !this.#isTakeable()) return
    // Read in any case: what the watch told may be old, and a write needs the newest version.
    await this.#read()
    if (this.#isTakeable()) await this.#claim()
    else this.#startWatch()
  }

  #isTakeable(): boolean {
    return this.#observed.isTakeable(this.#options.identity, performance.now())
  }

  /** Writes us into the record that was observed last. @throws KubeError, with 409 when it has changed since */
  async #claim(): Promise<void> {
    const before = performance.now()
    const wall = Date.now()
    const { identity } = this.#options
    this.#claiming = true
    const previous = this.#observed.lease
    const spec = claimedSpec(previous?.spec, identity, this.#leaseDurationMs, new Date(wall))
    try {
      const lease = await this.#write(previous, spec, this.#stop.signal)
      this.#claiming = false
      this.#observed.observe(lease, performance.now())
      this.#win(new LeaderDeadline(before, wall, this.#renewDeadlineMs))
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) this.#claiming = false
      throw error
    }
  }

  #win(deadline: LeaderDeadline): void {
    // An answer that came too late proves nothing about now.
    if (this.#stop.signal.aborted || !deadline.holds(performance.now(), Date.now())) return
    this.#deadline = deadline
    clearTimeout(this.#deadlineTimer)
    this.#deadlineTimer = setTimeout(
      () => this.#lose('it could not be renewed in time'),
      Math.max(0, deadline.monotonicMs - performance.now()),
    )
    if (this.#leading) return
    this.#leading = true
    this.#skipPause = false
    void this.#stopWatch()
    this.#options.logger?.info({ identity: this.#options.identity }, 'this replica leads')
    this.#call(() => this.#options.onAcquired())
  }

  #lose(reason: string): void {
    if (!this.#leading) return
    this.#leading = false
    clearTimeout(this.#deadlineTimer)
    this.#options.logger?.warn({ identity: this.#options.identity, reason }, 'this replica no longer leads')
    this.#call(() => this.#options.onLost(reason))
  }

  async #giveBack(): Promise<void> {
    // A renewal that was aborted may have been carried out: the version in hand is not to be trusted.
    await this.#read(AbortSignal.timeout(this.#renewDeadlineMs))
    const lease = this.#observed.lease
    if (lease?.spec?.holderIdentity !== this.#options.identity) return
    const spec = releasedSpec(lease.spec, new Date())
    await this.#write(lease, spec, AbortSignal.timeout(this.#renewDeadlineMs))
    this.#options.logger?.info({ identity: this.#options.identity }, 'gave the leader lease back')
  }

  async #read(signal: AbortSignal = this.#stop.signal): Promise<void> {
    const { client, namespace, name } = this.#options
    try {
      const path = leasePath(namespace, name)
      const lease = await client.request<Lease>({
        method: 'GET',
        path,
        signal,
        timeoutMs: this.#requestTimeoutMs,
      })
      this.#observed.observe(lease, performance.now())
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.#observed.observe(undefined, performance.now())
    }
  }

  #write(previous: Lease | undefined, spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    const { client, namespace, name } = this.#options
    const timeoutMs = this.#requestTimeoutMs
    const kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
    if (previous === undefined) {
      const body = { ...kind, metadata: { name, namespace }, spec }
      return client.request<Lease>({ method: 'POST', path: leasePath(namespace), body, signal, timeoutMs })
    }
    // The whole object goes back as it was read, with its resourceVersion: the server refuses it if it changed.
    const body = { ...previous, ...kind, spec }
    return client.request<Lease>({ method: 'PUT', path: leasePath(namespace, name), body, signal, timeoutMs })
  }

  /** Two tries fit before the deadline. */
  get #requestTimeoutMs(): number {
    return this.#renewDeadlineMs / 2
  }

  /** Waits for the next turn: a period, or less when the lease expires or is given back before. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const untilExpiry = this.#leading ? Infinity : this.#observed.expiresAtMs - performance.now()
      const ms = untilExpiry > 0 ? Math.min(this.#retryPeriodMs, untilExpiry) : this.#retryPeriodMs
      const timer = setTimeout(resolve, ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#skipPause || this.#stop.signal.aborted) this.#endPause()
      this.#skipPause = false
    })
  }

  /** The next turn comes at once, also when this is called in the middle of one. */
  #wake(): void {
    this.#skipPause = true
    this.#endPause()
  }

  #startWatch(): void {
    if (this.#watch !== undefined || this.#stop.signal.aborted) return
    const seen = (lease: Lease | undefined) => {
      if (this.#leading) return
      this.#observed.observe(lease, performance.now())
      if (this.#isTakeable()) this.#wake()
    }
    this.#watch = watchLease({ ...this.#options, leaseDurationMs: this.#leaseDurationMs }, seen)
    this.#watch.start()
  }

  async #stopWatch(): Promise<void> {
    const watch = this.#watch
    this.#watch = undefined
    await watch?.stop()
  }

  #call(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#options.logger?.warn({ error: messageOf(error) }, 'a callback of the leader election failed')
    }
  }

  #noteFailure(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const message = messageOf(error)
    const fields = { error: message, leading: this.#leading }
    // Losing a race is how elections go; other causes are told once.
    const usual = isConflict(error) || isAlreadyExists(error)
    if (usual || message === this.#lastError)
      this.#options.logger?.debug(fields, 'leader election: try failed')
    else this.#options.logger?.warn(fields, 'leader election: try failed')
    this.#lastError = message
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
