import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { metricEntry, type MetricName } from './metric-table.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** Which registry object a figure is about; `namespace` is empty for a ClusterTokenRegistry. */
export interface RegistryLabels {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** What is told of one registry. A time that there is none of has no series. */
export interface RegistryFigures {
  readonly ref: RegistryLabels
  readonly issuedAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly nextRefreshAt: Date | undefined
  readonly ready: boolean
  readonly suspended: boolean
  readonly targets: { readonly desired: number; readonly synced: number; readonly failed: number }
}

/** Label of the counter of writes. `conflict`: the Secret changed at each try; it is tried again. */
export type SecretWriteOutcome = 'created' | 'updated' | 'adopted' | 'conflict' | 'failed'

/** Figures that somebody else holds are asked for at each scrape: what is gone there is gone here. */
export interface MetricSources {
  queue(): { readonly depth: number; readonly oldestAgeSeconds: number }
  /** Namespaces by state, for example `{ synced: 990, pending: 8, failed: 2 }`, summed over all registries. */
  targets(): Readonly<Record<string, number>>
  /** All registries that this replica works for: none on a standby. Asked once per scrape. */
  registries(): Iterable<RegistryFigures>
  /** Seconds since each watch last heard from the API server, by resource. */
  watches(): readonly { readonly resource: string; readonly stalenessSeconds: number }[]
}

/** What the server may report. Never a host, account, role or anything else of a tenant beside object names. */
export interface Metrics {
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

const seconds = (time: Date | undefined): number | undefined => time && time.getTime() / 1000

/** Series of one value per registry; undefined means none. */
const registryGauges: readonly [
  MetricName,
  (figures: RegistryFigures, nowMs: number) => number | undefined,
][] = [
  ['token_registries_registry_expiry_timestamp_seconds', ({ expiresAt }) => seconds(expiresAt)],
  [
    'token_registries_registry_seconds_to_expiry',
    ({ expiresAt }, nowMs) => expiresAt && (expiresAt.getTime() - nowMs) / 1000,
  ],
  ['token_registries_registry_issued_timestamp_seconds', ({ issuedAt }) => seconds(issuedAt)],
  ['token_registries_registry_next_refresh_timestamp_seconds', ({ nextRefreshAt }) => seconds(nextRefreshAt)],
  ['token_registries_registry_ready', ({ ready }) => Number(ready)],
  ['token_registries_registry_suspended', ({ suspended }) => Number(suspended)],
  ['token_registries_registry_targets_desired', ({ targets }) => targets.desired],
  ['token_registries_registry_targets_synced', ({ targets }) => targets.synced],
  ['token_registries_registry_targets_failed', ({ targets }) => targets.failed],
]

/**
 * Everything of metric-table.ts, ready to be counted.
 * @param options.version shown by `build_info`; @param options.now milliseconds, for tests
 */
export function createMetrics(options: { readonly version: string; readonly now?: () => number }): Metrics {
  const now = options.now ?? Date.now
  const registry = new Registry()
  const registers = [registry]
  let sources: Partial<MetricSources> = {}
  let registries: readonly RegistryFigures[] = []

  const gauge = (name: MetricName, collect?: (self: Gauge) => void) =>
    new Gauge({
      ...shape(name),
      registers,
      ...(collect && {
        collect() {
          this.reset()
          collect(this)
        },
      }),
    })
  const counter = (name: MetricName) => new Counter({ ...shape(name), registers })

  for (const [name, valueOf] of registryGauges) {
    gauge(name, (self) => {
      for (const figures of registries) {
        const value = valueOf(figures, now())
        const { kind, namespace, name: object } = figures.ref
        if (value !== undefined) self.set({ kind, namespace, name: object }, value)
      }
    })
  }
  gauge('token_registries_targets', (self) => {
    for (const [state, count] of Object.entries(sources.targets?.() ?? {})) self.set({ state }, count)
  })
  const refreshes = counter('token_registries_refreshes_total')
  const upstream = new Histogram({
    ...shape('token_registries_upstream_request_duration_seconds'),
    buckets: [...(metricEntry('token_registries_upstream_request_duration_seconds').buckets ?? [])],
    registers,
  })
  const secretWrites = counter('token_registries_secret_writes_total')
  gauge('token_registries_queue_depth', (self) => {
    if (sources.queue) self.set(sources.queue().depth)
  })
  gauge('token_registries_queue_oldest_age_seconds', (self) => {
    if (sources.queue) self.set(sources.queue().oldestAgeSeconds)
  })
  gauge('token_registries_watch_staleness_seconds', (self) => {
    for (const { resource, stalenessSeconds } of sources.watches?.() ?? [])
      self.set({ resource }, stalenessSeconds)
  })
  const leader = gauge('token_registries_leader')
  leader.set(0)
  const clockSkew = gauge('token_registries_clock_skew_seconds')
  const apiRequests = counter('token_registries_api_requests_total')
  const sweepDeleted = counter('token_registries_sweep_deleted_total')
  const sweepKept = counter('token_registries_sweep_kept_total')
  gauge('token_registries_build_info').set({ version: options.version }, 1)
  addProcessMetrics(registers)

  return {
    countRefresh: (provider, outcome, code) => refreshes.inc({ provider, outcome, code }),
    observeUpstream: (provider, took) => upstream.observe({ provider }, took),
    countSecretWrite: (outcome) => secretWrites.inc({ outcome }),
    setLeader: (leads) => leader.set(leads ? 1 : 0),
    setClockSkew: (source, ahead) => clockSkew.set({ source }, ahead),
    countApiRequest: (verb, resource, code) => apiRequests.inc({ verb, resource, code }),
    countSweepDeleted: (count) => sweepDeleted.inc(count),
    countSweepKept: (reason, count = 1) => sweepKept.inc({ reason }, count),
    setSources(added) {
      sources = { ...sources, ...added }
    },
    render() {
      registries = [...(sources.registries?.() ?? [])]
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

function shape(name: MetricName): { name: string; help: string; labelNames: string[] } {
  const { help, labels } = metricEntry(name)
  return { name, help, labelNames: Object.keys(labels) }
}
