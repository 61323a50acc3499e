// The Rancher Dashboard with the extension, on real clusters in which the product runs: what the page's tests work on.
import { ensureDashboard } from '../../scripts/build/dashboard.ts'
import { ensureExtension, type ExtensionBundle } from '../../scripts/build/extension.ts'
import { checkCanaries } from '../canaries/plane.ts'
import { installChart, type InstalledChart } from '../chart/install.ts'
import { startFakeAws, type FakeAws } from '../fakes/aws/index.ts'
import { startServer, type ServerProcess } from '../integration/harness.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { startRancher } from '../testbed/rancher-front/front.ts'
import type { Rancher } from '../testbed/rancher-front/options.ts'
import { startRegistry, type Registry } from '../testbed/registry.ts'
import { people, rancherUsers, settle, type Projects } from './stage/people.ts'
import { installPlugin, type StagePlugin } from './stage/plugin.ts'
import { beginOutage, rememberKeys, seedRegistries } from './stage/seeds.ts'

const daySeconds = 86_400

/** The clusters of a stage; the second one is reached as Rancher reaches others than its own. */
export const clusterIds = ['local', 'c-m-7xk2p9qd'] as const

/** Id of a cluster of the stage. */
export type ClusterId = (typeof clusterIds)[number]

/** How to start a stage; every field has a default. */
export interface PageStageOptions {
  /** Default 2. */
  readonly clusters?: 1 | 2
  /** Life of the credentials that AWS gives out, in milliseconds. Default 12 hours, as the real one. */
  readonly tokenLifetimeMs?: number
  /** Whether there are registries from the start, one of each state (stage/seeds.ts). Default true. */
  readonly seed?: boolean
  /** Clusters without the product: neither its chart nor its server. Default none. */
  readonly without?: readonly ClusterId[]
  /** More settings of the server's. */
  readonly serverEnv?: Readonly<Record<string, string>>
  /** Default: built from the sources. */
  readonly bundle?: ExtensionBundle
  /** Default: the build's progress goes to standard error. */
  readonly progress?: (line: string) => void
}

/** The product in one cluster. */
export interface Product {
  readonly chart: InstalledChart
  readonly server: ServerProcess
}

/** A cluster of the stage. */
export interface StageCluster {
  readonly id: ClusterId
  readonly plane: ControlPlane
  readonly projects: Projects
  /** undefined in clusters `without` it. */
  readonly product: Product | undefined
}

/** A running stage. */
export interface PageStage {
  /** Of the Dashboard, with the final slash. */
  readonly url: string
  readonly rancher: Rancher
  readonly clusters: ReadonlyMap<ClusterId, StageCluster>
  /** Its faults are the switches for failures of the refresh. */
  readonly aws: FakeAws
  /** A second AWS that specs may name as `endpoint`; unreachable once the registries are seeded. */
  readonly outage: FakeAws
  /** A real OCI registry that takes the passwords of `aws`. */
  readonly registry: Registry
  readonly plugin: StagePlugin
  /** One of its clusters. @throws Error when it has no such cluster */
  cluster(id: ClusterId): StageCluster
  /** Stops everything, in reverse order. @throws the first problem, when all has ended */
  stop(): Promise<void>
}

/**
 * Starts it, in about 40 seconds once Dashboard, extension and testbed are built, with 1.3 GB of memory per cluster.
 * @throws Error with the end of the log of the part that did not come up
 */
