import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import { createAccessReview } from './controller/access-review.ts'
import { Controller } from './controller/controller.ts'
import { registryFigures, targetCounts } from './controller/figures.ts'
import { publishServer, serverStatus } from './controller/server-object.ts'
import { loadMacKey } from './controller/state-secret.ts'
import { Watches } from './controller/watches.ts'
import { Clock } from './core/clock.ts'
import { createApp } from './http/app.ts'
import { listen, type Listening } from './http/listen.ts'
import { createMetricsApp } from './http/metrics-app.ts'
import { replicaReadiness, type Readiness } from './http/readiness.ts'
import { Backoff, wait } from './kube/backoff.ts'
import { createKubeClient, type KubeClient } from './kube/client.ts'
import { loadKubeConfig } from './kube/config.ts'
import { LeaderElector } from './kube/lease.ts'
import { providers } from './providers/index.ts'
import type { Logger } from './telemetry/logger.ts'
import { createMetrics } from './telemetry/metrics.ts'

/** What one replica is started with. `version` goes into metrics, the user agent and TokenRegistryServer. */
export interface ServerOptions {
  readonly config: Config
  readonly version: string
  readonly logger: Logger
  /** Leadership was lost against our will: the process must end, since what it believes may be out of date. */
  readonly onLost: (reason: string) => void
}

const clockTickMs = 30_000
const publishRetryMs = 30_000

class NotLeader extends Error {
  override readonly name = 'NotLeader'
}

/**
 * One replica: watches and HTTP from the start, work while it holds the Lease. Everything is wired here and nothing
 * is decided.
 */
export class Server {
  readonly #options: ServerOptions
  readonly #client: KubeClient
  readonly #clock = new Clock()
  readonly #metrics
  readonly #elector: LeaderElector
  readonly #stopping = new AbortController()
  #controller: Controller | undefined
  #watches: Watches | undefined
  #listening: Listening[] = []
  #clockTimer: NodeJS.Timeout | undefined
  #activated = false

