// (a) and (b): what the API server takes from a bare client, and what ours makes of it with one fresh token.
import type { Figure } from '../../../scripts/bench/figures.ts'
import { summarize, type Summary } from '../../../scripts/bench/statistics.ts'
import { registries } from '../../integration/harness.ts'
import { withoutLease } from '../audit-tail.ts'
import type { Product } from '../artefact.ts'
import type { Bed } from '../bed.ts'
import {
  makeCentralKeys,
  makeClusterRegistry,
  makeNamespaces,
  names,
  requestRefresh,
  untilDone,
} from '../objects.ts'
import type { Reference } from '../reference.ts'
import { makeTwin } from '../twin.ts'
import { cpuSeconds, forgetPeak, memoryOf } from '../usage.ts'
import type { Bench, Measurement } from './part.ts'

/** No minimum gap, so that refreshes can follow each other; the write budget is what the figures are about. */
const settings = { MIN_CALL_INTERVAL_SECONDS: '0' }
const unthrottled = { ...settings, WRITE_BUDGET_PER_SECOND: '10000' }

/** One refresh of all namespaces. */
interface Refresh {
  /** From upstream's answer to the last Secret. */
  readonly seconds: number
  readonly cpuMsPerSecret: number
  readonly requestsPerSecret: number
  readonly upstreamCalls: number
  readonly memory: { readonly resident: number; readonly peak: number }
}

export const fanOut: Measurement = {
  parts: ['a', 'b'],
  measure: (bench) => {
    const { namespaces, runs } = bench.sizes
    return measureSize(bench, namespaces, { free: runs, paced: runs })
  },
}

/** Takes minutes, most of them to make the namespaces. */
export const wideFanOut: Measurement = {
  parts: ['a', 'b'],
  measure: (bench) => {
    const { manyNamespaces, runs } = bench.sizes
    return measureSize(bench, manyNamespaces, { free: Math.min(3, runs), paced: 1 })
  },
}

interface Repetitions {
  /** The bare clients and ours without throttle, one right after the other. */
  readonly free: number
  readonly paced: number
}

async function measureSize(bench: Bench, count: number, times: Repetitions): Promise<Figure[]> {
  const bed = await bench.bed()
  const all = names('pull', count)
  bench.say(`making ${count} namespaces`)
  await makeNamespaces(bed, all, { pull: 'yes' })
  await makeCentralKeys(bed)
  await makeClusterRegistry(bed, 'central', { pull: 'yes' })
  const admin = await bed.startReference()
  const twin = await bed.startReference(await makeTwin(bed))
  for (const client of [admin, twin]) await client.run({ do: 'write', verb: 'POST', namespaces: all })
  const write = async (client: Reference, verb: 'PUT' | 'PATCH'): Promise<BareRun> => {
    bench.signal.throwIfAborted()
    const { durationMs, cpuSeconds: seconds } = await client.run({ do: 'write', verb, namespaces: all })
    return { rate: count / (durationMs / 1000), cpuMsPerSecret: (seconds * 1000) / count }
  }
  const rounds: Round[] = []
  const free = await startWarm(bench, bed, unthrottled, all)
  for (let run = 1; run <= times.free; run++) {
    bench.say(`${count} Secrets: bare clients, then ours without throttle (${run} of ${times.free})`)
    rounds.push({
      put: await write(admin, 'PUT'),
      adminPatch: await write(admin, 'PATCH'),
      patch: await write(twin, 'PATCH'),
      ours: await refresh(bench, bed, free, all),
    })
  }
  await bed.stop(free)
  bench.say(`${count} Secrets: ours with the default write budget`)
  const product = await startWarm(bench, bed, settings, all)
  const paced: Refresh[] = []
  for (let run = 1; run <= times.paced; run++) paced.push(await refresh(bench, bed, product, all))
  return figures(count, rounds, paced)
}

/** All Secrets written once by a bare client. */
interface BareRun {
  /** Requests per second. */
  readonly rate: number
  readonly cpuMsPerSecret: number
}

/** The bare clients and ours without throttle, in this order. */
interface Round {
  /** As administrator. */
  readonly put: BareRun
  readonly adminPatch: BareRun
  /** With the rights of ours and under its admission policy. */
  readonly patch: BareRun
  readonly ours: Refresh
}

/**
 * One replica, after two refreshes: connections and code are warm, as those of a server that runs for days are, and
 * those of the bare clients. It sees nothing of what the bare clients write, and costs nothing meanwhile.
 */
async function startWarm(
  bench: Bench,
  bed: Bed,
  given: Readonly<Record<string, string>>,
  all: readonly string[],
): Promise<Product> {
  const product = await bed.startProduct(given)
  await untilDone(bed, registries.clusterPath('central'))
  for (let warmed = 0; warmed < 2; warmed++) await refresh(bench, bed, product, all)
  return product
}

