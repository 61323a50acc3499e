// (g): from the start of the process to its first Secret, with nothing there and with everything there.
import type { Figure } from '../../../scripts/bench/figures.ts'
import { summarize } from '../../../scripts/bench/statistics.ts'
import { registries } from '../../integration/harness.ts'
import { withoutLease } from '../audit-tail.ts'
import type { Product } from '../artefact.ts'
import type { Bed } from '../bed.ts'
import {
  makeCentralKeys,
  makeClusterRegistry,
  makeNamespace,
  makeNamespaces,
  names,
  untilDone,
} from '../objects.ts'
import type { Reference } from '../reference.ts'
import type { Measurement } from './part.ts'

/** Seconds from the spawn. */
interface Cold {
  readonly first: number
  readonly all: number
}

/** A start that finds everything in place, but for one namespace made while nobody ran. */
interface Restart {
  readonly seconds: number
  /** Until the work of the start was done. */
  readonly requests: number
  readonly upstreamCalls: number
}

export const starts: Measurement = {
  parts: ['g'],
  async measure(bench) {
    const { namespaces, runs } = bench.sizes
    const bed = await bench.bed()
    const all = names('pull', namespaces)
    await makeNamespaces(bed, all, { pull: 'yes' })
    await makeCentralKeys(bed)
    const cold: Cold[] = []
    const bare: Cold[] = []
    for (let run = 0; run < runs; run++) {
      bench.say(`cold start ${run + 1} of ${runs}`)
      bench.signal.throwIfAborted()
      bare.push(await bareStart(bed, all))
      cold.push(await coldStart(bed, all))
    }
    const restarts: Restart[] = []
    for (let run = 0; run < runs; run++) {
      bench.say(`restart ${run + 1} of ${runs}`)
      bench.signal.throwIfAborted()
      restarts.push(await restart(bed, `late-${run}`))
    }
    return figures(namespaces, cold, bare, restarts)
  },
}

/** No Secret and no status: the registry is made anew while no server runs. */
async function coldStart(bed: Bed, all: readonly string[]): Promise<Cold> {
  const path = registries.clusterPath('central')
  await bed.cp.admin.request('DELETE', path)
  await bed.each(all, (namespace) =>
    bed.cp.admin.request('DELETE', `/api/v1/namespaces/${namespace}/secrets/central`),
  )
  await makeClusterRegistry(bed, 'central', { pull: 'yes' })
  const started = Promise.withResolvers<Product>()
  const seen = await untilAll(bed, all, 'central', async () => {
    started.resolve(await bed.startProduct())
    await untilDone(bed, path)
  })
  const product = await started.promise
  await bed.stop(product)
  return toCold(product.startedAt, seen)
}

async function bareStart(bed: Bed, all: readonly string[]): Promise<Cold> {
  await bed.each(all, (namespace) =>
    bed.cp.admin.request('DELETE', `/api/v1/namespaces/${namespace}/secrets/bare`),
  )
  const started = Promise.withResolvers<Reference>()
  const seen = await untilAll(bed, all, 'bare', async () =>
    started.resolve(await bed.startReference({ selector: 'pull=yes', serve: true })),
  )
  const reference = await started.promise
  await bed.stop(reference)
  return toCold(reference.startedAt, seen)
}

function untilAll(
  bed: Bed,
  all: readonly string[],
  secret: string,
  during: () => Promise<unknown>,
): Promise<Map<string, number>> {
  return bed.untilSeen(
    all,
    ({ type, namespace, name }) => (type === 'ADDED' && name === secret ? namespace : undefined),
    during,
  )
}

function toCold(startedAt: number, seen: ReadonlyMap<string, number>): Cold {
  const times = [...seen.values()].map((at) => (at - startedAt) / 1000)
  return { first: Math.min(...times), all: Math.max(...times) }
}

async function restart(bed: Bed, late: string): Promise<Restart> {
  await makeNamespace(bed, late, { pull: 'yes' })
  await bed.audit.mark()
  const callsBefore = bed.aws.log.entries.length
  const started = Promise.withResolvers<Product>()
  const seen = await untilAll(bed, [late], 'central', async () => started.resolve(await bed.startProduct()))
  const product = await started.promise
  await bed.untilQuiet()
  const requests = withoutLease(await bed.audit.since())
  await bed.stop(product)
  return {
    seconds: ((seen.get(late) ?? 0) - product.startedAt) / 1000,
    requests,
    upstreamCalls: bed.aws.log.entries.length - callsBefore,
  }
}

function figures(
  namespaces: number,
  cold: readonly Cold[],
  bare: readonly Cold[],
  restarts: readonly Restart[],
): Figure[] {
  const many = namespaces.toLocaleString('en')
  const bareFirst = {
    what: 'bare Node that lists and writes',
    value: summarize(bare.map(({ first }) => first)),
  }
  const base = { part: 'g', of: 'runs', goals: [] } as const
  return [
    {
      ...base,
      id: 'start.cold.first',
      what: `cold start to the first Secret, ${many} namespaces`,
      unit: 's',
      ours: summarize(cold.map(({ first }) => first)),
      reference: bareFirst,
      goals: [{ of: 'median', relation: 'at most', value: 1 }],
    },
    {
      ...base,
      id: 'start.cold.all',
      what: `cold start to all ${many} Secrets`,
      unit: 's',
      ours: summarize(cold.map(({ all }) => all)),
      reference: { ...bareFirst, value: summarize(bare.map(({ all }) => all)) },
    },
    {
      ...base,
      id: 'start.warm.first',
      what: `restart with ${many} Secrets in place to the Secret of a namespace made meanwhile`,
      unit: 's',
      ours: summarize(restarts.map(({ seconds }) => seconds)),
      reference: bareFirst,
      goals: [{ of: 'median', relation: 'at most', value: 1 }],
    },
    {
      ...base,
      id: 'start.warm.requests',
      what: 'API requests of such a restart, watches and Lease left out',
      unit: 'requests',
      ours: summarize(restarts.map(({ requests }) => requests)),
      reference: { what: 'one for each Secret', value: summarize([namespaces]) },
      goals: [{ of: 'max', relation: 'at most', value: 20 }],
    },
    {
      ...base,
      id: 'start.warm.upstream',
      what: 'upstream calls of such a restart',
      unit: 'calls',
      ours: summarize(restarts.map(({ upstreamCalls }) => upstreamCalls)),
      reference: { what: 'one for each Secret', value: summarize([namespaces]) },
      goals: [{ of: 'max', relation: 'at most', value: 0 }],
    },
  ]
}
