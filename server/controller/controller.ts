import { FanOut, priority } from './fan-out.ts'
import { Attacher } from './attacher.ts'
import { logCall } from './call-log.ts'
import { earlier, takeWarning, warnAt } from './declared-end.ts'
import { DueTimers } from './due-timers.ts'
import { EventRecorder } from './events.ts'
import { Identities } from './identities.ts'
import { Reconciler } from './reconcile.ts'
import { Reporter } from './reporter.ts'
import { Runtimes, type Runtime } from './runtime.ts'
import { SecretWriter } from './secret-writer.ts'
import { SweepSchedule } from './sweep-schedule.ts'
import { Sweeper } from './sweeper.ts'
import { TargetWork } from './target-work.ts'
import type { ControllerOptions } from './options.ts'
import { World, type WorldListener } from './world.ts'
import type { OwnerText } from '../core/registry.ts'
import { attachRefusal, mayCreateSecrets } from '../core/secret-access.ts'
import type { NamespaceInfo } from '../core/targets.ts'
import type { SecretChange } from './secret-cache.ts'

/** A create within 2 ms of the namespace's event can be held 50 ms by namespace admission. */
const settleNamespaceMs = 5
const registryWorkers = 8
const attachRetryMs = 5000
/** Events that are about no single registry. */
const serverObject = { kind: 'TokenRegistryServer', namespace: '', name: 'default' }

/**
 * Turns changes of the world into work: which registry to reconcile, which Secret to write, what to sweep and
 * report. Holds no rule of its own; core decides.
 */
export class Controller implements WorldListener {
  readonly world: World
  readonly runtimes = new Runtimes()
  readonly #options: ControllerOptions
  readonly #identities: Identities
  readonly #reconciler: Reconciler
  readonly #attacher: Attacher
  readonly #sweeper: Sweeper
  readonly #reporter: Reporter
  readonly #events: EventRecorder
  readonly #registries: FanOut<OwnerText>
  readonly #targets: TargetWork
  readonly #sweeps: SweepSchedule
  readonly #attachments: FanOut<string>
  readonly #timers: DueTimers<OwnerText>
  #active = false

