// The server as it is shipped: the image's bundle, flags and the Deployment's settings, as a process.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundleServer } from '../../scripts/image/bundle.ts'
import { environment } from '../../scripts/image/oci.ts'
import type { InstalledChart } from '../chart/install.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

export const root = join(import.meta.dirname, '../..')

/** The bundle on disk. */
export interface Artefact {
  readonly entry: string
  readonly entryBytes: number
  readonly allBytes: number
}

/** Environment of the image, `NAME` → value. */
export const imageEnvironment = Object.fromEntries(
  environment.map((line) => line.split(/=(.*)/s).slice(0, 2)),
) as Readonly<Record<string, string>>

/** Builds what the image holds below /app. */
export async function buildArtefact(folder: string): Promise<Artefact> {
  const { version } = createRequire(import.meta.url)(join(root, 'package.json')) as { version: string }
  const { files } = await bundleServer(root, folder, version)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  const entry = join(folder, 'server.mjs')
  return { entry, entryBytes: (await stat(entry)).size, allBytes: sizes.reduce((sum, size) => sum + size, 0) }
}

/** One replica. */
export class Product {
  readonly #child: ChildProcess
  /** performance.now() of the moment before it was spawned. */
  readonly startedAt: number
  #tail = ''

  constructor(child: ChildProcess, startedAt: number) {
    this.#child = child
    this.startedAt = startedAt
    for (const stream of [child.stdout, child.stderr])
      stream
        ?.setEncoding('utf8')
        .on('data', (text: string) => (this.#tail = (this.#tail + text).slice(-10_000)))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** @throws Error with the end of its log when it has ended */
  assertAlive(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new Error(`the server ended:\n${this.#tail}`)
  }

  /** Ends it in order, so that the next one need not wait for the Lease. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

interface Deployment {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } }
}

/** What the chart's Deployment sets; ports are any free ones, since nobody asks for them here. */
export async function deployedSettings(
  cp: ControlPlane,
  chart: InstalledChart,
): Promise<Record<string, string>> {
  const path = `/apis/apps/v1/namespaces/${chart.namespace}/deployments/token-registries`
  const { spec } = await cp.admin.get<Deployment>(path)
  const variables = spec.template.spec.containers[0]?.env ?? []
  const given = variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]))
  return {
    ...Object.fromEntries(given),
    POD_NAMESPACE: chart.namespace,
    POD_NAME: 'server-0',
    HTTP_PORT: '0',
    METRICS_PORT: '0',
  }
}

/** Starts it, without waiting for anything. */
export function startProduct(
  artefact: Artefact,
  kubeconfig: string,
  settings: Readonly<Record<string, string>>,
): Product {
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [artefact.entry, '--kubeconfig', kubeconfig, '--context', 'testbed'],
    {
      env: { PATH: process.env['PATH'] ?? '', ...imageEnvironment, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return new Product(child, startedAt)
}
