// One measuring bed: a control plane with the chart, a fake AWS, and whatever is started on it. Ends with `close`.
import { setTimeout as delay } from 'node:timers/promises'
import { installChart, type InstalledChart } from '../chart/install.ts'
import { startFakeAws, type FakeAws } from '../fakes/aws/index.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { AuditTail, withoutLease } from './audit-tail.ts'
import { deployedSettings, startProduct, type Artefact, type Product } from './artefact.ts'
import { Reference } from './reference.ts'
import { Watch } from './watch.ts'
import type { YardstickSettings } from './yardstick.ts'

/** Every Secret that counts carries it, ours and the reference's, so that one watch sees both. */
export const benchLabels = { bench: 'yes' }
/** The pull entry of one ECR host with a token of the usual length, in bytes. */
const payloadBytes = 4200
const daySeconds = 86_400
const workers = 16

/** A Secret was written, as the bench's watch saw it. */
export interface Sighting {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly namespace: string
  readonly name: string
  /** performance.now() */
  readonly at: number
}

interface Stoppable {
  stop(): Promise<void>
}

/** Started by `Bed.start`. */
export class Bed {
  readonly cp: ControlPlane
  readonly aws: FakeAws
  readonly chart: InstalledChart
  readonly artefact: Artefact
  /** What our ServiceAccount asks. */
  readonly audit: AuditTail
  readonly #settings: Readonly<Record<string, string>>
  readonly #running = new Set<Stoppable>()
  readonly #listeners = new Set<(sighting: Sighting) => void>()
  #watch: Watch | undefined

  private constructor(parts: {
    cp: ControlPlane
    aws: FakeAws
    chart: InstalledChart
    artefact: Artefact
    settings: Record<string, string>
  }) {
    const { cp, aws, chart, artefact, settings } = parts
    this.cp = cp
    this.aws = aws
    this.chart = chart
    this.artefact = artefact
    this.#settings = settings
    this.audit = new AuditTail(
      cp.auditLog,
      `system:serviceaccount:${chart.namespace}:${chart.serviceAccount}`,
    )
  }

  /** @param signal ends what was started, also in the middle of the start */
  static async start(artefact: Artefact, signal: AbortSignal): Promise<Bed> {
    const [cp, aws] = await Promise.all([startControlPlane(), startFakeAws()])
    const stop = async (): Promise<void> => {
      await Promise.all([aws.close(), cp.stop()])
    }
    try {
      signal.throwIfAborted()
      const values = { policy: { allowedEndpoints: [new URL(aws.endpoint).host] } }
      const chart = await installChart(cp, { values })
      const bed = new Bed({ cp, aws, chart, artefact, settings: await deployedSettings(cp, chart) })
      await bed.#observe()
      signal.throwIfAborted()
      return bed
    } catch (error) {
      await stop()
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.stop()))
    await this.#watch?.close()
    await Promise.all([this.aws.close(), this.cp.stop()])
  }

  /** Spawns a replica under the chart's ServiceAccount, and waits for nothing. @param settings win over the chart's */
  async startProduct(settings: Readonly<Record<string, string>> = {}): Promise<Product> {
    const { namespace, serviceAccount } = this.chart
    const token = await this.cp.serviceAccountToken(namespace, serviceAccount, {
      expirationSeconds: daySeconds,
    })
    const kubeconfig = await this.cp.kubeconfig(token)
    const product = startProduct(this.artefact, kubeconfig, {
      ...this.#settings,
      HOME: this.cp.folder,
      ...settings,
    })
    this.#running.add(product)
    return product
  }

  /** Starts the reference as administrator. */
  async startReference(settings: Partial<YardstickSettings> = {}): Promise<Reference> {
    const { url, ca, adminToken: token, folder } = this.cp
    const reference = await Reference.start(folder, {
      url,
      ca,
      token,
      name: 'bare',
      labels: benchLabels,
      selector: 'serve=bare',
      payloadBytes,
      serve: false,
      ...settings,
    })
    this.#running.add(reference)
    return reference
  }

  async stop(started: Product | Reference): Promise<void> {
    await started.stop()
    this.#running.delete(started)
  }

  /** Waits until a replica holds the Lease; one that was stopped in order has given it back. */
  async untilLeading(): Promise<void> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.chart.namespace}/leases/token-registries`
    await this.cp.admin.waitFor<{ spec?: { holderIdentity?: string } }>(
      path,
      ({ spec }) => Boolean(spec?.holderIdentity),
      {
        what: 'a leader',
      },
    )
  }

  /** Waits until our ServiceAccount has asked for nothing but its Lease for two seconds. */
  async untilQuiet(): Promise<void> {
    for (let before = -1, now = 0; before !== now;) {
      before = now
      await delay(2000)
      now = withoutLease(await this.audit.since())
    }
  }

  async #observe(): Promise<void> {
    const { url, ca, adminToken: token } = this.cp
    const tell = (sighting: Sighting): void => this.#listeners.forEach((listener) => listener(sighting))
    this.#watch = await Watch.start(
      { url, ca, token },
      '/api/v1/secrets',
      (type, { metadata: { namespace = '', name } }) =>
        tell({ type, namespace, name, at: performance.now() }),
      { selector: 'bench=yes' },
    )
  }

  /**
   * Collects sightings until there is one that fits for each key.
   * @returns key → time of its first fitting sighting
   * @throws Error after `patienceMs` (default 120,000) with how many are missing, or when a process has ended
   */
  async untilSeen(
    keys: Iterable<string>,
    keyOf: (sighting: Sighting) => string | undefined,
    during: () => Promise<unknown>,
    patienceMs = 120_000,
  ): Promise<Map<string, number>> {
    const missing = new Set(keys)
    const seen = new Map<string, number>()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const listener = (sighting: Sighting): void => {
      const key = keyOf(sighting)
      if (key === undefined || !missing.delete(key)) return
      seen.set(key, sighting.at)
      if (missing.size === 0) resolve()
    }
    const giveUpAt = performance.now() + patienceMs
    const guard = setInterval(() => {
      try {
        this.#watch?.check()
        for (const each of this.#running) if ('assertAlive' in each) (each as Product).assertAlive()
        if (performance.now() > giveUpAt) throw new Error(`${missing.size} Secrets were not seen in time`)
      } catch (error) {
        reject(error as Error)
      }
    }, 250)
    this.#listeners.add(listener)
    try {
      await Promise.all([during(), missing.size === 0 ? undefined : promise])
      return seen
    } finally {
      clearInterval(guard)
      this.#listeners.delete(listener)
    }
  }

  /** Runs `work` over all items, as many at once as the API server takes well. */
  async each<Item>(items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
    const next = items[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (let item = next.next(); !item.done; item = next.next()) await work(item.value)
    }
    await Promise.all(Array.from({ length: workers }, worker))
  }
}
