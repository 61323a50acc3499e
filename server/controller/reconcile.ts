import {
  decideCredential,
  isFromFuture,
  isLive,
  issueRank,
  type CredentialDecision,
  type CredentialWorld,
} from '../core/decide.ts'
import { isPermanent } from '../core/errors.ts'
import type { OwnerText } from '../core/registry.ts'
import { identityTag } from '../core/mac.ts'
import { renderSecret } from '../core/render.ts'
import { backoffMs, type BackoffLimits } from '../core/schedule.ts'
import type { TokenProvider } from '../providers/provider.ts'
import { AddressGuards, type AddressGuardsOptions } from './address-guards.ts'
import { Gatherer, type GathererOptions } from './gather.ts'
import type { IdentityState } from './identities.ts'
import type { Material } from './material.ts'
import { newRuntime, type Runtime } from './runtime.ts'

/** What the Gatherer needs, and the limits within which upstream is asked. */
export interface ReconcilerOptions extends GathererOptions, Pick<AddressGuardsOptions, 'logger'> {
  /** undefined for a type that this server does not have. */
  readonly providers: (type: string) => TokenProvider | undefined
  readonly backoff: BackoffLimits
  /** Least time between two upstream calls of one identity. */
  readonly minCallIntervalMs: number
  /** Upstream's clock minus ours in milliseconds, once per answer that tells. */
  readonly onClockSkew: (provider: string, skewMs: number) => void
}

/** When a problem that needs a person is looked at again without any event: a missed one must not last for ever. */
const slowRetryMs = 15 * 60_000
/** Least time between two calls for one registry, whatever its spec became: editing must not hammer upstream. */
const longestOwnerGapMs = 5000

