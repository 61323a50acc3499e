import { computeStatus, sameStatus, statusPatch, type StatusWorld } from '../core/status.ts'
import type { Condition, RegistryStatus } from '../api/v1alpha1/index.ts'
import type { OwnerText, Registry } from '../core/registry.ts'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import type { EventRecorder } from './events.ts'
import type { Identities } from './identities.ts'
import type { RegistryObject } from './parse.ts'
import type { Runtime, Runtimes } from './runtime.ts'
import { registryPath } from './sweeper.ts'
import type { World } from './world.ts'

/** What status is made from. `onError` hears of a write that failed; it is tried again after 5 s. */
export interface ReporterOptions {
  readonly client: KubeClient
  readonly world: World
  readonly runtimes: Runtimes
  readonly identities: Identities
  readonly events: EventRecorder
  readonly now: () => Date
  readonly guard: () => void
  readonly onError: (owner: OwnerText, error: unknown) => void
}

/** Requests within this time become one status write. */
const settleMs = 30
/** A new spec whose work takes longer than this shows as Reconciling meanwhile. */
const impatientMs = 1500
const retryMs = 5000

/** Writes status: once when the work of a change is done, not once per namespace. */
export class Reporter {
  readonly #options: ReporterOptions
  readonly #timers = new Map<OwnerText, NodeJS.Timeout>()
  readonly #impatient = new Map<OwnerText, NodeJS.Timeout>()
  readonly #running = new Map<OwnerText, { again: boolean; readonly done: Promise<void> }>()
  #stopped = false

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Something about this registry may have changed. */
  request(owner: OwnerText): void {
    this.#schedule(owner, settleMs)
    const runtime = this.#options.runtimes.get(owner)
    if (runtime === undefined || this.#impatient.has(owner)) return
    if (runtime.registry.status?.observedGeneration === runtime.registry.generation) return
    const timer = setTimeout(() => {
      this.#impatient.delete(owner)
      void this.#run(owner, true)
    }, impatientMs)
    this.#impatient.set(owner, timer)
  }

  /** Writes what there is to say now, also while work is under way. Never rejects; a failure is tried again later. */
  async reportNow(owner: OwnerText): Promise<void> {
    await this.#running.get(owner)?.done
    await this.#run(owner, true)
  }

  /** Drops what waits and lets what runs finish. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of [...this.#timers.values(), ...this.#impatient.values()]) clearTimeout(timer)
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  #schedule(owner: OwnerText, afterMs: number): void {
    if (this.#stopped || this.#timers.has(owner)) return
    const timer = setTimeout(() => {
      this.#timers.delete(owner)
      void this.#run(owner, false)
    }, afterMs)
    this.#timers.set(owner, timer)
  }

  #run(owner: OwnerText, impatient: boolean): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    const running = this.#running.get(owner)
    if (running !== undefined) {
      running.again = true
      return running.done
    }
    const done = this.#report(owner, impatient)
      .catch((error: unknown) => {
        this.#options.onError(owner, error)
        this.#schedule(owner, retryMs)
      })
      .finally(() => {
        if (this.#running.get(owner)?.again === true) this.#schedule(owner, settleMs)
        this.#running.delete(owner)
      })
    this.#running.set(owner, { again: false, done })
    return done
  }

  async #report(owner: OwnerText, impatient: boolean): Promise<void> {
    const { client, world, guard } = this.#options
    for (let round = 0; round < 5; round++) {
      const runtime = this.#options.runtimes.get(owner)
      const registry = world.registries.get(owner)
      if (runtime === undefined || registry === undefined || runtime.registry.uid !== registry.uid) return
      if (runtime.registry.generation !== registry.generation) return // its reconciliation is queued and asks again
      if (isBusy(runtime, this.#options.identities) && !impatient) return // the last result of the work asks again
      const reported = runtime.newHistory.length
      const status = computeStatus(this.#facts(runtime, registry), this.#options.now())
      if (sameStatus(registry.status, status)) return
      const body = {
        metadata: { uid: registry.uid, resourceVersion: registry.resourceVersion },
        status: statusPatch(registry.status, status),
      }
      try {
        const path = registryPath(registry.ref, 'status')
        world.observeRegistry(
          await client.request<RegistryObject>({ method: 'PATCH', path, body, guard }),
          'answer',
        )
        runtime.newHistory.splice(0, reported)
        return await this.#announce(registry, status)
      } catch (error) {
        if (isNotFound(error)) return
        if (!isConflict(error)) throw error
        world.observeRegistry(
          await client.request<RegistryObject>({ method: 'GET', path: registryPath(registry.ref) }),
          'answer',
        )
      }
    }
    this.#schedule(owner, retryMs)
  }

  #facts(runtime: Runtime, registry: Registry): StatusWorld {
    const state = this.#options.identities.of(registry.owner)
    const members = [...runtime.members]
      .filter(([, membership]) => membership === 'member')
      .map(([name]) => name)
    const results = members.map((name) => runtime.results.get(name))
    const credential = runtime.inUse?.credential
    return {
      registry,
      hosts: runtime.hosts,
      outdated: runtime.inUse !== undefined && runtime.inUse.hosts.join() !== runtime.hosts.join(),
      credential,
      nextRefreshAt: runtime.nextTryAt,
      problem: runtime.problem,
      attempts: state?.attempts ?? 0,
      lastFailure: state?.lastFailure,
      material: runtime.material?.version,
      desired: members.length,
      synced: results.filter((result) => result?.state === 'synced').length,
      failures: results.map((result) => result?.failure).filter((failure) => failure !== undefined),
      progressing: isBusy(runtime, this.#options.identities),
      handledRequest: runtime.handledRequest ?? registry.status?.lastHandledRefreshRequest,
      newHistory: runtime.newHistory,
    }
  }

  /** Events on what changed, never on what merely goes on. */
  async #announce(registry: Registry, status: RegistryStatus): Promise<void> {
    const { events, now } = this.#options
    const subject = { ...registry.ref, uid: registry.uid }
    const before = registry.status
    const ended = status.expiresAt !== undefined && Date.parse(status.expiresAt) <= now().getTime()
    const told = conditionOf(before, 'CredentialIssued')?.reason === 'CredentialsExpired'
    if (ended && !told && conditionOf(before, 'Ready')?.status === 'True') {
      const note = conditionOf(status, 'Ready')?.message ?? ''
      await events.record(subject, 'Warning', 'CredentialsExpired', note)
    }
    const renewed = before?.issuedAt !== status.issuedAt
    for (const type of ['CredentialIssued', 'SecretsSynced']) {
      const condition = conditionOf(status, type)
      if (condition === undefined || condition.reason === 'Progressing') continue
      const same = sameWord(conditionOf(before, type), condition)
      if (same && !(renewed && type === 'CredentialIssued')) continue
      const kind = condition.status === 'True' ? 'Normal' : 'Warning'
      await events.record(subject, kind, condition.reason, condition.message)
    }
  }
}

function conditionOf(status: RegistryStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

function sameWord(a: Condition | undefined, b: Condition): boolean {
  return a?.status === b.status && a.reason === b.reason
}

/** Work is under way whose end will ask for a report. */
function isBusy(runtime: Runtime, identities: Identities): boolean {
  return (
    runtime.pending.size > 0 ||
    !runtime.reconciled ||
    identities.of(runtime.registry.owner)?.call !== undefined
  )
}
