import type { RequestCounts } from '../../../scripts/bench/apiserver-metrics.ts'
import type { Figure } from '../../../scripts/bench/figures.ts'
import { summarize, type Summary } from '../../../scripts/bench/statistics.ts'
import { withoutLease } from '../audit-tail.ts'
import type { Sizes } from './part.ts'

/** One stretch of time without work. */
export interface Rest {
  /** Memory in MiB, each second. */
  readonly resident: Summary
  readonly cpuPercent: number
  readonly minutes: number
  /** What our ServiceAccount asked, by the audit log. */
  readonly ours: ReadonlyMap<string, number>
  /** What everybody asked, by the API server's metrics. */
  readonly everybody: RequestCounts
}

/** What was seen; peaks in MiB. `without` is a cluster without the server, and a bare Node process. */
export interface Rests {
  readonly without: Rest
  readonly empty: Rest
  readonly quiet: Rest
  readonly peak: number
  readonly crowded: Rest
  readonly crowdedPeak: number
  readonly restarted: Rest
  readonly restartPeak: number
}

export function restFigures(sizes: Sizes, found: Rests): Figure[] {
  const { without, empty, quiet, peak, crowded, crowdedPeak, restarted, restartPeak } = found
  const { namespaces, sharingRegistries, unrelatedSecrets } = sizes
  const scene = `${many(namespaces)} namespaces, ${many(sharingRegistries)} registries`
  const crowd = `the same with ${many(unrelatedSecrets)} unrelated Secrets of 10 kB`
  const bareNode = 'bare Node with the same flags'
  const memory = (id: string, what: string, ours: Summary, more: Partial<Figure> = {}): Figure => ({
    id: `memory.${id}`,
    part: 'e',
    what,
    unit: 'MiB',
    of: 'runs',
    ours,
    reference: { what: bareNode, value: without.resident },
    goals: [{ of: 'median', relation: 'at most', value: 120 }],
    ...more,
  })
  const peaks = (id: string, what: string, value: number, rest: Rest): Figure =>
    memory(id, what, summarize([value]), {
      reference: { what: 'at rest', value: rest.resident },
      goals: [{ of: 'max', relation: 'at most', value: 150 }],
    })
  return [
    memory('empty', 'memory (RSS) at rest, without a registry: AWS SDK not loaded', empty.resident),
    memory('rest', `memory at rest, ${scene}`, quiet.resident),
    peaks('peak', `its peak in a refresh of ${many(namespaces)} namespaces`, peak, quiet),
    memory('crowded', crowd, crowded.resident, {
      reference: { what: 'without them', value: quiet.resident },
    }),
    peaks('crowded.peak', 'its peak in a refresh', crowdedPeak, crowded),
    memory('restarted', 'after a restart with all of that', restarted.resident),
    peaks('restarted.peak', 'its peak in that start', restartPeak, restarted),
    {
      id: 'cpu.rest',
      part: 'e',
      what: `CPU at rest, ${scene}`,
      unit: '% of a core',
      of: 'runs',
      ours: summarize([empty, quiet, crowded, restarted].map(({ cpuPercent }) => cpuPercent)),
      reference: { what: 'bare Node', value: summarize([without.cpuPercent]) },
      goals: [{ of: 'median', relation: 'at most', value: 0.5 }],
    },
    ...requestFigures([quiet, crowded, restarted], without),
  ]
}

/** What we ask at rest, and by how much the API server's own counts differ from those of a cluster without us. */
function requestFigures(rests: readonly Rest[], without: Rest): Figure[] {
  const perMinute = (value: (rest: Rest) => number): Summary =>
    summarize(rests.map((rest) => value(rest) / rest.minutes))
  const base = { part: 'f', unit: 'per minute', of: 'runs' } as const
  const lease = (rest: Rest): number => sum(rest.ours) - withoutLease(rest.ours)
  const keys = new Set(rests.flatMap(({ everybody }) => [...everybody.keys()]))
  const differing = [...keys].filter((key) => {
    const withUs = perMinute(({ everybody }) => everybody.get(key) ?? 0).median
    return Math.abs(withUs - (without.everybody.get(key) ?? 0) / without.minutes) > 1
  })
  return [
    {
      ...base,
      id: 'idle.lease',
      what: 'renewals of the Lease at rest (audit log, our ServiceAccount)',
      ours: perMinute(lease),
      goals: [],
    },
    {
      ...base,
      id: 'idle.other',
      what: 'all other API requests at rest, watches left out (audit log, our ServiceAccount)',
      ours: perMinute((rest) => withoutLease(rest.ours)),
      goals: [{ of: 'max', relation: 'at most', value: 0 }],
    },
    ...differing.sort().map((key): Figure => ({
      ...base,
      id: `idle.metrics.${key.replaceAll(' ', '.')}`,
      what: `${key} of everybody at rest (apiserver_request_total)`,
      ours: perMinute(({ everybody }) => everybody.get(key) ?? 0),
      reference: {
        what: 'the cluster without the server',
        value: summarize([(without.everybody.get(key) ?? 0) / without.minutes]),
      },
      goals: [],
    })),
  ]
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0)
}

function many(count: number): string {
  return count.toLocaleString('en')
}
