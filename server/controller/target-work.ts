import { marksEqual } from '../core/decide-target.ts'
import { annotations } from '../core/names.ts'
import { RegistryError } from '../core/errors.ts'
import type { OwnerText } from '../core/registry.ts'
import { backoffMs } from '../core/schedule.ts'
import { writeRefusal } from '../core/secret-access.ts'
import { isNotFound, isTerminating } from '../kube/errors.ts'
import { DueTimers } from './due-timers.ts'
import { fromKubeError } from './failure.ts'
import { FanOut, priority, type Priority } from './fan-out.ts'
import type { ControllerOptions } from './options.ts'
import type { Runtime, Runtimes } from './runtime.ts'
import type { SecretWriter } from './secret-writer.ts'
import type { World } from './world.ts'

/** What writing targets needs of the controller, and who hears of each end. */
export interface TargetWorkOptions extends Pick<
  ControllerOptions,
  'clock' | 'config' | 'logger' | 'metrics'
> {
  readonly world: World
  readonly runtimes: Runtimes
  readonly writer: SecretWriter
  /** The Secret of a registry is up to date in a namespace. */
  readonly onSynced: (runtime: Runtime, namespace: string) => void
  /** One target is done, well or not. */
  readonly onDone: (runtime: Runtime) => void
}

/** So many repairs within the window are normal; more means that somebody else writes the same Secret on purpose. */
const patience = { repairs: 5, windowMs: 60_000 }
const targetBackoff = { minMs: 1000, maxMs: 5 * 60_000 }

/** The Secrets that are to be written: a queue over (registry, namespace), with retries of its own for each. */
export class TargetWork {
  readonly #options: TargetWorkOptions
  readonly #queue: FanOut<string>
  readonly #retries: DueTimers<string>