/**
 * One registry, from what is there to what shall be: gather → decide → fetch → render. Writing and reporting are
 * the caller's, for the targets that this leaves to do. Never runs twice at once for one registry.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #gatherer: Gatherer
  readonly #addressGuards: AddressGuards
  /** Start of the last call for each registry; outlives its identity and its deletion. */
  readonly #lastCalls = new Map<OwnerText, Date>()

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#gatherer = new Gatherer(options)
    this.#addressGuards = new AddressGuards(options)
  }

  /** Binds a registry to its identity and takes a running credential back, without asking upstream. */
  async prepare(owner: OwnerText): Promise<void> {
    const runtime = this.#runtimeOf(owner)
    if (runtime !== undefined) await this.#gatherer.gather(runtime)
  }

  /** @returns when to come again, if nothing happens before; undefined when the registry is gone */
  async reconcile(
    owner: OwnerText,
  ): Promise<{ runtime: Runtime; comeAgainAt: Date | undefined } | undefined> {
    const runtime = this.#runtimeOf(owner)
    if (runtime === undefined) return undefined
    let material = await this.#gatherer.gather(runtime)
    let decision = this.#decide(runtime)
    if (decision.action === 'fetch' && material === undefined) {
      // Material is not kept, so hours later it is read again; what it is now may be another identity, or a problem.
      runtime.material = undefined
      material = await this.#gatherer.gather(runtime)
      decision = this.#decide(runtime)
    }
    if (!this.#gatherer.isCurrent(runtime)) return undefined
    if (decision.action === 'fetch' && material !== undefined) this.#fetch(runtime, material)
    this.#render(runtime)
    runtime.nextTryAt = decision.action === 'wait' ? decision.until : undefined
    runtime.reconciled = true
    return {
      runtime,
      comeAgainAt: earliest([runtime.nextTryAt, this.#problemRetryAt(runtime), this.#end(runtime)]),
    }
  }

  /** Recomputes whether a registry's Secret belongs into one namespace; returns whether that changed. */
  updateMembership(runtime: Runtime, namespace: string): boolean {
    return this.#gatherer.updateMembership(runtime, namespace)
  }

  #runtimeOf(owner: OwnerText): Runtime | undefined {
    const { world, runtimes, providers, identities } = this.#options
    const registry = world.registries.get(owner)
    if (registry === undefined) return undefined
    const known = runtimes.get(owner)
    if (known?.registry.uid === registry.uid) {
      if (known.provider?.type !== registry.provider.type) known.provider = providers(registry.provider.type)
      // What was said of the Secret of the old name says nothing of the one of the new name.
      if (known.registry.secretName !== registry.secretName) {
        known.results.clear()
        known.rendered = undefined // made anew below; until then nothing is written, and nothing counts as in step
      }
      known.registry = registry
      return known
    }
    if (known !== undefined) {
      runtimes.remove(owner)
      identities.release(owner)
    }
    const runtime = newRuntime(registry, providers(registry.provider.type))
    runtimes.put(runtime)
    return runtime
  }

  #decide(runtime: Runtime): CredentialDecision {
    const state = this.#options.identities.of(runtime.registry.owner)
    if (runtime.problem !== undefined || state === undefined)
      return { action: 'rest', because: 'a problem stands in the way' }
    const { now, minCallIntervalMs } = this.#options
    const decision = decideCredential(this.#credentialWorld(runtime, state), now())
    const last = this.#lastCalls.get(runtime.registry.owner)
    if (decision.action !== 'fetch' || last === undefined || isFromFuture(last, now())) return decision
    const until = new Date(last.getTime() + Math.min(minCallIntervalMs, longestOwnerGapMs))
    return until > now() ? { action: 'wait', until } : decision
  }

  #credentialWorld({ registry, handledRequest }: Runtime, state: IdentityState): CredentialWorld {
    const answered = handledRequest ?? registry.status?.lastHandledRefreshRequest
    return {
      credential: state.credential,
      intervalMs: registry.intervalMs,
      jitterKey: state.key,
      attempts: state.attempts,
      lastFailure: state.lastFailure,
      lastCallAt: state.lastCallAt,
      callRunning: state.call !== undefined,
      suspended: registry.suspend,
      refreshRequested: registry.refreshRequest !== undefined && registry.refreshRequest !== answered,
      backoff: this.#options.backoff,
      minCallIntervalMs: this.#options.minCallIntervalMs,
    }
  }

  /** Starts the one call of this identity. Its end brings every registry that shares it back here. */
  #fetch({ registry, provider }: Runtime, { credentials }: Material): void {
    const { identities, runtimes, now, onClockSkew } = this.#options
    const state = identities.of(registry.owner)
    if (state === undefined || provider === undefined) return
    this.#noteCall(registry.owner)
    // One call answers whoever has asked for one by now.
    for (const owner of state.owners) {
      const sharer = runtimes.get(owner)
      if (sharer !== undefined) sharer.requestInCall = sharer.registry.refreshRequest
    }
    const skew = (skewMs: number): void => onClockSkew(provider.type, skewMs)
    const { config } = registry.provider
    void identities.call(state, provider.type, async (signal) => {
      const guard = await this.#addressGuards.guardOf(provider.customEndpoints(config))
      return provider.issue(config, { credentials, signal, now, guard, onClockSkew: skew })
    })
  }

  #noteCall(owner: OwnerText): void {
    const now = this.#options.now()
    for (const [known, time] of this.#lastCalls) {
      if (now.getTime() - time.getTime() > longestOwnerGapMs) this.#lastCalls.delete(known)
    }
    this.#lastCalls.set(owner, now)
  }

  /**
   * Takes a newer live credential into use; the last good one stays until there is one. Hosts belong to the identity
   * that they were written with: new hosts with an old password would be a promise that pulls break.
   */
  #render(runtime: Runtime): void {
    const { identities, macKey, now } = this.#options
    const { registry, hosts } = runtime
    if (registry.suspend) return
    const state = identities.of(registry.owner)
    const tag = state && identityTag(macKey, registry.uid, state.key)
    const fresh =
      state?.credential !== undefined && isLive(state.credential, now()) ? state.credential : undefined
    const held = runtime.inUse?.identityTag === tag ? runtime.inUse?.credential : undefined
    const rank = (credential: typeof fresh): number => issueRank(credential?.issuedAt, now())
    const credential = rank(held) > rank(fresh) ? held : fresh
    if (tag !== undefined && credential !== undefined) runtime.inUse = { credential, identityTag: tag, hosts }
    const { inUse } = runtime
    if (inUse === undefined || inUse.hosts.length === 0) return
    runtime.rendered = renderSecret(registry, inUse.hosts, inUse.credential, {
      macKey,
      identityTag: inUse.identityTag,
    })
  }

  #problemRetryAt({ problem, problemAttempts }: Runtime): Date | undefined {
    if (problem === undefined) return undefined
    const { backoff, now } = this.#options
    const wait = isPermanent(problem.code)
      ? slowRetryMs
      : backoffMs(problemAttempts, backoff, 0.5, problem.retryAfterMs)
    return new Date(now().getTime() + wait)
  }

  /** Status says "expired" at the moment it is true. */
  #end({ inUse }: Runtime): Date | undefined {
    const end = inUse?.credential.expiresAt ?? undefined
    return end !== undefined && end > this.#options.now() ? end : undefined
  }
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.filter((time) => time !== undefined).sort((a, b) => a.getTime() - b.getTime())[0]
}
