import { answerProblem, type Failure } from '../core/decide.ts'
import { asRegistryError, RegistryError } from '../core/errors.ts'
import type { OwnerText } from '../core/registry.ts'
import type { Credential } from '../core/render.ts'
import { wholeSecond } from '../core/schedule.ts'
import type { HistoryEntry } from '../core/status.ts'
import type { IssuedCredential } from '../providers/provider.ts'

/** What is held for one identity key: one upstream call serves every registry and namespace with that key. */
export interface IdentityState {
  readonly key: string
  readonly owners: Set<OwnerText>
  credential: Credential | undefined
  attempts: number
  lastFailure: Failure | undefined
  lastCallAt: Date | undefined
  call: Promise<void> | undefined
}

/** The limits of upstream calls, and who hears how they ended. */
export interface IdentitiesOptions {
  readonly now: () => Date
  /** One try may last this long in all, in milliseconds. */
  readonly timeoutMs: number
  /** Calls under way at once, over all identities: a restart of everything must not look like an attack. */
  readonly maxCalls: number
  /** The outcome of a call, for metrics and logs. `code` is undefined on success. */
  readonly onOutcome: (provider: string, outcome: HistoryEntry) => void
  /** A call ended: everybody with this key decides anew. */
  readonly onSettled: (owners: ReadonlySet<OwnerText>, outcome: HistoryEntry) => void
}

/** The credentials in use and the calls that are running, by identity key. Decides nothing by itself. */
export class Identities {
  readonly #states = new Map<string, IdentityState>()
  readonly #ofOwner = new Map<OwnerText, string>()
  readonly #options: IdentitiesOptions
  readonly #waiting: (() => void)[] = []
  #calls = 0
  readonly #shutdown = new AbortController()

  constructor(options: IdentitiesOptions) {
    this.#options = options
  }

  of(owner: OwnerText): IdentityState | undefined {
    const key = this.#ofOwner.get(owner)
    return key === undefined ? undefined : this.#states.get(key)
  }

  /** Binds a registry to a key. The state of a key that nobody has any more is dropped. */
  bind(owner: OwnerText, key: string): IdentityState {
    if (this.#ofOwner.get(owner) !== key) this.release(owner)
    const state: IdentityState = this.#states.get(key) ?? {
      key,
      owners: new Set(),
      credential: undefined,
      attempts: 0,
      lastFailure: undefined,
      lastCallAt: undefined,
      call: undefined,
    }
    state.owners.add(owner)
    this.#states.set(key, state)
    this.#ofOwner.set(owner, key)
    return state
  }

  release(owner: OwnerText): void {
    const state = this.of(owner)
    this.#ofOwner.delete(owner)
    if (state === undefined) return
    state.owners.delete(owner)
    if (state.owners.size === 0) this.#states.delete(state.key)
  }

  /**
   * Asks upstream, once for all owners of the key; a call that is running is joined. Never rejects: the outcome
   * stands in the state.
   */
  call(
    state: IdentityState,
    provider: string,
    issue: (signal: AbortSignal) => Promise<IssuedCredential>,
  ): Promise<void> {
    if (state.call !== undefined) return state.call
    const call = this.#inSlot(() => this.#run(state, provider, issue)).finally(() => {
      if (state.call === call) state.call = undefined // by then the next one may run
    })
    state.call = call
    return call
  }

  /** Aborts running calls; nothing is recorded for them. */
  stop(): void {
    this.#shutdown.abort()
  }

  /** Begins in this tick when there is room, else when a call ends. */
  async #inSlot(work: () => Promise<void>): Promise<void> {
    if (this.#calls < this.#options.maxCalls) this.#calls++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      await work()
    } finally {
      const next = this.#waiting.shift() // it takes this slot over
      if (next === undefined) this.#calls--
      else next()
    }
  }

  async #run(
    state: IdentityState,
    provider: string,
    issue: (signal: AbortSignal) => Promise<IssuedCredential>,
  ): Promise<void> {
    if (this.#shutdown.signal.aborted) return
    const { now, timeoutMs } = this.#options
    const started = now()
    state.lastCallAt = started
    let failure: Failure | undefined
    try {
      const signal = AbortSignal.any([this.#shutdown.signal, AbortSignal.timeout(timeoutMs)])
      const fresh = toCredential(await Promise.race([issue(signal), rejectOnAbort(signal)]))
      if (this.#shutdown.signal.aborted) return
      const problem = answerProblem(fresh, state.credential, now())
      if (problem !== undefined) throw new RegistryError('BadResponse', `${problem}; it is asked again`)
      state.credential = fresh
    } catch (thrown) {
      if (this.#shutdown.signal.aborted) return
      const error = asRegistryError(thrown)
      failure = toFailure(error, now())
    }
    state.attempts = failure === undefined ? 0 : state.attempts + 1
    state.lastFailure = failure
    const outcome: HistoryEntry = {
      time: now(),
      outcome: failure === undefined ? 'Succeeded' : 'Failed',
      code: failure?.code,
      expiresAt: failure === undefined ? (state.credential?.expiresAt ?? undefined) : undefined,
      durationMs: now().getTime() - started.getTime(),
    }
    state.call = undefined // before the owners decide anew, or they would wait for a call that is over
    this.#options.onOutcome(provider, outcome)
    this.#options.onSettled(state.owners, outcome)
  }
}

/** Upstream's wish counts from the moment, not from the whole second before it that is stored. */
function toFailure({ code, message, retryAfterMs }: RegistryError, at: Date): Failure {
  const time = wholeSecond(at)
  const passed = at.getTime() - time.getTime()
  const wait = retryAfterMs === undefined ? undefined : Math.ceil((passed + retryAfterMs) / 1000) * 1000
  return { time, code, message, retryAfterMs: wait }
}

const lastWordMs = 1000

/** A provider that does not listen to its signal must not block its identity for ever. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => {
      reject(
        new RegistryError(
          'Unavailable',
          'upstream did not answer in time; check network policies, firewalls and proxies between this cluster and it (it is asked again)',
        ),
      )
    }
    // One that does listen knows better what was not answered.
    signal.addEventListener('abort', () => setTimeout(give, lastWordMs).unref(), { once: true })
  })
}

/** Times in whole seconds, as annotations and status store them: a restart must compute the same due time. */
function toCredential(issued: IssuedCredential): Credential {
  return {
    username: issued.username,
    password: issued.password,
    issuedAt: wholeSecond(issued.issuedAt),
    expiresAt: issued.expiresAt === null ? null : wholeSecond(issued.expiresAt),
    principal: issued.principal,
  }
}