  constructor(options: TargetWorkOptions) {
    this.#options = options
    const { config, clock, logger } = options
    this.#queue = new FanOut({
      workers: config.workers,
      budgetPerSecond: config.writeBudgetPerSecond,
      run: (key) => this.#sync(key),
      onError: (key, error) => logger.error({ err: error, key }, 'writing a Secret failed unexpectedly'),
    })
    this.#retries = new DueTimers({
      now: () => clock.nowMs(),
      due: (key) => this.#queue.add(key, priority.drift),
    })
  }

  get depth(): number {
    return this.#queue.depth
  }

  get oldestSeconds(): number {
    return this.#queue.oldestSeconds
  }

  /** Queues one Secret with the priority that its present state asks for. */
  addByState(runtime: Runtime, namespace: string): void {
    const there = this.#options.world.secrets.get(namespace, runtime.registry.secretName)
    const ours = there?.annotations[annotations.owner] === runtime.registry.owner
    this.add(runtime, namespace, ours ? priority.refresh : priority.missing)
  }

  /** Queues one Secret, unless it is known to be as it shall be. */
  add(runtime: Runtime, namespace: string, level: Priority): void {
    const { registry, rendered } = runtime
    if (rendered === undefined || registry.suspend || runtime.members.get(namespace) !== 'member') return
    const { world, runtimes } = this.#options
    const there = world.secrets.get(namespace, rendered.name)
    const asWanted = there?.payloadHash === rendered.payloadHash && marksEqual(there, rendered)
    if (asWanted && runtimes.claimants(namespace, rendered.name)[0] === runtime) {
      this.#synced(runtime, namespace)
      return
    }
    if (this.#mustWait(runtime, namespace, level, there)) return
    runtime.pending.add(namespace)
    this.#queue.add(formatKey(registry.owner, namespace), level)
  }

  /** Whether a Secret stays as it is for now; why stands in the results then. */
  #mustWait(
    { registry, problem, repairs, results }: Runtime,
    namespace: string,
    level: Priority,
    there: unknown,
  ): boolean {
    const { clock, config } = this.#options
    if (problem?.code === 'NotAllowed' && there === undefined) {
      const failure = { namespace, code: problem.code, message: problem.message, since: problem.time }
      results.set(namespace, { state: 'failed', failure, attempts: 1 })
      return true // what is in place stays, but a right that was withdrawn does not spread
    }
    const refusal = writeRefusal(config.access, namespace, registry.secretName)
    if (refusal !== undefined) {
      const before = results.get(namespace)?.failure
      const since = before?.message === refusal ? before.since : clock.now()
      const failure = { namespace, code: 'ClusterForbidden' as const, message: refusal, since }
      results.set(namespace, { state: 'failed', failure, attempts: 1 })
      return true // new rights come with a new start of the server
    }
    const contested = repairs.get(namespace)?.contested
    if (level !== priority.drift || contested === undefined) return false
    const waitMs = contested.untilMs - clock.nowMs()
    if (waitMs <= 0 || waitMs > patience.windowMs) return false // more than that: the clock was put back meanwhile
    results.set(namespace, { state: 'failed', failure: contested.failure, attempts: 1 })
    this.#retries.set(formatKey(registry.owner, namespace), new Date(contested.untilMs))
    return true
  }

  retryAllNow(): void {
    this.#retries.fireAll()
  }

  /** Drops what waits and lets what runs finish. */
  async stop(): Promise<void> {
    this.#retries.stop()
    this.#queue.stop()
    await this.#queue.drained()
  }

  async #sync(key: string): Promise<void> {
    const { owner, namespace } = parseKey(key)
    const { runtimes, writer, metrics, logger, onDone } = this.#options
    const runtime = runtimes.get(owner)
    if (runtime === undefined) return
    const { rendered, registry, inUse } = runtime
    // Meanwhile; the outcome for the old name would say that the Secret of the new one is in place.
    const isRenamed = (): boolean => runtime.registry.secretName !== rendered?.name
    try {
      if (rendered === undefined || registry.suspend || runtime.members.get(namespace) !== 'member') return
      const [first] = runtimes.claimants(namespace, rendered.name)
      const claimedBy = first === undefined || first === runtime ? undefined : first.registry.owner
      const { outcome, editor } = await writer.write({
        namespace,
        desired: rendered,
        registryName: registry.ref.name,
        hosts: inUse?.hosts ?? [],
        claimedBy,
      })
      if (outcome !== 'unchanged') {
        metrics.countSecretWrite(outcome)
        logger.debug({ registry: owner, namespace, secret: rendered.name, outcome }, 'wrote a Secret')
      }
      if (isRenamed()) return
      if (outcome === 'updated' && editor !== undefined) this.#countRepair(runtime, namespace, editor)
      this.#synced(runtime, namespace)
    } catch (error) {
      if (!isRenamed()) this.#failed(runtime, namespace, error)
    } finally {
      runtime.pending.delete(namespace)
      onDone(runtime)
    }
  }

  /** @throws RegistryError when somebody keeps rewriting; the next repair then waits, so that nobody runs hot */
  #countRepair(runtime: Runtime, namespace: string, editor: string): void {
    const now = this.#options.clock.now()
    const before = runtime.repairs.get(namespace)
    const fresh = before === undefined || now.getTime() - before.sinceMs > patience.windowMs
    const count = fresh ? 1 : before.count + 1
    const sinceMs = fresh ? now.getTime() : before.sinceMs
    if (count <= patience.repairs) {
      runtime.repairs.set(namespace, { count, sinceMs, contested: undefined })
      return
    }
    const name = `${namespace}/${runtime.registry.secretName}`
    const message = `Secret ${name} is changed again and again by the field manager "${editor}"; stop it, or set spec.secret.name to another name (it is repaired once a minute meanwhile)`
    const failure = { namespace, code: 'NotOwner' as const, message, since: now }
    const contested = { untilMs: now.getTime() + patience.windowMs, failure }
    runtime.repairs.set(namespace, { count, sinceMs: now.getTime(), contested })
    throw new RegistryError('NotOwner', message, { retryAfterMs: patience.windowMs })
  }

  #synced(runtime: Runtime, namespace: string): void {
    runtime.results.set(namespace, { state: 'synced', failure: undefined, attempts: 0 })
    this.#retries.clear(formatKey(runtime.registry.owner, namespace))
    this.#options.onSynced(runtime, namespace)
  }

  #failed(runtime: Runtime, namespace: string, thrown: unknown): void {
    const { world, clock, logger, metrics } = this.#options
    if (isTerminating(thrown) || (isNotFound(thrown) && !world.namespaces.has(namespace))) return // it goes away
    const { registry } = runtime
    const { code, message, retryAfterMs } = fromKubeError(
      thrown,
      `Secret ${namespace}/${registry.secretName}`,
    )
    const before = runtime.results.get(namespace)
    const attempts = (before?.attempts ?? 0) + 1
    const now = clock.now()
    const since = before?.failure?.code === code ? before.failure.since : now
    runtime.results.set(namespace, {
      state: 'failed',
      attempts,
      failure: { namespace, code, message, since },
    })
    metrics.countSecretWrite(code === 'ClusterConflict' ? 'conflict' : 'failed')
    logger.warn({ registry: registry.owner, namespace, code, attempts }, message)
    // What stands in the way shows by an event when it goes; the timer is for what nobody tells.
    const wait = backoffMs(attempts, targetBackoff, Math.random(), retryAfterMs)
    this.#retries.set(formatKey(registry.owner, namespace), new Date(now.getTime() + wait))
  }
}

/** Neither part can hold a line break. */
function formatKey(owner: OwnerText, namespace: string): string {
  return `${namespace}\n${owner}`
}

function parseKey(key: string): { namespace: string; owner: OwnerText } {
  const [namespace = '', owner = ''] = key.split('\n')
  return { namespace, owner }
}