async function refresh(bench: Bench, bed: Bed, product: Product, all: readonly string[]): Promise<Refresh> {
  bench.signal.throwIfAborted()
  const path = registries.clusterPath('central')
  await nextSecond()
  await bed.audit.mark()
  forgetPeak(product.pid)
  const cpuBefore = cpuSeconds(product.pid)
  const callsBefore = bed.aws.log.count('GetAuthorizationToken')
  let answeredAt = 0
  const asked = bed.aws.log.next('GetAuthorizationToken').then(() => (answeredAt = performance.now()))
  let request = ''
  const seen = await bed.untilSeen(
    all,
    ({ type, name, namespace }) => (type === 'MODIFIED' && name === 'central' ? namespace : undefined),
    async () => {
      request = await requestRefresh(bed, path)
      await asked
    },
    300_000,
  )
  await untilDone(bed, path, request)
  const requests = withoutLease(await bed.audit.since())
  return {
    seconds: (Math.max(...seen.values()) - answeredAt) / 1000,
    cpuMsPerSecret: ((cpuSeconds(product.pid) - cpuBefore) * 1000) / all.length,
    requestsPerSecret: requests / all.length,
    upstreamCalls: bed.aws.log.count('GetAuthorizationToken') - callsBefore,
    memory: memoryOf(product.pid),
  }
}

/** A token must live longer than the last one, in whole seconds: otherwise it counts as no renewal. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1100))
}

function figures(count: number, rounds: readonly Round[], paced: readonly Refresh[]): Figure[] {
  const of = <T>(list: readonly T[], value: (each: T) => number): Summary => summarize(list.map(value))
  const rateOf = ({ ours }: Round): number => count / ours.seconds
  const free = rounds.map(({ ours }) => ours)
  const put = of(rounds, (round) => round.put.rate)
  const adminPatch = of(rounds, (round) => round.adminPatch.rate)
  const patch = of(rounds, (round) => round.patch.rate)
  const many = count.toLocaleString('en')
  const thousand = count <= 1000
  const base = { of: 'runs', goals: [] } as const
  return [
    {
      ...base,
      id: `raw.${count}.patch`,
      part: 'a',
      what: `bare client as administrator, 16 connections: merge patches of ${many} Secrets`,
      unit: '/s',
      ours: adminPatch,
      reference: { what: 'PUT of the same', value: put },
    },
    {
      ...base,
      id: `raw.${count}.patch.same-rights`,
      part: 'a',
      what: 'the same with our rights and under our admission policy',
      unit: '/s',
      ours: patch,
      reference: { what: 'as administrator', value: adminPatch },
    },
    {
      ...base,
      id: `fan-out.${count}.unthrottled.rate`,
      part: 'b',
      what: `one fresh token to ${many} namespaces, unthrottled`,
      unit: '/s',
      ours: of(rounds, rateOf),
      reference: { what: 'bare client with our rights', value: patch },
    },
    {
      ...base,
      id: `fan-out.${count}.unthrottled.share`,
      part: 'b',
      what: 'the same as a share of that client right before',
      unit: '%',
      ours: of(rounds, (round) => (rateOf(round) / round.patch.rate) * 100),
      reference: {
        what: 'as a share of the administrator',
        value: of(rounds, (round) => (rateOf(round) / round.adminPatch.rate) * 100),
      },
      goals: thousand ? [{ of: 'median', relation: 'at least', value: 80 }] : [],
    },
    {
      ...base,
      id: `fan-out.${count}.default.time`,
      part: 'b',
      what: `one fresh token to ${many} namespaces, default write budget`,
      unit: 's',
      ours: of(paced, ({ seconds }) => seconds),
      reference: { what: 'unthrottled', value: of(free, ({ seconds }) => seconds) },
      goals: thousand ? [{ of: 'median', relation: 'at most', value: 10 }] : [],
    },
    {
      ...base,
      id: `fan-out.${count}.cpu`,
      part: 'b',
      what: `CPU of ours per refreshed Secret, ${many} namespaces`,
      unit: 'ms',
      ours: of(free, ({ cpuMsPerSecret }) => cpuMsPerSecret),
      reference: {
        what: 'bare client with our rights',
        value: of(rounds, (round) => round.patch.cpuMsPerSecret),
      },
      goals: [{ of: 'median', relation: 'at most', value: 1 }],
    },
    {
      ...base,
      id: `fan-out.${count}.requests`,
      part: 'b',
      what: `API requests per refreshed Secret, ${many} namespaces`,
      unit: 'requests',
      ours: of([...free, ...paced], ({ requestsPerSecret }) => requestsPerSecret),
      reference: { what: 'bare client', value: summarize([1]) },
      goals: [{ of: 'median', relation: 'at most', value: 1.01 }],
    },
    {
      ...base,
      id: `fan-out.${count}.memory.peak`,
      part: 'e',
      what: `memory (RSS) at its peak in a refresh of ${many} namespaces`,
      unit: 'MiB',
      ours: of([...free, ...paced], ({ memory }) => memory.peak),
      reference: { what: 'after it', value: of([...free, ...paced], ({ memory }) => memory.resident) },
      goals: [{ of: 'max', relation: 'at most', value: thousand ? 150 : 190 }],
    },
  ]
}
