import type { TakenBack } from './take-back.ts'
import type { Failure } from '../core/decide.ts'
import { olderFirst, type OwnerText, type Registry } from '../core/registry.ts'
import type { RenderedSecret } from '../core/render.ts'
import type { HistoryEntry, TargetFailure } from '../core/status.ts'
import type { Membership } from '../core/targets.ts'
import type { TokenProvider } from '../providers/provider.ts'

/** The last outcome in one namespace. */
export interface TargetResult {
  readonly state: 'synced' | 'failed'
  readonly failure: TargetFailure | undefined
  /** Tries that failed in a row. */
  readonly attempts: number
}

/** Repairs of somebody's edits in one namespace. */
export interface Repairs {
  readonly count: number
  readonly sinceMs: number
  /** Somebody keeps rewriting the Secret: it is left as it is until then. */
  readonly contested: { readonly untilMs: number; readonly failure: TargetFailure } | undefined
}

/** What the running process knows of one registry beside its spec. Lost at a restart, and made again from the cluster. */
export interface Runtime {
  registry: Registry
  provider: TokenProvider | undefined
  hosts: readonly string[]
  /** Counts up when somebody tells that the referenced material, or the policy, may have changed. */
  materialEpoch: number
  /** The identity of the referenced material as read last, with the generation and epoch that it was read for. */
  material:
    | {
        readonly version: string | undefined
        readonly identityKey: string
        readonly generation: number
        readonly epoch: number
      }
    | undefined
  /** A spec, policy or reference problem; upstream is not asked while there is one. */
  problem: Failure | undefined
  /** Tries to read the material that failed in a row. */
  problemAttempts: number
  /** The credential that the targets hold or are getting: the last good one, whatever happened since. */
  inUse: TakenBack | undefined
  rendered: RenderedSecret | undefined
  readonly members: Map<string, Exclude<Membership, 'out'>>
  readonly results: Map<string, TargetResult>
  readonly pending: Set<string>
  /** Repairs of somebody's edits, by namespace. */
  readonly repairs: Map<string, Repairs>
  newHistory: HistoryEntry[]
  /** Value of the refresh annotation when the running call started. */
  requestInCall: string | undefined
  handledRequest: string | undefined
  takeBackTried: boolean
  /** Bound to an identity before: what a restart must recall has been recalled. */
  bound: boolean
  /** The declared end of the material that was warned of. */
  warnedOfEnd: Date | undefined
  /** The generation for which ServiceAccounts were looked through. */
  attachedGeneration: number | undefined
  /** When upstream is asked next, if nothing happens before. */
  nextTryAt: Date | undefined
  /** The selection was computed at least once; before that nothing may be swept. */
  reconciled: boolean
}

/** Knows nothing yet: for a registry that is seen for the first time, or was made again under its name. */
export function newRuntime(registry: Registry, provider: TokenProvider | undefined): Runtime {
  return {
    registry,
    provider,
    hosts: [],
    materialEpoch: 0,
    material: undefined,
    problem: undefined,
    problemAttempts: 0,
    inUse: undefined,
    rendered: undefined,
    members: new Map(),
    results: new Map(),
    pending: new Set(),
    repairs: new Map(),
    warnedOfEnd: undefined,
    newHistory: [],
    requestInCall: undefined,
    handledRequest: undefined,
    takeBackTried: false,
    bound: false,
    attachedGeneration: undefined,
    nextTryAt: undefined,
    reconciled: false,
  }
}

/** All runtimes, and who wants which Secret name in which namespace. */
export class Runtimes {
  readonly #runtimes = new Map<OwnerText, Runtime>()
  readonly #byNamespace = new Map<string, Set<OwnerText>>()

  get(owner: OwnerText): Runtime | undefined {
    return this.#runtimes.get(owner)
  }

  all(): IterableIterator<Runtime> {
    return this.#runtimes.values()
  }

  put(runtime: Runtime): void {
    this.#runtimes.set(runtime.registry.owner, runtime)
  }

  /** Forgets a registry; returns the namespaces where it was a member. */
  remove(owner: OwnerText): string[] {
    const namespaces = [...(this.#runtimes.get(owner)?.members.keys() ?? [])]
    for (const namespace of namespaces) this.#leave(namespace, owner)
    this.#runtimes.delete(owner)
    return namespaces
  }

  /** Records membership; returns whether it changed. */
  setMembership(runtime: Runtime, namespace: string, membership: Membership): boolean {
    const before = runtime.members.get(namespace) ?? 'out'
    if (before === membership) return false
    const { owner } = runtime.registry
    if (membership === 'out') {
      runtime.members.delete(namespace)
      runtime.results.delete(namespace)
      runtime.pending.delete(namespace)
      runtime.repairs.delete(namespace)
      this.#leave(namespace, owner)
      return true
    }
    runtime.members.set(namespace, membership)
    const owners = this.#byNamespace.get(namespace) ?? new Set()
    this.#byNamespace.set(namespace, owners.add(owner))
    return true
  }

  #leave(namespace: string, owner: OwnerText): void {
    const owners = this.#byNamespace.get(namespace)
    owners?.delete(owner)
    if (owners?.size === 0) this.#byNamespace.delete(namespace)
  }

  /** Registries with a place in a namespace, oldest first. */
  inNamespace(namespace: string): Runtime[] {
    return [...(this.#byNamespace.get(namespace) ?? [])]
      .map((owner) => this.#runtimes.get(owner))
      .filter((runtime) => runtime !== undefined)
      .sort((a, b) => olderFirst(a.registry, b.registry))
  }

  /** Registries that want a Secret, oldest first: the first one has it. */
  claimants(namespace: string, name: string): Runtime[] {
    return this.inNamespace(namespace).filter(({ registry }) => registry.secretName === name)
  }
}
