// One replica of the server: a process behind a network of its own that is started anew when it ends, as the kubelet
// does, until somebody stops it on purpose.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerProcess } from '../integration/harness.ts'
import { TcpProxy } from '../fakes/tcp-proxy.ts'
import type { ChaosBed } from './bed.ts'

export interface ReplicaOptions {
  /** POD_NAME. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  /** Another program than the checkout's. */
  readonly main?: string | undefined
  /** `http`: through the bed's HTTP proxy; `tcp`: TLS ends at the API server itself. */
  readonly via: 'http' | 'tcp'
}

/** The kubelet's shortest pause is 10 s; there is nothing to learn from it here. */
const restartMs = 200

export class Replica {
  readonly name: string
  /** Between this replica and the API server. */
  readonly network: TcpProxy
  /** As the pod has them on disk: what is written there is what a rotation brings. */
  readonly tokenFile: string
  readonly caFile: string
  /** How often it was started anew after it had ended. */
  restarts = 0
  readonly #bed: ChaosBed
  readonly #options: ReplicaOptions
  readonly #kubeconfig: string
  readonly #ended: string[] = []
  #process: ServerProcess | undefined
  #supervised = true
  #supervision: Promise<void> = Promise.resolve()

  constructor(bed: ChaosBed, options: ReplicaOptions, network: TcpProxy, folder: string) {
    this.#bed = bed
    this.#options = options
    this.name = options.name
    this.network = network
    this.tokenFile = join(folder, 'token')
    this.caFile = join(folder, 'ca.crt')
    this.#kubeconfig = join(folder, 'kubeconfig')
  }

  /** Starts the process; it need not come up. */
  static async start(bed: ChaosBed, siteId: string, options: ReplicaOptions): Promise<Replica> {
    const { cp, chart } = bed.bed
    const folder = join(cp.folder, `chaos-${siteId}-${options.name}`)
    await mkdir(folder, { recursive: true })
    const target = options.via === 'http' ? bed.api.port : Number(new URL(cp.url).port)
    const replica = new Replica(bed, options, await new TcpProxy(target).start(), folder)
    await writeFile(replica.tokenFile, await chart.serverToken(), { mode: 0o600 })
    await writeFile(replica.caFile, options.via === 'http' ? bed.api.ca : cp.ca)
    await replica.#writeKubeconfig()
    await replica.#launch()
    return replica
  }

  /** The process that runs, or ran last. */
  get process(): ServerProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`)
    return this.#process
  }

  /** All that it has logged, over all restarts. */
  get log(): string[] {
    return [...this.#ended, ...(this.#process?.log ?? [])]
  }

  /** Says that this process is up: it listens, and knows its ports. */
  async untilStarted(): Promise<void> {
    const { process } = this
    const started = await process.line('started')
    process.httpPort = Number(started['httpPort'])
    process.metricsPort = Number(started['metricsPort'])
  }

  /** Answers /readyz with yes. */
  async isReady(): Promise<boolean> {
    if (this.process.ended || this.process.httpPort === 0) return false
    return this.process.readiness().then(
      ({ ready }) => ready,
      () => false,
    )
  }

  /** Whether the process that runs now has become the leader. */
  get leads(): boolean {
    return !this.process.ended && this.process.log.some((line) => line.includes('"msg":"this replica leads"'))
  }

  /** Ends the process as a crash (default) or an orderly stop; it is then started anew. */
  async crash(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { process } = this
    await process.kill(signal)
    while (this.#process === process && this.#supervised) await delay(10)
  }

  /** Ends it for good. @returns the exit code, null when a signal ended it */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.#supervised = false
    if (signal === 'SIGKILL') this.process.signal('SIGCONT')
    const code = await this.process.kill(signal)
    await this.#supervision
    return code
  }

  /** Starts it again after `stop`. */
  async start(): Promise<void> {
    this.#supervised = true
    await this.#launch()
  }

  /** Ends it and its network. */
  async close(): Promise<void> {
    await this.#process?.scrape(this.#bed.bed.cp.adminToken)
    await this.stop()
    await this.network.stop()
  }

  async #launch(): Promise<void> {
    this.#ended.push(...(this.#process?.log ?? []))
    const { name, env, main } = this.#options
    const process = await this.#bed.bed.startServer({
      name,
      env,
      kubeconfig: this.#kubeconfig,
      ready: false,
      ...(main === undefined ? {} : { main }),
    })
    this.#process = process
    this.#supervision = this.#supervise(process)
  }

  async #supervise(process: ServerProcess): Promise<void> {
    void this.untilStarted().catch(() => undefined) // one that ends before is started anew below
    await process.exited
    if (!this.#supervised) return
    await delay(restartMs)
    if (!this.#supervised) return
    this.restarts++
    await this.#launch()
  }

  async #writeKubeconfig(): Promise<void> {
    const name = 'testbed'
    const server = `https://127.0.0.1:${this.network.port}`
    const provider = { name: 'tokenFile', config: { tokenFile: this.tokenFile } }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority': this.caFile } }],
      users: [{ name, user: { 'auth-provider': provider } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    }
    await writeFile(this.#kubeconfig, JSON.stringify(config), { mode: 0o600 })
  }
}
