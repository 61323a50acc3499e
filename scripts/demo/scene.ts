// The parts on the demo's stage and their end: whatever was started is stopped, in reverse order.
import { TestBrowser } from '../../test/e2e/browser.ts'
import { installPlugin } from '../../test/e2e/stage/plugin.ts'
import { installChart, type InstalledChart } from '../../test/chart/install.ts'
import { startFakeAws, type FakeAws } from '../../test/fakes/aws/index.ts'
import { startServer, type ServerProcess } from '../../test/integration/harness.ts'
import { startControlPlane, type ControlPlane } from '../../test/testbed/control-plane.ts'
import { startRancher } from '../../test/testbed/rancher-front/front.ts'
import type { Rancher, UserOptions } from '../../test/testbed/rancher-front/options.ts'
import { addClusterMember, addProject, addProjectMember } from '../../test/testbed/rancher-front/projects.ts'
import { createNamespace } from '../../test/testbed/rancher.ts'
import { startRegistry, type Registry } from '../../test/testbed/registry.ts'
import { ensureDashboard } from '../build/dashboard.ts'
import { ensureExtension, type ExtensionBundle } from '../build/extension.ts'

const daySeconds = 86_400

/** The project member who sets up the registry. */
export const member = 'dana'

/** Who can log in, and what they are. */
export const people = {
  admin: 'administrator',
  [member]: 'member of the project Web shop',
  rita: 'may only read in the project Web shop',
  uma: 'has no rights in the cluster: no menu entry',
} as const

/** Namespaces of the project: the first is where the registry is set up. */
export const namespaces = ['shop', 'shop-jobs'] as const

export interface Outside {
  readonly plane: ControlPlane
  readonly aws: FakeAws
  readonly registry: Registry
}

/** Rancher's place: the Dashboard, with a project in the cluster `local`. */
export interface Front {
  readonly rancher: Rancher
  /** `<cluster>:<project>` */
  readonly project: string
  /** Where Services of the cluster are found; the extension's is entered when it is installed. */
  readonly services: Map<string, string>
}

export class Stage {
  readonly #endings: (() => unknown)[] = []

  /** Remembers how to stop a part once it runs. */
  async #keep<Part>(starting: Promise<Part>, end: (part: Part) => unknown): Promise<Part> {
    const part = await starting
    this.#endings.push(() => end(part))
    return part
  }

  /**
   * Kubernetes, AWS and a registry that takes AWS's tokens, as they would be there before anything of ours.
   * @param lifetimeMs how long the tokens of the fake ECR live
   */
  async startOutside(lifetimeMs: number): Promise<Outside> {
    const users = Object.keys(people)
      .filter((name) => name !== 'admin')
      .map((name) => ({ name }))
    const startPlane = this.#keep(startControlPlane({ users }), (plane) => plane.stop())
    const aws = await this.#keep(startFakeAws({ tokenLifetimeMs: lifetimeMs }), (fake) => fake.close())
    const { realm, service, issuer, rootCertBundlePem } = aws
    const [plane, registry] = await Promise.all([
      startPlane,
      this.#keep(startRegistry({ realm, service, issuer, rootCertBundlePem }), (running) => running.stop()),
    ])
    return { plane, aws, registry }
  }

  /** The chart by helm, and the server as a process with the rights of the chart's ServiceAccount. */
  async startProduct({ plane, aws }: Outside): Promise<{ chart: InstalledChart; server: ServerProcess }> {
    const chart = await installChart(plane)
    // In a pod the kubelet renews the token; this one must last as long as somebody looks at the demo.
    const token = await plane.serviceAccountToken(chart.namespace, chart.serviceAccount, {
      expirationSeconds: 30 * daySeconds,
    })
    const server = await this.#keep(
      startServer(plane, chart, {
        kubeconfig: await plane.kubeconfig(token),
        env: {
          // AWS's SDK goes there instead of to amazonaws.com; the sample stays what one writes for the real AWS.
          AWS_ENDPOINT_URL: aws.endpoint,
          MIN_CALL_INTERVAL_SECONDS: '1',
          LOG_LEVEL: 'info',
        },
      }),
      (running) => running.kill('SIGTERM'),
    )
    return { chart, server }
  }

  /**
   * The Dashboard in front of a real Steve, and a project with its members, as they would be in any Rancher.
   * @param progress gets a line now and then while the Dashboard is built, which happens once
   */
  async startFront({ plane }: Outside, progress: (line: string) => void): Promise<Front> {
    const dashboard = await ensureDashboard(progress)
    const services = new Map<string, string>()
    const rancher = await this.#keep(
      startRancher({ clusters: [{ id: 'local', plane }], users: users(), dashboard, services }),
      (running) => running.stop(),
    )
    const project = await addProject(rancher, 'local', { projectId: 'p-shop', displayName: 'Web shop' })
    for (const name of namespaces) await createNamespace(plane, name, { project })
    await addProjectMember(rancher, project, member, 'member')
    await addProjectMember(rancher, project, 'rita', 'read-only')
    await addClusterMember(rancher, 'local', 'uma')
    return { rancher, project: project.ref, services }
  }

  /** The page by its chart; Rancher fetches it from a process in the place of the chart's pods. */
  async installPage(
    { plane }: Outside,
    { services }: Front,
    progress: (line: string) => void,
  ): Promise<ExtensionBundle> {
    const bundle = await ensureExtension(progress)
    await this.#keep(installPlugin(plane, services, bundle), (plugin) => plugin.stop())
    return bundle
  }

  /** Opens a browser that is closed with the rest. */
  openBrowser({ rancher }: Front): Promise<TestBrowser> {
    return this.#keep(TestBrowser.open(rancher.url), (browser) => browser.close())
  }

  /** Stops everything. What does not stop is told, and ends with this process. @returns whether all stopped */
  async close(): Promise<boolean> {
    let clean = true
    for (const end of this.#endings.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        console.error(`while stopping: ${String(error)}`)
        clean = false
      }
    }
    return clean
  }
}

/** People as Rancher knows them, with passwords of this run. */
function users(): UserOptions[] {
  return Object.keys(people).map((name) => ({
    name,
    displayName: `${name[0]?.toUpperCase()}${name.slice(1)}`,
    globalRole: name === 'admin' ? 'admin' : 'user',
  }))
}
