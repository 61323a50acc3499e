// (h): many registries at once, each with an identity of its own, as after a migration.
import type { Figure } from '../../../scripts/bench/figures.ts'
import { summarize } from '../../../scripts/bench/statistics.ts'
import { isReady, registries, type RegistryView } from '../../integration/harness.ts'
import { withoutLease } from '../audit-tail.ts'
import { makeKeys, makeNamespaces, makeRegistry, names } from '../objects.ts'
import { cpuSeconds, memoryOf } from '../usage.ts'
import { Watch } from '../watch.ts'
import type { Measurement } from './part.ts'

const collection = '/apis/tokenregistries.io/v1alpha1/tokenregistries'

type WatchedRegistry = RegistryView & {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string }
}

export const manyRegistries: Measurement = {
  parts: ['h'],
  async measure(bench) {
    const { registries: count } = bench.sizes
    const bed = await bench.bed()
    const all = names('team', count)
    bench.say(`making ${count} namespaces with keys`)
    await makeNamespaces(bed, all, {})
    await bed.each(all, (namespace) => makeKeys(bed, namespace, namespace))
    await bed.each(all, (namespace) => makeRegistry(bed, namespace))

    bench.say('the bare client')
    const bare = await bed.startReference()
    const { durationMs } = await bare.run({
      do: 'register',
      namespaces: all,
      statusPath: `${registries.path('{namespace}', 'own')}/status`,
      status: { observedGeneration: 0, attempts: 0 },
    })
    await bed.stop(bare)
    await bed.each(all, (namespace) => bed.cp.admin.delete(registries.path(namespace, 'own')))

    bench.say(`${count} registries`)
    await bed.audit.mark()
    const product = await bed.startProduct()
    await bed.untilLeading()
    await bed.untilQuiet()
    await bed.audit.mark()
    const cpuBefore = cpuSeconds(product.pid)
    const ready = new Map<string, number>()
    const { promise, resolve } = Promise.withResolvers<void>()
    const { url, ca, adminToken: token } = bed.cp
    const watch = await Watch.start<WatchedRegistry>(
      { url, ca, token },
      collection,
      (_type, object) => {
        if (isReady(object) && !ready.has(object.metadata.namespace))
          ready.set(object.metadata.namespace, performance.now())
        if (ready.size === count) resolve()
      },
      { whole: true },
    )
    const startedAt = performance.now()
    const seen = await bed.untilSeen(
      all,
      ({ type, namespace, name }) => (type === 'ADDED' && name === 'own' ? namespace : undefined),
      async () => {
        await bed.each(all, (namespace) => makeRegistry(bed, namespace))
        await promise
      },
      300_000,
    )
    const cpuMs = (cpuSeconds(product.pid) - cpuBefore) * 1000
    await watch.close()
    await bed.untilQuiet()
    const requests = withoutLease(await bed.audit.since())
    const seconds = (times: Iterable<number>): number => (Math.max(...times) - startedAt) / 1000
    const many = count.toLocaleString('en')
    const base = { part: 'h', of: 'runs', goals: [] } as const
    const figures: Figure[] = [
      {
        ...base,
        id: `registries.${count}.ready`,
        what: `${many} new registries with an identity each: all Ready`,
        unit: 's',
        ours: summarize([seconds(ready.values())]),
        reference: {
          what: 'bare client: read, create, status; no upstream',
          value: summarize([durationMs / 1000]),
        },
      },
      {
        ...base,
        id: `registries.${count}.secrets`,
        what: 'all their Secrets written',
        unit: 's',
        ours: summarize([seconds(seen.values())]),
      },
      {
        ...base,
        id: `registries.${count}.requests`,
        what: 'API requests for each of them, events included',
        unit: 'requests',
        ours: summarize([requests / count]),
        reference: { what: 'bare client', value: summarize([3]) },
      },
      {
        ...base,
        id: `registries.${count}.cpu`,
        what: 'CPU of ours for each of them',
        unit: 'ms',
        ours: summarize([cpuMs / count]),
      },
      {
        ...base,
        id: `registries.${count}.memory`,
        part: 'e',
        what: `memory (RSS) at its peak, ${many} registries`,
        unit: 'MiB',
        ours: summarize([memoryOf(product.pid).peak]),
        reference: { what: 'after it', value: summarize([memoryOf(product.pid).resident]) },
      },
    ]
    return figures
  },
}
