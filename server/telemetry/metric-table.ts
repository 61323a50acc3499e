/**
 * Every series that a server exports, by its full name: the source of docs/reference/metrics.md, and what the chart's alerts
 * and its dashboard may use. Names and labels are an interface; a rename breaks somebody's alert.
 */

/** One metric. Labels with what their values are, in the order in which they are shown. */
export interface MetricEntry {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  /** One sentence, as Prometheus shows it too. */
  readonly help: string
  readonly labels: Readonly<Record<string, string>>
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[]
}

/** The object that a series is about; there are as many series as registries, whatever their namespaces. */
const registry = {
  kind: '`TokenRegistry` or `ClusterTokenRegistry`',
  namespace: 'of the registry, empty for a ClusterTokenRegistry',
  name: 'of the registry',
}
const provider = '`ecr`, `static` …'

/** The table. Per-registry series are exported by the leader alone. */
export const metricTable = [
  {
    name: 'token_registries_registry_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the credential in use ends; none for one without an end.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_seconds_to_expiry',
    type: 'gauge',
    help: 'Seconds until the credential in use ends; negative when it has ended.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_issued_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the credential in use was issued.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_next_refresh_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time of the next planned call upstream; none while one runs or nothing is planned.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_ready',
    type: 'gauge',
    help: '1 when the condition Ready is True, else 0.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_suspended',
    type: 'gauge',
    help: '1 when its owner has suspended it, else 0.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_targets_desired',
    type: 'gauge',
    help: 'Namespaces that shall have the Secret.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_targets_synced',
    type: 'gauge',
    help: 'Namespaces whose Secret is as it shall be.',
    labels: registry,
  },
  {
    name: 'token_registries_registry_targets_failed',
    type: 'gauge',
    help: 'Namespaces whose Secret could not be written; it is tried again.',
    labels: registry,
  },
  {
    name: 'token_registries_targets',
    type: 'gauge',
    help: 'Namespaces that registries write to, summed over all registries.',
    labels: { state: '`synced`, `failed`, `pending`' },
  },
  {
    name: 'token_registries_refreshes_total',
    type: 'counter',
    help: 'Tries to get a credential; one serves every registry and namespace with the same identity.',
    labels: {
      provider,
      outcome: '`success`, `failure`',
      code: '`OK` or an [error code](errors.md)',
    },
  },
  {
    name: 'token_registries_upstream_request_duration_seconds',
    type: 'histogram',
    help: 'Time that one try to get a credential took, with all its requests.',
    labels: { provider },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  {
    name: 'token_registries_secret_writes_total',
    type: 'counter',
    help: 'Writes of pull Secrets.',
    labels: { outcome: '`created`, `updated`, `adopted`, `conflict` (it is tried again), `failed`' },
  },
  {
    name: 'token_registries_queue_depth',
    type: 'gauge',
    help: 'Registries and Secrets that wait for their turn.',
    labels: {},
  },
  {
    name: 'token_registries_queue_oldest_age_seconds',
    type: 'gauge',
    help: 'How long the oldest of them has waited; 0 when none waits.',
    labels: {},
  },
  {
    name: 'token_registries_watch_staleness_seconds',
    type: 'gauge',
    help: 'Seconds since a watch last heard from the API server; 1000000 before the first time.',
    labels: { resource: 'what is watched, as in `/readyz`' },
  },
  {
    name: 'token_registries_leader',
    type: 'gauge',
    help: '1 on the replica that holds the Lease, else 0.',
    labels: {},
  },
  {
    name: 'token_registries_clock_skew_seconds',
    type: 'gauge',
    help: "The peer's clock minus this replica's, good to a second, as last heard.",
    labels: { source: '`kube-apiserver` or a provider' },
  },
  {
    name: 'token_registries_api_requests_total',
    type: 'counter',
    help: 'Requests to the API server.',
    labels: {
      verb: 'the HTTP method, or `WATCH`',
      resource: 'such as `secrets`, never a name',
      code: 'the HTTP status, or `error` when there was none',
    },
  },
  {
    name: 'token_registries_sweep_deleted_total',
    type: 'counter',
    help: 'Pull Secrets removed because no registry wants them.',
    labels: {},
  },
  {
    name: 'token_registries_sweep_kept_total',
    type: 'counter',
    help: 'Pull Secrets that look unwanted and were left alone, each time that they were looked at.',
    labels: { reason: 'why, in one word' },
  },
  {
    name: 'token_registries_build_info',
    type: 'gauge',
    help: 'Always 1; the version is a label.',
    labels: { version: 'of the server' },
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Unix time at which the process started.',
    labels: {},
  },
  { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory.', labels: {} },
  { name: 'process_cpu_seconds_total', type: 'counter', help: 'User and system CPU time.', labels: {} },
  { name: 'nodejs_heap_size_used_bytes', type: 'gauge', help: 'Used JavaScript heap.', labels: {} },
] as const satisfies readonly MetricEntry[]

/** A full name of the table. */
export type MetricName = (typeof metricTable)[number]['name']

/** The entry of a name. */
export function metricEntry(name: MetricName): MetricEntry {
  const entry = metricTable.find((each) => each.name === name)
  if (entry === undefined) throw new TypeError(`there is no metric ${name}`)
  return entry
}
