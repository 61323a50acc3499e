// (d): how often upstream is asked, whatever the number of namespaces and registries.
import type { Figure } from '../../../scripts/bench/figures.ts'
import { summarize } from '../../../scripts/bench/statistics.ts'
import { isReady, registries, type RegistryView } from '../../integration/harness.ts'
import type { Bed } from '../bed.ts'
import {
  makeCentralKeys,
  makeClusterRegistry,
  makeKeys,
  makeNamespaces,
  makeRegistry,
  names,
  requestRefresh,
  untilDone,
} from '../objects.ts'
import type { Bench, Measurement } from './part.ts'

/** Life of the tokens that are to run into their natural refresh, at two thirds of it. */
const shortLifeMs = 60_000

export const upstream: Measurement = {
  parts: ['d'],
  async measure(bench) {
    const { namespaces, sharingRegistries } = bench.sizes
    const bed = await bench.bed()
    await makeCentralKeys(bed)
    await bed.startProduct({ MIN_CALL_INTERVAL_SECONDS: '0' })
    const figures: Figure[] = []
    for (const count of [1, Math.ceil(namespaces / 10), namespaces])
      figures.push(await oneRegistry(bench, bed, count))
    figures.push(await sharedIdentities(bench, bed, sharingRegistries))
    return figures
  },
}

async function oneRegistry(bench: Bench, bed: Bed, count: number): Promise<Figure> {
  bench.say(`refreshes of ${count} namespaces`)
  bench.signal.throwIfAborted()
  const name = `for-${count}`
  await makeNamespaces(bed, names(name, count), { pull: name })
  await makeClusterRegistry(bed, name, { pull: name })
  const path = registries.clusterPath(name)
  await untilDone(bed, path)
  const calls: number[] = []
  for (let run = 0; run < bench.sizes.runs; run++) {
    await new Promise((resolve) => setTimeout(resolve, 1100)) // a token must live longer than the last one
    const before = upstreamCalls(bed)
    await untilDone(bed, path, await requestRefresh(bed, path))
    calls.push(upstreamCalls(bed) - before)
  }
  return figure(
    `upstream.namespaces.${count}`,
    `upstream calls per refresh of ${many(count)} namespaces`,
    calls,
    {
      least: 1,
      unshared: count,
    },
  )
}

/** A tenth as many identities as registries; the refresh comes by the clock, for each registry on its own. */
async function sharedIdentities(bench: Bench, bed: Bed, count: number): Promise<Figure> {
  const identities = Math.ceil(count / 10)
  bench.say(`the natural refresh of ${count} registries with ${identities} identities`)
  bench.signal.throwIfAborted()
  const users = names('team', identities).map((name) => bed.aws.world.addUser({ name }))
  const all = names('team', count)
  await makeNamespaces(bed, all, {})
  await bed.each(all.entries(), async ([index, namespace]) => {
    const user = users[index % identities]
    if (user !== undefined) await makeKeys(bed, namespace, user)
  })
  bed.aws.tokens.lifetimeMs = shortLifeMs
  const before = upstreamCalls(bed)
  await bed.each(all, (namespace) => makeRegistry(bed, namespace))
  await untilIssued(bed, all, 1)
  const first = upstreamCalls(bed) - before
  bed.aws.tokens.lifetimeMs = 12 * 3600_000
  await untilIssued(bed, all, 2)
  const calls = upstreamCalls(bed) - before - first
  return figure(
    `upstream.registries.${count}`,
    `upstream calls per refresh of ${many(count)} registries with ${identities} identities`,
    [calls],
    { least: identities, unshared: count },
  )
}

/** Every registry tells of so many tries, and is Ready. */
async function untilIssued(bed: Bed, all: readonly string[], times: number): Promise<void> {
  await bed.each(all, (namespace) =>
    bed.cp.admin.waitFor<RegistryView>(
      registries.path(namespace, 'own'),
      (object) => isReady(object) && (object.status?.history?.length ?? 0) >= times,
      { what: `${times} refreshes`, timeoutMs: 180_000 },
    ),
  )
}

function upstreamCalls(bed: Bed): number {
  return bed.aws.log.entries.length
}

function figure(
  id: string,
  what: string,
  calls: readonly number[],
  { least, unshared }: { least: number; unshared: number },
): Figure {
  return {
    id,
    part: 'd',
    what,
    unit: 'calls',
    of: 'runs',
    ours: summarize(calls),
    reference: { what: 'one for each Secret', value: summarize([unshared]) },
    goals: [{ of: 'max', relation: 'at most', value: least }],
  }
}

function many(count: number): string {
  return count.toLocaleString('en')
}
