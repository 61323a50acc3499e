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
  /** Pairs of the bare client and ours without throttle, one right after the other. */
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
  const bare = await bed.startReference()
  await bare.run({ do: 'write', verb: 'POST', namespaces: all })
  const found: Found = { put: [], patch: [], bareCpuMs: [], free: [], paced: [] }
  const rate = async (verb: 'PUT' | 'PATCH'): Promise<number> => {
    bench.signal.throwIfAborted()
    const { durationMs, cpuSeconds: seconds } = await bare.run({ do: 'write', verb, namespaces: all })
    if (verb === 'PATCH') found.bareCpuMs.push((seconds * 1000) / count)
    return count / (durationMs / 1000)
  }
  for (let run = 1; run <= times.free; run++) {
    bench.say(`${count} Secrets: bare client, then ours without throttle (${run} of ${times.free})`)
    found.put.push(await rate('PUT'))
    found.patch.push(await rate('PATCH'))
    found.free.push(...(await refreshes(bench, bed, unthrottled, { all, times: 1 })))
  }
  bench.say(`${count} Secrets: ours with the default write budget`)
  found.paced.push(...(await refreshes(bench, bed, settings, { all, times: times.paced })))
  return figures(count, found)
}

/** Requests per second of the bare client, and refreshes of ours. */
interface Found {
  readonly put: number[]
  readonly patch: number[]
  /** Per patch. */
  readonly bareCpuMs: number[]
  readonly free: Refresh[]
  readonly paced: Refresh[]
}

/** Of one replica that runs only meanwhile, so that it does not follow what the bare client writes. */
async function refreshes(
  bench: Bench,
  bed: Bed,
  given: Readonly<Record<string, string>>,
  { all, times }: { all: readonly string[]; times: number },
): Promise<Refresh[]> {
  const product = await bed.startProduct(given)
  await untilDone(bed, registries.clusterPath('central'))
  await refresh(bed, product, all) // warms connections and code, as a server that runs for days is warm
  const done: Refresh[] = []
  for (let run = 0; run < times; run++) {
    bench.signal.throwIfAborted()
    done.push(await refresh(bed, product, all))
  }
  await bed.stop(product)
  return done
}

async function refresh(bed: Bed, product: Product, all: readonly string[]): Promise<Refresh> {
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

function figures(count: number, { put: puts, patch: patches, bareCpuMs, free, paced }: Found): Figure[] {
  const of = (list: readonly Refresh[], value: (refresh: Refresh) => number): Summary =>
    summarize(list.map(value))
  const [patch, put] = [summarize(patches), summarize(puts)]
  const rates = free.map(({ seconds }) => count / seconds)
  const many = count.toLocaleString('en')
  const share = summarize(rates.map((rate, run) => (rate / (patches[run] ?? patch.median)) * 100))
  const thousand = count <= 1000
  const base = { of: 'runs', goals: [] } as const
  return [
    {
      ...base,
      id: `raw.${count}.patch`,
      part: 'a',
      what: `bare client, 16 connections: merge patches of ${many} Secrets`,
      unit: '/s',
      ours: patch,
      reference: { what: 'PUT of the same', value: put },
    },
    {
      ...base,
      id: `fan-out.${count}.unthrottled.rate`,
      part: 'b',
      what: `one fresh token to ${many} namespaces, unthrottled`,
      unit: '/s',
      ours: summarize(rates),
      reference: { what: 'bare client, patches', value: patch },
    },
    {
      ...base,
      id: `fan-out.${count}.unthrottled.share`,
      part: 'b',
      what: 'the same as a share of the bare client right before',
      unit: '%',
      ours: share,
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
      reference: { what: 'bare client, patches', value: summarize(bareCpuMs) },
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