  constructor(options: ControllerOptions) {
    this.#options = options
    const { client, clock, guard, logger, metrics, config } = options
    const now = (): Date => clock.now()
    const nowMs = (): number => clock.nowMs()
    this.world = new World(this, { projectGraceMs: config.projectGraceMs })
    const { world, runtimes } = this
    this.#identities = new Identities({
      now,
      timeoutMs: config.upstreamTimeoutMs,
      maxCalls: config.workers,
      onOutcome: (provider, outcome) => {
        metrics.countRefresh(
          provider,
          outcome.outcome === 'Succeeded' ? 'success' : 'failure',
          outcome.code ?? 'OK',
        )
        metrics.observeUpstream(provider, outcome.durationMs / 1000)
      },
      onSettled: (owners, outcome) => this.#callSettled(owners, outcome),
    })
    const identities = this.#identities
    this.#events = new EventRecorder({
      client,
      guard,
      instance: config.identity,
      onError: (error) => logger.warn({ err: error }, 'an event was not written'),
    })
    this.#reconciler = new Reconciler({
      ...options,
      ...config,
      world,
      runtimes,
      identities,
      now,
      onClockSkew: (source, ms) => metrics.setClockSkew(source, ms / 1000),
    })
    this.#attacher = new Attacher({ client, world, runtimes, guard })
    this.#reporter = new Reporter({
      client,
      world,
      runtimes,
      identities,
      events: this.#events,
      now,
      guard,
      onError: (owner, error) =>
        logger.warn({ err: error, registry: owner }, 'status was not written; it is tried again'),
    })
    this.#sweeper = new Sweeper({
      client,
      world,
      runtimes,
      guard,
      attacher: this.#attacher,
      limits: config.sweepLimits,
      mayDelete: mayCreateSecrets(config.access),
      nowMs: () => performance.now(), // it measures waits, which a clock that is put right must not stretch
      intervalMs: config.sweepIntervalMs,
      complete: options.complete,
      onDeleted: ({ namespace, name, owner }) => {
        metrics.countSweepDeleted(1)
        logger.info(
          { namespace, secret: name, registry: owner },
          'removed a Secret that no registry wants there',
        )
      },
      onKept: ({ namespace, name, owner }, reason) => {
        metrics.countSweepKept(reason)
        logger.debug(
          { namespace, secret: name, registry: owner, reason },
          'kept a Secret that no registry wants there',
        )
      },
      onLimit: (remaining) => {
        metrics.countSweepKept('LimitReached', remaining)
        logger.warn(
          { remaining },
          'more Secrets are unwanted than one pass may delete; the rest waits for the next pass',
        )
        const note = `${remaining} more Secrets are unwanted than one pass may delete; the rest waits for the next pass`
        void this.#events.record(serverObject, 'Warning', 'SweepLimited', note)
      },
    })
    const failed =
      (what: string) =>
      (key: string, error: unknown): void =>
        logger.error({ err: error, key }, `${what} failed unexpectedly`)
    this.#registries = new FanOut({
      workers: registryWorkers,
      budgetPerSecond: Infinity,
      run: (owner) => this.#reconcile(owner),
      onError: failed('a reconciliation'),
    })
    this.#targets = new TargetWork({
      ...options,
      world,
      runtimes,
      writer: new SecretWriter({ client, world, guard, mayCreate: mayCreateSecrets(config.access) }),
      onSynced: ({ registry }, namespace) => {
        if (registry.attach.mode !== 'None') this.#attachments.add(namespace, priority.missing)
      },
      onDone: ({ registry, pending }) => {
        this.#reporter.request(registry.owner)
        if (pending.size === 0) this.#sweepSoon()
      },
    })
    this.#sweeps = new SweepSchedule({ sweeper: this.#sweeper, intervalMs: config.sweepIntervalMs, logger })
    this.#attachments = new FanOut({
      workers: 2,
      budgetPerSecond: Infinity,
      run: (namespace) => this.#attach(namespace),
      onError: failed('a ServiceAccount'),
    })
    this.#timers = new DueTimers({
      now: nowMs,
      due: (owner) => this.#registries.add(owner, priority.refresh),
    })
  }

  /** Figures for metrics. */
  get queue(): { depth: number; oldestAgeSeconds: number } {
    return {
      depth: this.#registries.depth + this.#targets.depth,
      oldestAgeSeconds: Math.max(this.#registries.oldestSeconds, this.#targets.oldestSeconds),
    }
  }

  /**
   * Starts to act, once the watches are complete. First every registry is bound to its identity and running
   * credentials are taken back, so that no registry asks upstream for what another one already holds.
   */
  async activate(): Promise<void> {
    await this.#options.fillSecrets()
    const next = [...this.world.registries.keys()].values()
    const prepare = async (): Promise<void> => {
      for (const owner of next) await this.#reconciler.prepare(owner)
    }
    await Promise.all(Array.from({ length: registryWorkers }, prepare))
    this.#active = true
    for (const owner of this.world.registries.keys()) this.#registries.add(owner, priority.missing)
    for (const namespace of this.world.serviceAccounts.keys())
      this.#attachments.add(namespace, priority.refresh)
    this.#sweepSoon()
  }

  /** Stops acting; what runs is finished, what waits is dropped. */
  async stop(): Promise<void> {
    this.#active = false
    this.#timers.stop()
    this.#identities.stop()
    const queues = [this.#registries, this.#attachments]
    for (const queue of queues) queue.stop()
    const work = [this.#targets, this.#sweeps, this.#reporter].map((each) => each.stop())
    await Promise.all([...work, ...queues.map((queue) => queue.drained())])
    this.#events.stop()
  }

  /** Time itself was in doubt: everybody decides anew. */
  clockChanged(): void {
    this.#timers.fireAll()
    this.#targets.retryAllNow()
  }

  /** The watches are complete again: what waited for that may be swept. */
  watchesChanged(): void {
    if (this.#options.complete()) this.#sweepSoon()
  }

  registryChanged(owner: OwnerText): void {
    const runtime = this.runtimes.get(owner)
    const registry = this.world.registries.get(owner)
    if (runtime && registry && runtime.registry.generation !== registry.generation) this.#specChanged(runtime)
    if (this.#active) this.#registries.add(owner, priority.missing)
  }

  registryGone(owner: OwnerText): void {
    this.#sweeper.reconsider(owner)
    const runtime = this.runtimes.get(owner)
    this.#timers.clear(owner)
    this.#identities.release(owner)
    for (const namespace of this.runtimes.remove(owner))
      this.#placeFreed(namespace, runtime?.registry.secretName ?? '')
    this.#sweepSoon()
  }

  namespaceChanged(name: string, before: NamespaceInfo | undefined): void {
    const fresh = before === undefined
    for (const runtime of this.runtimes.all()) {
      const { registry } = runtime
      const isHome = registry.ref.namespace === name
      // The policy may map the project.
      if (isHome && before?.project !== this.world.namespaces.get(name)?.project) this.#readAgain(runtime)
      if (!this.#reconciler.updateMembership(runtime, name) || !this.#active) continue
      if (runtime.members.get(name) === 'member') {
        const add = (): void => this.#targets.add(runtime, name, priority.missing)
        if (fresh) setTimeout(add, settleNamespaceMs)
        else add()
      } else this.#placeFreed(name, registry.secretName)
      this.#reporter.request(registry.owner)
      this.#sweepSoon()
    }
  }

  secretChanged({ namespace, name }: SecretChange): void {
    this.#materialChanged(namespace, name) // material may carry our label too: a copy, or somebody's mistake
    if (!this.#active) return
    const claimants = this.runtimes.claimants(namespace, name)
    for (const runtime of claimants) this.#targets.add(runtime, namespace, priority.drift)
    if (claimants.length === 0) this.#sweepSoon()
  }

  foreignSecretChanged(namespace: string, name: string): void {
    this.#materialChanged(namespace, name)
    if (!this.#active) return
    for (const runtime of this.runtimes.claimants(namespace, name))
      this.#targets.add(runtime, namespace, priority.drift)
  }

  #materialChanged(namespace: string, name: string): void {
    for (const runtime of this.runtimes.all()) {
      const { credentials, ref } = runtime.registry
      const home = ref.namespace === '' ? this.#options.config.serverNamespace : ref.namespace
      if (home === namespace && credentials.kind === 'secret' && credentials.name === name)
        this.#readAgain(runtime)
    }
  }

  foreignSecretsUnknown(): void {
    for (const runtime of this.runtimes.all()) this.#readAgain(runtime)
  }

  serviceAccountChanged(namespace: string): void {
    if (this.#active) this.#attachments.add(namespace, priority.missing)
  }

  policyChanged(): void {
    for (const runtime of this.runtimes.all()) this.#readAgain(runtime)
    this.#options.onPolicyChanged()
  }

  #readAgain(runtime: Runtime): void {
    runtime.materialEpoch++
    if (this.#active) this.#registries.add(runtime.registry.owner, priority.missing)
  }

  /** A new spec forgets old failures: the next try is now. */
  #specChanged(runtime: Runtime): void {
    const state = this.#identities.of(runtime.registry.owner)
    if (state === undefined || state.lastFailure === undefined) return
    state.attempts = 0
    state.lastFailure = undefined
  }

  #callSettled(owners: ReadonlySet<OwnerText>, outcome: Runtime['newHistory'][number]): void {
    const [first] = owners
    const failure = first === undefined ? undefined : this.#identities.of(first)?.lastFailure
    logCall(this.#options.logger, owners, outcome, failure)
    for (const owner of owners) {
      const runtime = this.runtimes.get(owner)
      if (runtime === undefined) continue
      runtime.newHistory.push(outcome)
      runtime.handledRequest = runtime.requestInCall ?? runtime.handledRequest
      runtime.requestInCall = undefined
      if (this.#active) this.#registries.add(owner, priority.missing)
    }
  }

  async #reconcile(owner: OwnerText): Promise<void> {
    const before = this.runtimes.get(owner)
    const placesBefore = before === undefined ? [] : [...before.members.keys()]
    const nameBefore = before?.registry.secretName
    const result = await this.#reconciler.reconcile(owner)
    if (result === undefined) return
    const { runtime, comeAgainAt } = result
    this.#sweeper.reconsider(owner)
    await this.#answerRequest(runtime)
    for (const place of placesBefore) {
      if (runtime.members.has(place) && nameBefore === runtime.registry.secretName) continue
      this.#placeFreed(place, nameBefore ?? '')
    }
    for (const [namespace, membership] of runtime.members) {
      if (membership === 'member') this.#targets.addByState(runtime, namespace)
      if (runtime.attachedGeneration !== runtime.registry.generation) this.#attachAnew(runtime, namespace)
    }
    runtime.attachedGeneration = runtime.registry.generation
    const note = takeWarning(runtime, this.#options.clock.nowMs())
    if (note !== undefined) {
      const { ref, uid } = runtime.registry
      void this.#events.record({ ...ref, uid }, 'Warning', 'CredentialsExpired', note)
    }
    this.#timers.set(owner, earlier(comeAgainAt, warnAt(runtime)))
    this.#reporter.request(owner)
    this.#sweepSoon()
  }

  #attachAnew({ registry: { ref, uid, attach } }: Runtime, namespace: string): void {
    this.#attachments.add(namespace, priority.missing)
    const refusal = attachRefusal(this.#options.config.access, namespace, attach)
    if (refusal !== undefined)
      void this.#events.record({ ...ref, uid }, 'Warning', 'ClusterForbidden', refusal)
  }

  /** A request counts as answered before its fan-out: a kill in the middle must not ask upstream once more. */
  async #answerRequest({ registry, handledRequest }: Runtime): Promise<void> {
    const told = this.world.registries.get(registry.owner)?.status?.lastHandledRefreshRequest
    if (handledRequest !== undefined && handledRequest !== told)
      await this.#reporter.reportNow(registry.owner)
  }

  async #attach(namespace: string): Promise<void> {
    try {
      await this.#attacher.sync(namespace)
    } catch (error) {
      this.#options.logger.warn(
        { err: error, namespace },
        'a ServiceAccount was not changed; it is tried again',
      )
      setTimeout(() => this.#attachments.add(namespace, priority.refresh), attachRetryMs).unref()
    }
  }

  /** A registry left a place: the next one may have it, and ServiceAccounts forget it. */
  #placeFreed(namespace: string, secretName: string): void {
    if (!this.#active) return
    for (const runtime of this.runtimes.claimants(namespace, secretName))
      this.#targets.add(runtime, namespace, priority.missing)
    this.#attachments.add(namespace, priority.missing)
  }

  /** A standby must not look for what is unwanted: it has not decided what is wanted. */
  #sweepSoon(): void {
    if (this.#active) this.#sweeps.soon()
  }
}
