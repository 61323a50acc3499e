import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Which registry object a figure is about; `namespace` is empty for a ClusterTokenRegistry. */
export interface RegistryLabels {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Label of the counter of writes. `conflict`: the Secret changed at each try; it is tried again. */
export type SecretWriteOutcome = 'created' | 'updated' | 'adopted' | 'conflict' | 'failed'

/** Figures that somebody else holds are asked for at each scrape instead of being copied at each change. */
export interface MetricSources {
  queue(): { readonly depth: number; readonly oldestAgeSeconds: number }
  /** Namespaces by state, for example `{ synced: 990, pending: 8, failed: 2 }`, summed over all registries. */
  targets(): Readonly<Record<string, number>>
  /** Seconds since each watch last heard from the API server, by resource. */
  watches(): readonly { readonly resource: string; readonly stalenessSeconds: number }[]
}

/** What the controller may report. Never a host, account, role or anything else of a tenant beside object names. */
export interface Metrics {
  /** Sets the end of the credential in use; null when it states none or none was issued. */
  setExpiry(registry: RegistryLabels, expiresAt: Date | null): void
  /** Drops every series of a registry that is gone. */
  forgetRegistry(registry: RegistryLabels): void
  /** One try to get a credential. `code` is an error code, or `OK`. */
  countRefresh(provider: string, outcome: 'success' | 'failure', code: string): void
  observeUpstream(provider: string, seconds: number): void
  countSecretWrite(outcome: SecretWriteOutcome): void
  setLeader(leads: boolean): void
  /** Upstream's or the API server's clock minus ours. */
  setClockSkew(source: string, seconds: number): void
  /** One request to the API server; `code` is its HTTP status, or `error` when there was none. */
  countApiRequest(verb: string, resource: string, code: string): void
  countSweepDeleted(count: number): void
  countSweepKept(reason: string, count?: number): void
  setSources(sources: Partial<MetricSources>): void
  /** The exposition in Prometheus text format. */
  render(): Promise<string>
  readonly contentType: string
}

const prefix = 'token_registries_'

/** @param options.version shown by `build_info`; @param options.now milliseconds, for tests */
export function createMetrics(options: { readonly version: string; readonly now?: () => number }): Metrics {
  const now = options.now ?? Date.now
  const registers = [new Registry()]
  const registry = registers[0]!
  let sources: Partial<MetricSources> = {}
  const expiries = new Map<string, { readonly labels: RegistryLabels; readonly atMs: number }>()

  const gauge = (name: string, help: string, labelNames: string[] = [], collect?: (self: Gauge) => void) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames,
      registers,
      ...(collect && {
        collect() {
          this.reset()
          collect(this)
        },
      }),
    })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: prefix + name, help, labelNames, registers })

  gauge('build_info', 'Always 1; the version is a label.', ['version']).set({ version: options.version }, 1)
  gauge(
    'registry_expiry_timestamp_seconds',
    'Unix time at which the credential in use ends.',
    ['kind', 'namespace', 'name'],
    (self) => {
      for (const { labels, atMs } of expiries.values()) self.set({ ...labels }, atMs / 1000)
    },
  )
  gauge(
    'registry_seconds_to_expiry',
    'Seconds until the credential in use ends; negative when it has ended.',
    ['kind', 'namespace', 'name'],
    (self) => {
      for (const { labels, atMs } of expiries.values()) self.set({ ...labels }, (atMs - now()) / 1000)
    },
  )
  gauge('queue_depth', 'Keys that wait to be reconciled.', [], (self) => {
    if (sources.queue) self.set(sources.queue().depth)
  })
  gauge('queue_oldest_age_seconds', 'How long the oldest due key has waited.', [], (self) => {
    if (sources.queue) self.set(sources.queue().oldestAgeSeconds)
  })
  gauge('targets', 'Namespaces that registries write to, by state.', ['state'], (self) => {
    for (const [state, count] of Object.entries(sources.targets?.() ?? {})) self.set({ state }, count)
  })
  gauge(
    'watch_staleness_seconds',
    'Seconds since a watch last heard from the API server.',
    ['resource'],
    (self) => {
      for (const { resource, stalenessSeconds } of sources.watches?.() ?? [])
        self.set({ resource }, stalenessSeconds)
    },
  )

  const refreshes = counter('refreshes_total', 'Tries to get a credential.', ['provider', 'outcome', 'code'])
  const upstream = new Histogram({
    name: `${prefix}upstream_request_duration_seconds`,
    help: 'Time that one try to get a credential took upstream.',
    labelNames: ['provider'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const secretWrites = counter('secret_writes_total', 'Writes of pull Secrets.', ['outcome'])
  const leader = gauge('leader', '1 on the replica that holds the Lease, else 0.')
  leader.set(0)
  const clockSkew = gauge('clock_skew_seconds', "A peer's clock minus ours.", ['source'])
  const apiRequests = counter('api_requests_total', 'Requests to the API server.', [
    'verb',
    'resource',
    'code',
  ])
  const sweepDeleted = counter('sweep_deleted_total', 'Pull Secrets removed because nothing wants them.')
  const sweepKept = counter('sweep_kept_total', 'Pull Secrets that the sweep left alone.', ['reason'])
  addProcessMetrics(registers)

  return {
    setExpiry(labels, expiresAt) {
      const { kind, namespace, name } = labels
      if (expiresAt === null) expiries.delete(keyOf(labels))
      else expiries.set(keyOf(labels), { labels: { kind, namespace, name }, atMs: expiresAt.getTime() })
    },
    forgetRegistry: (labels) => void expiries.delete(keyOf(labels)),
    countRefresh: (provider, outcome, code) => refreshes.inc({ provider, outcome, code }),
    observeUpstream: (provider, seconds) => upstream.observe({ provider }, seconds),
    countSecretWrite: (outcome) => secretWrites.inc({ outcome }),
    setLeader: (leads) => leader.set(leads ? 1 : 0),
    setClockSkew: (source, seconds) => clockSkew.set({ source }, seconds),
    countApiRequest: (verb, resource, code) => apiRequests.inc({ verb, resource, code }),
    countSweepDeleted: (count) => sweepDeleted.inc(count),
    countSweepKept: (reason, count = 1) => sweepKept.inc({ reason }, count),
    setSources(added) {
      sources = { ...sources, ...added }
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function keyOf({ kind, namespace, name }: RegistryLabels): string {
  return `${kind}/${namespace}/${name}`
}

/**
 * The conventional process series, read at scrape time. prom-client's own set keeps a 10 ms timer running for the event
 * loop's delay, which is most of what an idle server would cost.
 */
function addProcessMetrics(registers: Registry[]): void {
  const startedAt = Date.now() / 1000 - process.uptime()
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Unix time at which the process started.',
    registers,
  }).set(startedAt)
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Used JavaScript heap.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed)
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}
