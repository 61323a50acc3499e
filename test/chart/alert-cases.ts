// When each alert fires and when it does not, as series that Prometheus would have scraped once a minute.

/** One story, told to promtool. */
export interface AlertCase {
  readonly alert: string
  readonly when: string
  /** Series → values, in promtool's notation: `3x5` is six times 3, `0+1x5` counts up. */
  readonly series: Readonly<Record<string, string>>
  /** Minutes after the start. */
  readonly at: number
  /** What fires then, as labels with the summary; none when absent. */
  readonly fires?: readonly { readonly labels: Readonly<Record<string, string>>; readonly summary: string }[]
}

const target = { instance: '10.0.0.1:8081', job: 'token-registries', pod: 'server-0' }
const shop = { kind: 'TokenRegistry', namespace: 'shop', name: 'ecr' }
const base = { kind: 'ClusterTokenRegistry', name: 'base' }
const { job } = target

type Labels = Readonly<Record<string, string>>

function series(name: string, labels: Labels = {}): string {
  const all = Object.entries({ ...target, ...labels }).map(([label, value]) => `${label}="${value}"`)
  return `token_registries_${name}{${all.join(',')}}`
}

const ofShop = (name: string, pod: Labels = {}): string => series(`registry_${name}`, { ...shop, ...pod })
const ofBase = (name: string): string => series(`registry_${name}`, base)

/** A password of a life, with so many seconds left. */
function life(of: (name: string) => string, seconds: number, left: number): Record<string, string> {
  return {
    [of('issued_timestamp_seconds')]: '1000x60',
    [of('expiry_timestamp_seconds')]: `${1000 + seconds}x60`,
    [of('seconds_to_expiry')]: `${left}x60`,
  }
}

