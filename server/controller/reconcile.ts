import {
  decideCredential,
  isLive,
  type CredentialDecision,
  type CredentialWorld,
  type Failure,
} from '../core/decide.ts'
import { isPermanent, RegistryError } from '../core/errors.ts'
import type { OwnerText, Registry } from '../core/registry.ts'
import { renderSecret, rfc3339 } from '../core/render.ts'
import { backoffMs, type BackoffLimits } from '../core/schedule.ts'
import { checkHomeProject, membership, type SelectionRules } from '../core/targets.ts'
import type { KubeClient } from '../kube/client.ts'
import type { TokenProvider } from '../providers/provider.ts'
import { fromKubeError } from './failure.ts'
import type { Identities, IdentityState } from './identities.ts'
import { readMaterial, type Material } from './material.ts'
import { newRuntime, type Runtime, type Runtimes } from './runtime.ts'
import { takeBack } from './take-back.ts'
import type { World } from './world.ts'

export interface ReconcilerOptions {
  readonly client: KubeClient
  readonly world: World
  readonly runtimes: Runtimes
  readonly identities: Identities
  readonly providers: (type: string) => TokenProvider | undefined
  readonly macKey: Buffer
  readonly serverNamespace: string
  readonly rules: SelectionRules
  readonly backoff: BackoffLimits
  readonly minCallIntervalMs: number
  readonly now: () => Date
  readonly onClockSkew: (provider: string, skewMs: number) => void
}

/** When a problem that needs a person is looked at again without any event: a missed one must not last for ever. */
const slowRetryMs = 15 * 60_000

