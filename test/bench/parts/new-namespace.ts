// (c): how long a new namespace waits for its Secret, at rest and while all others are being refreshed.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figure, Goal } from '../../../scripts/bench/figures.ts'
import { summarize } from '../../../scripts/bench/statistics.ts'
import { registries } from '../../integration/harness.ts'
import { withoutLease } from '../audit-tail.ts'
import type { Bed } from '../bed.ts'
import {
  makeCentralKeys,
  makeClusterRegistry,
  makeNamespace,
  makeNamespaces,
  names,
  requestRefresh,
  untilDone,
} from '../objects.ts'
import { cpuSeconds } from '../usage.ts'
import type { Bench, Measurement } from './part.ts'

const ours = { pull: 'yes' }
const bare = { serve: 'bare' }
/** Between two new namespaces: so that none waits for what Kubernetes does in the one before. */
const pauseMs = 100

/** Milliseconds from the answer to a namespace's creation to its Secret. */
interface Latencies {
  readonly ours: number[]
  readonly bare: number[]
}

export const newNamespace: Measurement = {
  parts: ['c'],
  async measure(bench) {
    const { namespaces, samples } = bench.sizes
    const bed = await bench.bed()
    bench.say(`making ${namespaces} namespaces`)
    const all = names('pull', namespaces)
    await makeNamespaces(bed, all, ours)
    await makeCentralKeys(bed)
    await makeClusterRegistry(bed, 'central', ours)
    // No minimum gap, so that refreshes can follow each other.
    const product = await bed.startProduct({ MIN_CALL_INTERVAL_SECONDS: '0' })
    await untilDone(bed, registries.clusterPath('central'))
    const reference = await bed.startReference({ selector: 'serve=bare' })
    await reference.run({ do: 'serve' })
    await series(bench, bed, 'warm', 5)

    bench.say(`${samples} new namespaces at rest`)
    await bed.audit.mark()
    const cpuBefore = cpuSeconds(product.pid)
    const idle = await series(bench, bed, 'idle', samples)
    const cpuMs = (cpuSeconds(product.pid) - cpuBefore) * 1000
    await untilDone(bed, registries.clusterPath('central'))
    const requests = withoutLease(await bed.audit.since())

    bench.say(`${samples} new namespaces during refreshes`)
    const busy = await duringRefreshes(bench, bed, all)
    return [
      latency(
        'idle',
        `new namespace to Secret at rest, ${many(namespaces)} namespaces present`,
        idle,
        [15, 25],
      ),
      latency('refresh', 'the same while all are refreshed with the default write budget', busy, [25, 250]),
      {
        id: 'new-namespace.requests',
        part: 'c',
        what: 'API requests per new namespace, status included',
        unit: 'requests',
        of: 'runs',
        ours: summarize([requests / samples]),
        reference: { what: 'bare watch and create', value: summarize([1]) },
        goals: [],
      },
      {
        id: 'new-namespace.cpu',
        part: 'c',
        what: 'CPU of ours per new namespace',
        unit: 'ms',
        of: 'runs',
        ours: summarize([cpuMs / samples]),
        goals: [],
      },
    ]
  },
}

/** New namespaces of ours and of the reference in turns, one at a time. */
async function series(bench: Bench, bed: Bed, prefix: string, samples: number): Promise<Latencies> {
  const found: Latencies = { ours: [], bare: [] }
  for (let index = 0; index < samples; index++) await pair(bench, bed, `${prefix}-${index}`, found)
  return found
}

async function pair(bench: Bench, bed: Bed, name: string, found: Latencies): Promise<void> {
  for (const [who, label] of [
    ['ours', ours],
    ['bare', bare],
  ] as const) {
    bench.signal.throwIfAborted()
    const namespace = `${name}-${who}`
    let madeAt = 0
    const seen = await bed.untilSeen(
      [namespace],
      ({ type, namespace: where }) => (type === 'ADDED' ? where : undefined),
      async () => {
        await makeNamespace(bed, namespace, label)
        madeAt = performance.now()
      },
    )
    found[who].push((seen.get(namespace) ?? 0) - madeAt)
    await delay(pauseMs)
  }
}

/** As many refreshes as it takes; only what began while one was under way counts. */
async function duringRefreshes(bench: Bench, bed: Bed, all: readonly string[]): Promise<Latencies> {
  const found: Latencies = { ours: [], bare: [] }
  const path = registries.clusterPath('central')
  for (let round = 0; found.ours.length < bench.sizes.samples; round++) {
    await delay(1100) // a token must live longer than the last one, in whole seconds
    let running = true
    const request = await requestRefresh(bed, path)
    const refreshed = bed
      .untilSeen(
        all,
        ({ type, namespace, name }) => (type === 'MODIFIED' && name === 'central' ? namespace : undefined),
        () => Promise.resolve(),
      )
      .finally(() => (running = false))
    for (let index = 0; running; index++) await pair(bench, bed, `busy-${round}-${index}`, found)
    await refreshed
    await untilDone(bed, path, request)
  }
  return found
}

function latency(
  id: string,
  what: string,
  { ours: own, bare: reference }: Latencies,
  limits: [number, number],
): Figure {
  const goals: Goal[] = [
    { of: 'median', relation: 'at most', value: limits[0] },
    { of: 'p99', relation: 'at most', value: limits[1] },
  ]
  return {
    id: `new-namespace.${id}`,
    part: 'c',
    what,
    unit: 'ms',
    of: 'samples',
    ours: summarize(own),
    reference: { what: 'bare watch and create', value: summarize(reference) },
    goals,
  }
}

function many(count: number): string {
  return count.toLocaleString('en')
}
