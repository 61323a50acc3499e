// The parts on the demo's stage and their end: whatever was started is stopped, in reverse order.
import { installChart, type InstalledChart } from '../../test/chart/install.ts'
import { startFakeAws, type FakeAws } from '../../test/fakes/aws/index.ts'
import { startServer, type ServerProcess } from '../../test/integration/harness.ts'
import { startControlPlane, type ControlPlane } from '../../test/testbed/control-plane.ts'
import { startRegistry, type Registry } from '../../test/testbed/registry.ts'

const daySeconds = 86_400

/** The project member who sets up the registry. */
export const member = 'dana'

export interface Outside {
  readonly plane: ControlPlane
  readonly aws: FakeAws
  readonly registry: Registry
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
    const users = [{ name: member }]
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

  /** Stops everything. What does not stop ends with this process. */
  async close(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        console.error(`while stopping: ${String(error)}`)
      }
    }
  }
}