/**
 * One registry, from what is there to what shall be: gather → decide → fetch → render. Writing and reporting are
 * the caller's, for the targets that this leaves to do. Never runs twice at once for one registry.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** Binds a registry to its identity and takes a running credential back, without asking upstream. */
  async prepare(owner: OwnerText): Promise<void> {
    const runtime = this.#runtimeOf(owner)
    if (runtime !== undefined) await this.#gather(runtime)
  }

  /** @returns when to come again, if nothing happens before; undefined when the registry is gone */
  async reconcile(
    owner: OwnerText,
  ): Promise<{ runtime: Runtime; comeAgainAt: Date | undefined } | undefined> {
    const runtime = this.#runtimeOf(owner)
    if (runtime === undefined) return undefined
    const material = await this.#gather(runtime)
    const now = this.#options.now()
    const decision = this.#decide(runtime, now)
    if (decision.action === 'fetch') this.#fetch(runtime, material)
    this.#render(runtime)
    runtime.nextTryAt = decision.action === 'wait' ? decision.until : undefined
    runtime.reconciled = true
    return {
      runtime,
      comeAgainAt: earliest([runtime.nextTryAt, this.#problemRetryAt(runtime), this.#end(runtime, now)]),
    }
  }

  /** Recomputes whether a registry's Secret belongs into one namespace; returns whether that changed. */
  updateMembership(runtime: Runtime, namespace: string): boolean {
    const { world, runtimes, rules } = this.#options
    const state = world.namespaces.get(namespace)
    const foreign = runtime.problem?.code === 'NotAllowed' && this.#leftItsProject(runtime.registry)
    const next = state === undefined || foreign ? 'out' : membership(runtime.registry, state, rules)
    return runtimes.setMembership(runtime, namespace, next)
  }

  #runtimeOf(owner: OwnerText): Runtime | undefined {
    const { world, runtimes, providers, identities } = this.#options
    const registry = world.registries.get(owner)
    if (registry === undefined) return undefined
    const known = runtimes.get(owner)
    if (known?.registry.uid === registry.uid) {
      known.registry = registry
      return known.provider?.type === registry.provider.type ? known : this.#replaceProvider(known, registry)
    }
    if (known !== undefined) {
      runtimes.remove(owner)
      identities.release(owner)
    }
    const runtime = newRuntime(registry, providers(registry.provider.type))
    runtimes.put(runtime)
    return runtime
  }

  #replaceProvider(known: Runtime, registry: Registry): Runtime {
    const runtime = {
      ...known,
      provider: this.#options.providers(registry.provider.type),
      material: undefined,
    }
    this.#options.runtimes.put(runtime)
    return runtime
  }

  /** Reads what is needed to decide. A problem is remembered in the runtime; what was good before stays in use. */
  async #gather(runtime: Runtime): Promise<Material | undefined> {
    const { registry } = runtime
    try {
      const { provider } = runtime
      if (provider === undefined)
        throw new RegistryError(
          'SpecInvalid',
          `spec.provider.${registry.provider.type} is not known to this version of the server; upgrade it`,
        )
      runtime.hosts = provider.hosts(registry.provider.config)
      checkHomeProject(registry, this.#options.world.namespaces.get(registry.ref.namespace))
      const material = await this.#bindIdentity(runtime, provider)
      runtime.problem = undefined
      runtime.problemAttempts = 0
      return material
    } catch (thrown) {
      runtime.problemAttempts++
      runtime.problem = this.#toFailure(thrown, runtime)
      return undefined
    } finally {
      for (const name of this.#namespacesOf(registry)) this.updateMembership(runtime, name)
    }
  }

  async #bindIdentity(runtime: Runtime, provider: TokenProvider): Promise<Material | undefined> {
    const { identities } = this.#options
    const { registry } = runtime
    if (runtime.material?.generation === registry.generation) return undefined // read before, nothing changed since
    const material = await this.#readMaterial(registry, provider)
    runtime.material = {
      version: material.version,
      identityKey: material.identityKey,
      generation: registry.generation,
    }
    const state = identities.bind(registry.owner, material.identityKey)
    if (state.credential === undefined && !runtime.takeBackTried) {
      runtime.takeBackTried = true
      const found = await takeBack(registry, runtime.hosts, material.identityKey, this.#options)
      state.credential ??= found
      // A credential that status does not know yet came after the failure that status tells of.
      const known = found === undefined || rfc3339(found.issuedAt) === registry.status?.issuedAt
      if (known) recallFailure(state, registry, material.version)
    }
    return material
  }

  #readMaterial(registry: Registry, provider: TokenProvider): Promise<Material> {
    return readMaterial(registry, provider, this.#options)
  }

  #decide(runtime: Runtime, now: Date): CredentialDecision {
    const state = this.#options.identities.of(runtime.registry.owner)
    if (runtime.problem !== undefined || state === undefined)
      return { action: 'rest', because: 'a problem stands in the way' }
    return decideCredential(this.#credentialWorld(runtime, state), now)
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
  #fetch(runtime: Runtime, material: Material | undefined): void {
    const { identities, now, onClockSkew } = this.#options
    const { registry, provider } = runtime
    const state = identities.of(registry.owner)
    if (state === undefined || provider === undefined) return
    runtime.requestInCall = registry.refreshRequest
    void identities.call(state, provider.type, async (signal) => {
      // Material is not kept, so a refresh hours later reads it again; what it reads now may be another identity.
      const fresh =
        material ??
        (await this.#readMaterial(registry, provider).catch((error: unknown) => {
          throw fromKubeError(error, `${registry.owner}: spec.credentials`)
        }))
      if (fresh.identityKey !== state.key) {
        runtime.material = undefined
        throw new RegistryError(
          'ClusterConflict',
          'spec.credentials changed while it was used; it is read again',
        )
      }
      const skew = (skewMs: number): void => onClockSkew(provider.type, skewMs)
      return provider.issue(registry.provider.config, {
        credentials: fresh.credentials,
        signal,
        now,
        onClockSkew: skew,
      })
    })
  }

  /** Takes a newer live credential into use; the last good one stays until there is one. */
  #render(runtime: Runtime): void {
    const { identities, macKey, now } = this.#options
    const { registry, hosts } = runtime
    if (registry.suspend) return
    const state = identities.of(registry.owner)
    if (state?.credential !== undefined && isLive(state.credential, now())) {
      runtime.inUse = { credential: state.credential, identityKey: state.key }
    }
    if (runtime.inUse === undefined || hosts.length === 0) return
    const { credential, identityKey } = runtime.inUse
    runtime.rendered = renderSecret(registry, hosts, credential, { macKey, identityKey })
  }

  #toFailure(thrown: unknown, runtime: Runtime): Failure {
    const { code, message, retryAfterMs } = fromKubeError(
      thrown,
      `${runtime.registry.owner}: spec.credentials`,
    )
    const same = runtime.problem?.code === code && runtime.problem.message === message
    const time = same && runtime.problem ? runtime.problem.time : wholeSeconds(this.#options.now())
    return { time, code, message, retryAfterMs }
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
  #end({ inUse }: Runtime, now: Date): Date | undefined {
    const end = inUse?.credential.expiresAt ?? undefined
    return end !== undefined && end > now ? end : undefined
  }

  #leftItsProject(registry: Registry): boolean {
    try {
      checkHomeProject(registry, this.#options.world.namespaces.get(registry.ref.namespace))
      return false
    } catch {
      return true
    }
  }

  #namespacesOf(registry: Registry): Iterable<string> {
    const { world, runtimes } = this.#options
    if (registry.target.type !== 'namespace') return world.namespaces.keys()
    // The members of before count too: the target may have been a project until now.
    return new Set([registry.ref.namespace, ...(runtimes.get(registry.owner)?.members.keys() ?? [])])
  }
}

/** Back-off lives in status, so that a restart (or a crash loop) does not hammer an upstream that refuses. */
function recallFailure(
  state: IdentityState,
  { status, generation }: Registry,
  material: string | undefined,
): void {
  if (status?.lastFailure === undefined || !status.attempts || state.attempts > 0) return
  if (status.observedGeneration !== generation || status.lastFailure.material !== material) return
  const { time, reason, message } = status.lastFailure
  state.attempts = status.attempts
  // What upstream asked to wait is not stored by itself, but the time that came of it is.
  const retryAfterMs =
    status.nextRefreshAt === undefined ? undefined : Date.parse(status.nextRefreshAt) - Date.parse(time)
  state.lastFailure = { time: new Date(time), code: reason as Failure['code'], message, retryAfterMs }
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.filter((time) => time !== undefined).sort((a, b) => a.getTime() - b.getTime())[0]
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}