const critical = { severity: 'critical', job }
const warning = { severity: 'warning', job }
const hour = 3600

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'TokenRegistryExpired',
    when: 'a password is past its end',
    series: { [ofShop('seconds_to_expiry')]: '120-60x10', [ofBase('seconds_to_expiry')]: '0x10' },
    at: 5,
    fires: [
      { labels: { ...shop, ...critical }, summary: 'The password of TokenRegistry shop/ecr has expired' },
      { labels: { ...base, ...critical }, summary: 'The password of ClusterTokenRegistry base has expired' },
    ],
  },
  {
    alert: 'TokenRegistryExpired',
    when: 'two replicas tell of it while one takes over from the other',
    series: {
      [ofShop('seconds_to_expiry')]: '-60x10',
      [ofShop('seconds_to_expiry', { pod: 'server-1', instance: '10.0.0.2:8081' })]: '_ _ -180x10',
    },
    at: 5,
    fires: [
      { labels: { ...shop, ...critical }, summary: 'The password of TokenRegistry shop/ecr has expired' },
    ],
  },
  {
    alert: 'TokenRegistryExpired',
    when: 'a password has a minute left',
    series: { [ofShop('seconds_to_expiry')]: '60x10' },
    at: 5,
  },
  {
    alert: 'TokenRegistryExpiresSoon',
    when: 'a password for 12 hours has less than 3, and one for 15 minutes less than 4',
    series: { ...life(ofShop, 12 * hour, 10_000), ...life(ofBase, 900, 200) },
    at: 5,
    fires: [
      {
        labels: { ...shop, ...warning },
        summary: 'The password of TokenRegistry shop/ecr ends soon and is not refreshed',
      },
      {
        labels: { ...base, ...warning },
        summary: 'The password of ClusterTokenRegistry base ends soon and is not refreshed',
      },
    ],
  },
  {
    alert: 'TokenRegistryExpiresSoon',
    when: 'a third of the life is left, when a refresh is due',
    series: { ...life(ofShop, 12 * hour, 4 * hour), ...life(ofBase, 900, 300) },
    at: 30,
  },
  {
    alert: 'TokenRegistryExpiresSoon',
    when: 'it has ended already, which another alert tells',
    series: life(ofShop, 12 * hour, -10),
    at: 5,
  },
  {
    alert: 'TokenRegistryExpiresSoon',
    when: 'its owner has suspended the registry',
    series: { ...life(ofShop, 12 * hour, 10_000), [ofShop('suspended')]: '1x60' },
    at: 5,
  },
  {
    alert: 'TokenRegistryNotReady',
    when: 'a registry has had no password for 15 minutes',
    series: { [ofShop('ready')]: '0x30', [ofShop('targets_failed')]: '0x30', [ofShop('suspended')]: '0x30' },
    at: 16,
    fires: [{ labels: { ...shop, ...warning }, summary: 'TokenRegistry shop/ecr is not ready' }],
  },
  {
    alert: 'TokenRegistryNotReady',
    when: 'it is new',
    series: { [ofShop('ready')]: '0x30' },
    at: 14,
  },
  {
    alert: 'TokenRegistryNotReady',
    when: 'only some namespaces fail, which another alert tells, or it is suspended',
    series: {
      [ofShop('ready')]: '0x30',
      [ofShop('targets_failed')]: '1x30',
      [ofBase('ready')]: '0x30',
      [ofBase('suspended')]: '1x30',
    },
    at: 20,
  },
  {
    alert: 'TokenRegistryTargetsFailing',
    when: 'three namespaces have failed for 10 minutes',
    series: { [ofBase('targets_failed')]: '3x20' },
    at: 11,
    fires: [{ labels: { ...base, ...warning }, summary: 'ClusterTokenRegistry base fails in 3 namespaces' }],
  },
  {
    alert: 'TokenRegistryTargetsFailing',
    when: 'they failed for a moment',
    series: { [ofBase('targets_failed')]: '3x5 0x20' },
    at: 11,
  },
  {
    alert: 'TokenRegistriesDown',
    when: 'nothing is scraped',
    series: { up: '1x10' },
    at: 6,
    fires: [{ labels: { severity: 'critical' }, summary: 'No replica of Token-based registries is seen' }],
  },
  {
    alert: 'TokenRegistriesDown',
    when: 'a replica is scraped',
    series: { [series('build_info', { version: '0.1.0' })]: '1x10' },
    at: 6,
  },
  {
    alert: 'TokenRegistriesNoLeader',
    when: 'both replicas wait',
    series: { [series('leader')]: '0x10', [series('leader', { pod: 'server-1' })]: '0x10' },
    at: 3,
    fires: [{ labels: critical, summary: 'No replica of Token-based registries leads' }],
  },
  {
    alert: 'TokenRegistriesNoLeader',
    when: 'one of them leads',
    series: { [series('leader')]: '0x10', [series('leader', { pod: 'server-1' })]: '1x10' },
    at: 3,
  },
  {
    alert: 'TokenRegistriesRefreshesFailing',
    when: 'one identity fails at the longest pause, each 15 minutes, and nothing else is tried',
    series: {
      [series('refreshes_total', { provider: 'ecr', outcome: 'failure', code: 'AccessDenied' })]:
        '1x14 2x14 3x14 4x14 5x14 6x14 7x14',
    },
    at: 100,
    fires: [
      {
        labels: { ...warning, provider: 'ecr' },
        summary: 'Most refreshes by the provider ecr fail',
      },
    ],
  },
  {
    alert: 'TokenRegistriesRefreshesFailing',
    when: 'one identity of many fails',
    series: {
      [series('refreshes_total', { provider: 'ecr', outcome: 'failure', code: 'AccessDenied' })]: '0+1x90',
      [series('refreshes_total', { provider: 'ecr', outcome: 'success', code: 'OK' })]: '0+2x90',
    },
    at: 80,
  },
  {
    alert: 'TokenRegistriesRefreshesFailing',
    when: 'a single try failed',
    series: {
      [series('refreshes_total', { provider: 'ecr', outcome: 'failure', code: 'Unavailable' })]: '0x30 1x60',
    },
    at: 80,
  },
  {
    alert: 'TokenRegistriesQueueStuck',
    when: 'the oldest has waited for 12 minutes and more',
    series: { [series('queue_oldest_age_seconds')]: '700+60x10' },
    at: 6,
    fires: [
      {
        labels: { ...target, ...warning },
        summary: 'Work of Token-based registries waits for more than 10 minutes',
      },
    ],
  },
  {
    alert: 'TokenRegistriesQueueStuck',
    when: 'ten thousand Secrets are refreshed at the budget',
    series: { [series('queue_oldest_age_seconds')]: '0 60 0x10' },
    at: 6,
  },
  {
    alert: 'TokenRegistriesWatchStale',
    when: 'one watch has been silent for long',
    series: {
      [series('watch_staleness_seconds', { resource: 'namespaces' })]: '290+60x10',
      [series('watch_staleness_seconds', { resource: 'secrets' })]: '20x10',
    },
    at: 4,
    fires: [
      {
        labels: { ...target, ...warning, resource: 'namespaces' },
        summary: 'A replica of Token-based registries hears nothing of namespaces',
      },
    ],
  },
  {
    alert: 'TokenRegistriesWatchStale',
    when: 'a quiet watch is opened anew each 2 minutes',
    series: { [series('watch_staleness_seconds', { resource: 'namespaces' })]: '0 60 120 0 60 120 0 60 120' },
    at: 8,
  },
  {
    alert: 'TokenRegistriesClockSkew',
    when: 'the clock of AWS is 90 s behind',
    series: { [series('clock_skew_seconds', { source: 'ecr' })]: '-90x10' },
    at: 6,
    fires: [
      {
        labels: { ...target, ...warning, source: 'ecr' },
        summary: 'A clock differs from that of ecr by 1m 30s',
      },
    ],
  },
  {
    alert: 'TokenRegistriesClockSkew',
    when: 'it is off by what rounding makes',
    series: { [series('clock_skew_seconds', { source: 'kube-apiserver' })]: '1x10' },
    at: 6,
  },
  {
    alert: 'TokenRegistriesSweepHeld',
    when: 'a pass has reached its limit again and again',
    series: { [series('sweep_kept_total', { reason: 'LimitReached' })]: '0+5x40' },
    at: 20,
    fires: [
      {
        labels: { severity: 'info', job, reason: 'LimitReached' },
        summary: 'Secrets that no registry wants any more are not removed (LimitReached)',
      },
    ],
  },
  {
    alert: 'TokenRegistriesSweepHeld',
    when: 'a suspended registry keeps its own',
    series: { [series('sweep_kept_total', { reason: 'OwnerSuspended' })]: '0+5x40' },
    at: 20,
  },
]