export async function startPageStage(options: PageStageOptions = {}): Promise<PageStage> {
  const stops: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    const problems: unknown[] = []
    for (const end of stops.splice(0).reverse()) {
      try {
        await end()
      } catch (problem) {
        problems.push(problem)
      }
    }
    if (problems.length > 0) throw problems[0]
  }
  try {
    return await raise(options, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function raise(
  options: PageStageOptions,
  stops: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<PageStage> {
  const dashboard = await ensureDashboard(options.progress)
  const bundle = options.bundle ?? (await ensureExtension(options.progress))
  const keep = async <Part>(starting: Promise<Part>, end: (part: Part) => unknown): Promise<Part> => {
    const part = await starting
    stops.push(() => end(part))
    return part
  }

  const fakes = [options.tokenLifetimeMs, undefined].map((tokenLifetimeMs) =>
    keep(startFakeAws(tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs }), (fake) => fake.close()),
  )
  const [aws, outage] = (await Promise.all(fakes)) as [FakeAws, FakeAws]
  rememberKeys({ aws, outage })
  const { realm, service, issuer, rootCertBundlePem } = aws
  const registry = await keep(startRegistry({ realm, service, issuer, rootCertBundlePem }), (it) => it.stop())

  const users = Object.keys(people).map((name) => (name === 'admin' ? adminOfPlane : { name }))
  const ids = clusterIds.slice(0, options.clusters ?? 2)
  const planes = await Promise.all(
    ids.map((id) => keep(startControlPlane({ users }), (it) => it.stop()).then((plane) => ({ id, plane }))),
  )
  const products = new Map<ClusterId, Product>()
  for (const { id, plane } of planes) {
    if (options.without?.includes(id)) continue
    const env = { AWS_ENDPOINT_URL: aws.endpoint, ...options.serverEnv }
    products.set(id, await keep(startProduct(plane, outage, env), (product) => endProduct(plane, product)))
  }
  const services = new Map<string, string>()
  const named = planes.map(({ id, plane }) => ({ id, displayName: displayNames[id], plane }))
  const starting = startRancher({ clusters: named, users: rancherUsers(), dashboard, services })
  const rancher = await keep(starting, (it) => it.stop())

  const clusters = new Map<ClusterId, StageCluster>()
  for (const { id, plane } of planes)
    clusters.set(id, { id, plane, projects: await settle(rancher, id), product: products.get(id) })
  const local = planes[0]!.plane
  const plugin = await keep(installPlugin(local, services, bundle), (it) => it.stop())
  if (options.seed ?? true) {
    const seeding = planes.filter(({ id }) => products.has(id))
    for (const { id, plane } of seeding) await seedRegistries(plane, id, { aws, outage })
    await beginOutage(
      seeding.map(({ plane }) => plane),
      { aws, outage },
    )
  }
  const cluster = (id: ClusterId): StageCluster => {
    const found = clusters.get(id)
    if (found) return found
    throw new Error(`the stage has no cluster ${id}`)
  }
  return { url: `${rancher.url}/dashboard/`, rancher, clusters, aws, outage, registry, plugin, cluster, stop }
}

const adminOfPlane = { name: 'admin', id: 'admin', groups: ['system:masters'] }
const displayNames: Record<ClusterId, string> = { local: 'local', 'c-m-7xk2p9qd': 'production' }

/** @throws AssertionError when a secret came out anywhere while the stage stood */
async function endProduct(plane: ControlPlane, { server }: Product): Promise<void> {
  await server.scrape(plane.adminToken)
  await server.kill('SIGTERM')
  await checkCanaries(plane)
}

/** The chart by helm, and the server as a process with the rights of the chart's ServiceAccount. */
async function startProduct(
  plane: ControlPlane,
  outage: FakeAws,
  env: Readonly<Record<string, string>>,
): Promise<Product> {
  const policy = { allowedEndpoints: [new URL(outage.endpoint).host] }
  const chart = await installChart(plane, { values: { policy } })
  // In a pod the kubelet renews the token; this one must last as long as somebody looks at the stage.
  const token = await plane.serviceAccountToken(chart.namespace, chart.serviceAccount, {
    expirationSeconds: 30 * daySeconds,
  })
  const server = await startServer(plane, chart, {
    kubeconfig: await plane.kubeconfig(token),
    // Failing registries are to be looked at in peace.
    env: { BACKOFF_MIN_SECONDS: '2', BACKOFF_MAX_SECONDS: '60', LOG_LEVEL: 'info', ...env },
  })
  return { chart, server }
}
