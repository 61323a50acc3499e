import { issueRank, type Failure } from '../core/decide.ts'
import { RegistryError } from '../core/errors.ts'
import type { Registry } from '../core/registry.ts'
import { identityTag } from '../core/mac.ts'
import { rfc3339 } from '../core/render.ts'
import type { SecretAccess } from '../core/secret-access.ts'
import { wholeSecond } from '../core/schedule.ts'
import { checkHomeProject, isInItsProject, membership, type SelectionRules } from '../core/targets.ts'
import type { KubeClient } from '../kube/client.ts'
import type { TokenProvider } from '../providers/provider.ts'
import { fromKubeError } from './failure.ts'
import type { Identities, IdentityState } from './identities.ts'
import { readMaterial, type Material } from './material.ts'
import type { Runtime, Runtimes } from './runtime.ts'
import { takeBack } from './take-back.ts'
import type { World } from './world.ts'

/** What a decision is gathered from. References of cluster registries resolve in `serverNamespace`. */
export interface GathererOptions {
  readonly client: KubeClient
  readonly world: World
  readonly runtimes: Runtimes
  readonly identities: Identities
  readonly macKey: Buffer
  readonly serverNamespace: string
  readonly access: SecretAccess
  readonly rules: SelectionRules
  readonly now: () => Date
}

/** Reads what one registry's decision needs: its problem, its material and identity, its namespaces. */
export class Gatherer {
  readonly #options: GathererOptions

  constructor(options: GathererOptions) {
    this.#options = options
  }

  /**
   * A problem is remembered in the runtime; what was good before stays in use.
   * @returns the material when it was read just now, undefined when it is known already or there is a problem
   */
  async gather(runtime: Runtime): Promise<Material | undefined> {
    const { registry, provider } = runtime
    try {
      if (provider === undefined) throw unknownProvider(registry)
      runtime.hosts = provider.hosts(registry.provider.config)
      await this.#takeBackOnce(runtime)
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
      if (this.isCurrent(runtime)) {
        for (const name of this.#namespacesOf(runtime)) this.updateMembership(runtime, name)
      }
    }
  }

  /** False once the registry was deleted, or deleted and made again, while something was awaited for it. */
  isCurrent(runtime: Runtime): boolean {
    return this.#options.runtimes.get(runtime.registry.owner) === runtime
  }

  /** Recomputes whether a registry's Secret belongs into one namespace; returns whether that changed. */
  updateMembership(runtime: Runtime, namespace: string): boolean {
    const { world, runtimes, rules } = this.#options
    const state = world.namespaces.get(namespace)
    const home = world.namespaces.get(runtime.registry.ref.namespace)
    const foreign = runtime.problem?.code === 'NotAllowed' && !isInItsProject(runtime.registry, home)
    const next = state === undefined || foreign ? 'out' : membership(runtime.registry, state, rules)
    return runtimes.setMembership(runtime, namespace, next)
  }

  async #bindIdentity(runtime: Runtime, provider: TokenProvider): Promise<Material | undefined> {
    const { identities } = this.#options
    const { registry, materialEpoch: epoch } = runtime
    const known = runtime.material
    if (known?.generation === registry.generation && known.epoch === epoch) return undefined // nothing changed since
    const material = await readMaterial(registry, provider, this.#options)
    if (!this.isCurrent(runtime)) return undefined
    const { version, identityKey } = material
    // The epoch of before the read: a change that was told meanwhile makes it read again.
    runtime.material = { version, identityKey, generation: registry.generation, epoch }
    const state = identities.bind(registry.owner, identityKey)
    // Once: later the state knows better than a status that is not yet written.
    if (!runtime.bound) this.#shareTakenBack(runtime, state)
    runtime.bound = true
    return material
  }

  /**
   * What the Secrets in place hold is in use, whatever has become of the keys since: it is kept whole, and written to
   * new namespaces, until it ends or something newer was issued.
   */
  async #takeBackOnce(runtime: Runtime): Promise<void> {
    if (runtime.takeBackTried) return
    runtime.inUse = await takeBack(runtime.registry, this.#options)
    runtime.takeBackTried = true
  }

  /** Of all registries with one identity the newest copy counts: another's may be older, and near its end. */
  #shareTakenBack({ registry, inUse, material }: Runtime, state: IdentityState): void {
    const tag = identityTag(this.#options.macKey, registry.uid, state.key)
    const found = inUse?.identityTag === tag ? inUse.credential : undefined
    const rank = (credential: typeof found): number => issueRank(credential?.issuedAt, this.#options.now())
    if (found !== undefined && rank(found) > rank(state.credential)) state.credential = found
    // A credential that status does not know yet came after the failure that status tells of.
    const known = found === undefined || rfc3339(found.issuedAt) === registry.status?.issuedAt
    if (known) recallFailure(state, registry, material?.version)
  }

  #toFailure(thrown: unknown, { problem, registry }: Runtime): Failure {
    const { code, message, retryAfterMs } = fromKubeError(thrown, `${registry.owner}: spec.credentials`)
    const told = registry.status?.lastFailure
    const toldSince = told?.reason === code && told.message === message ? new Date(told.time) : undefined
    const since = problem?.code === code && problem.message === message ? problem.time : toldSince
    const time = since ?? wholeSecond(this.#options.now())
    return { time, code, message, retryAfterMs }
  }

  /** Present members count too: one may be gone from the cluster, or the target may have changed. */
  #namespacesOf({ registry, members }: Runtime): Iterable<string> {
    const all =
      registry.target.type === 'namespace' ? [registry.ref.namespace] : this.#options.world.namespaces.keys()
    return new Set([...all, ...members.keys()])
  }
}

function unknownProvider(registry: Registry): RegistryError {
  const field = `spec.provider.${registry.provider.type}`
  return new RegistryError('SpecInvalid', `${field} is not known to this version of the server; upgrade it`)
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
