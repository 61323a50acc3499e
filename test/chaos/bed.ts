// One control plane with the chart and a fake AWS, shared by many rows, and proxies on all ways of the server.
import { startApiProxy, type ApiProxy } from '../fakes/api-proxy.ts'
import { TcpProxy } from '../fakes/tcp-proxy.ts'
import { startBed, type Bed } from '../integration/harness.ts'
import { freePort } from '../testbed/ports.ts'

export class ChaosBed {
  /** The control plane (`cp`: pause, stop, restart its parts), the fake AWS (`aws`: its faults), the chart. */
  readonly bed: Bed
  /** Before the API server, on the HTTP level, for all replicas. Each replica has a TCP proxy of its own before it. */
  readonly api: ApiProxy
  /** Before the fake AWS. */
  readonly upstream: TcpProxy
  #sites = 0

  private constructor(bed: Bed, api: ApiProxy, upstream: TcpProxy) {
    this.bed = bed
    this.api = api
    this.upstream = upstream
  }

  /** Takes about 15 s. */
  static async start(): Promise<ChaosBed> {
    const port = await freePort()
    const upstream = await new TcpProxy(port).start()
    const bed = await startBed({
      aws: { port },
      policy: { allowedEndpoints: [`127.0.0.1:${upstream.port}`] },
    })
    try {
      return new ChaosBed(bed, await startApiProxy(bed.cp), upstream)
    } catch (error) {
      await bed.close()
      throw error
    }
  }

  /** Where registries of a site find AWS. */
  get upstreamUrl(): string {
    return `http://127.0.0.1:${this.upstream.port}`
  }

  /** A word that no other site of this bed has in its names. */
  nextSiteId(): string {
    this.#sites++
    return `chaos${this.#sites}x`
  }

  /** Ends all faults of proxies and fakes. */
  async heal(): Promise<void> {
    this.api.faults.healAll()
    this.upstream.heal()
    await this.upstream.allow()
    this.bed.aws.faults.clear()
    await this.bed.aws.up()
  }

  /** What a row that failed in the middle may have left to the next one: a stopped or paused control plane. */
  async repair(): Promise<void> {
    await this.heal()
    this.api.faults.reset()
    const { cp } = this.bed
    for (const process of Object.values(cp.processes)) process.resume()
    if (cp.processes.etcd.pid === undefined) await cp.restartEtcd()
    if (cp.processes.apiServer.pid === undefined) await cp.startApiServer()
    if (cp.processes.controllerManager.pid === undefined) cp.processes.controllerManager.start()
  }

  async close(): Promise<void> {
    await this.bed.killServers()
    await Promise.all([this.api.close(), this.upstream.stop()])
    await this.bed.close()
  }
}