  constructor(options: ServerOptions) {
    this.#options = options
    const { config, logger } = options
    this.#metrics = createMetrics({ version: options.version })
    const access =
      config.cluster.kind === 'inCluster'
        ? { inCluster: true }
        : { kubeconfig: config.cluster.file, context: config.cluster.context }
    this.#client = createKubeClient(loadKubeConfig(access), {
      connections: config.workers,
      userAgent: `token-registries/${options.version}`,
      onRequest: ({ method, resource, status }) =>
        this.#metrics.countApiRequest(method, resource, status === 0 ? 'error' : String(status)),
      fetchDateSkew: (skewMs) => this.#heardApiServer(skewMs),
    })
    this.#elector = new LeaderElector({
      client: this.#client,
      namespace: config.podNamespace,
      name: config.leaseName,
      identity: `${config.podName}_${randomUUID()}`,
      leaseDurationMs: config.leaseDurationSeconds * 1000,
      renewDeadlineMs: config.renewDeadlineSeconds * 1000,
      retryPeriodMs: config.retryPeriodSeconds * 1000,
      onAcquired: () => void this.#activate(),
      onLost: (reason) => options.onLost(reason),
      logger,
    })
  }

  /** Resolves when the replica listens and competes for the Lease. @throws when the MAC key cannot be had or a port is taken */
  async start(): Promise<{ httpPort: number; metricsPort: number | undefined }> {
    const { config, logger } = this.#options
    const httpPort = await this.#serveHttp()
    const metricsPort = await this.#serveMetrics()
    const macKey = await loadMacKey(this.#client, config.podNamespace, config.stateSecret)
    this.#controller = new Controller({
      client: this.#client,
      providers: (type) =>
        (providers as Record<string, (typeof providers)[keyof typeof providers] | undefined>)[type],
      macKey,
      clock: this.#clock,
      guard: () => this.#guard(),
      complete: () => this.#watches?.complete === true,
      onPolicyChanged: () => void this.#publish(),
      fillSecrets: async () => this.#watches?.fillSecrets(this.#stopping.signal),
      config: controllerConfig(config),
      logger,
      metrics: this.#metrics,
    })
    const { world } = this.#controller
    this.#watches = new Watches({
      client: this.#client,
      world,
      namespace: config.podNamespace,
      policyConfigMap: config.policyConfigMap,
      pageSize: config.listPageSize,
      silenceMs: config.watchSilenceSeconds * 1000,
      access: config.secretAccess,
      logger,
      onState: () => this.#controller?.watchesChanged(),
    })
    this.#connectMetrics(this.#controller, this.#watches)
    this.#watches.start()
    this.#elector.start()
    this.#clockTimer = setInterval(() => this.#watchClock(), clockTickMs)
    return { httpPort, metricsPort }
  }

  /** Finishes what runs, gives the Lease back so that a standby takes over at once, and closes everything. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#clockTimer)
    await this.#controller?.stop()
    await this.#elector.release()
    await this.#watches?.stop()
    await Promise.all(this.#listening.map((each) => each.close()))
    await this.#client.close()
  }

  async #activate(): Promise<void> {
    const { logger, config } = this.#options
    try {
      logger.info({ replica: config.podName }, 'this replica leads')
      this.#metrics.setLeader(true)
      // What was listed on standby is from before the last leader's last writes, and its watches may lag.
      if (this.#watches?.complete === true) await this.#catchUp(this.#watches)
      await this.#watches?.waitForSync(this.#stopping.signal)
      await this.#controller?.activate()
      this.#activated = true
      await this.#publish()
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      logger.error({ err: error }, 'the leader could not start its work')
      this.#options.onLost('the start failed')
    }
  }

  /** Until it succeeds: without a good view it is no use to lead, and a restart would see no more. */
  async #catchUp(watches: Watches): Promise<void> {
    const backoff = new Backoff({ minMs: 250, maxMs: 5000 })
    const { signal } = this.#stopping
    for (;;) {
      try {
        return await watches.catchUp(signal)
      } catch (error) {
        signal.throwIfAborted()
        this.#options.logger.warn(
          { err: error },
          'what the last leader wrote could not be listed; it is tried again',
        )
        await wait(backoff.nextMs(), signal)
      }
    }
  }

  async #publish(): Promise<void> {
    const { config, version, logger } = this.#options
    const world = this.#controller?.world
    if (world === undefined || !this.#activated || !this.#elector.isLeader()) return
    const facts = {
      version,
      namespace: config.podNamespace,
      leader: config.podName,
      providers: Object.values(providers),
      policy: world.policy,
    }
    try {
      await publishServer(this.#client, serverStatus(facts), () => this.#guard())
    } catch (error) {
      logger.warn({ err: error }, 'the TokenRegistryServer object was not written; it is tried again')
      setTimeout(() => void this.#publish(), publishRetryMs).unref()
    }
  }

  #guard(): void {
    if (!this.#elector.isLeader())
      throw new NotLeader('this replica does not lead (any more); nothing was sent')
  }

  #heardApiServer(skewMs: number): void {
    this.#metrics.setClockSkew('kube-apiserver', skewMs / 1000)
    if (this.#clock.confirm(Date.now() + skewMs)) this.#controller?.clockChanged()
  }

  /** Timers run on the monotonic clock; when the wall clock jumps they may be hours off. */
  #watchClock(): void {
    this.#clock.nowMs()
    if (this.#clock.distrusted)
      this.#options.logger.warn(
        {},
        'the wall clock jumped; lifetimes go by the monotonic clock until the API server confirms the new time',
      )
  }

  async #serveHttp(): Promise<number> {
    const { config, logger } = this.#options
    const app = createApp({ logger, readiness: () => this.#readiness() })
    const http = await listen(app, { host: config.httpHost, port: config.httpPort })
    this.#listening.push(http)
    return http.port
  }

  async #serveMetrics(): Promise<number | undefined> {
    const { config, logger } = this.#options
    if (config.metricsPort === null) return undefined
    const authorize = config.metricsAuth === 'none' ? null : createAccessReview(this.#client)
    const app = createMetricsApp({ logger, metrics: this.#metrics, authorize })
    const metrics = await listen(app, { host: config.httpHost, port: config.metricsPort })
    this.#listening.push(metrics)
    return metrics.port
  }

  #readiness(): Readiness {
    const facts = {
      macKeyLoaded: this.#controller !== undefined,
      leader: this.#elector.leader(),
      watches: this.#watches?.states() ?? [],
      staleAfterMs: this.#options.config.watchStaleSeconds * 1000,
    }
    return replicaReadiness(facts, new Date())
  }

  #connectMetrics(controller: Controller, watches: Watches): void {
    this.#metrics.setSources({
      queue: () => controller.queue,
      targets: () => targetCounts(controller.runtimes),
      registries: () => registryFigures(controller.world, controller.runtimes),
      watches: () =>
        watches.states().map(({ name, staleMs }) => ({
          resource: name,
          stalenessSeconds: Math.min(staleMs, 1e9) / 1000,
        })),
    })
  }
}

function controllerConfig(config: Config): ConstructorParameters<typeof Controller>[0]['config'] {
  return {
    serverNamespace: config.podNamespace,
    identity: config.podName,
    rules: { serverNamespace: config.podNamespace, systemProject: config.systemProject },
    access: config.secretAccess,
    backoff: { minMs: config.backoffMinSeconds * 1000, maxMs: config.backoffMaxSeconds * 1000 },
    minCallIntervalMs: config.minCallIntervalSeconds * 1000,
    upstreamTimeoutMs: config.upstreamTimeoutSeconds * 1000,
    workers: config.workers,
    writeBudgetPerSecond: config.writeBudgetPerSecond,
    projectGraceMs: config.projectGraceSeconds * 1000,
    sweepLimits: { count: config.sweepLimit, percent: config.sweepPercent },
    sweepIntervalMs: config.sweepIntervalSeconds * 1000,
  }
}
