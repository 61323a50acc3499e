// (e) and (f): what the server takes while it has nothing to do, and with many Secrets around that are none of ours.
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import {
  readRequestCounts,
  requestsBetween,
  type RequestCounts,
} from '../../../scripts/bench/apiserver-metrics.ts'
import { summarize } from '../../../scripts/bench/statistics.ts'
import { registries } from '../../integration/harness.ts'
import { imageEnvironment, type Product } from '../artefact.ts'
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
import { cpuSeconds, forgetPeak, memoryOf } from '../usage.ts'
import type { Bench, Measurement } from './part.ts'
import { restFigures, type Rest } from './rest-figures.ts'

const unrelatedBytes = 10_000

export const atRest: Measurement = {
  parts: ['e', 'f'],
  async measure(bench) {
    const { namespaces, sharingRegistries, unrelatedSecrets } = bench.sizes
    const bed = await bench.bed()
    const bare = startBareNode()
    try {
      await makeNamespaces(bed, names('pull', namespaces), { pull: 'yes' })
      bench.say('a cluster without the server')
      const without = await rest(bench, bed, bare.pid ?? 0)
      bench.say('the server without a registry')
      let product = await startServer(bed)
      const empty = await rest(bench, bed, product.pid)
      bench.say(`${namespaces} namespaces and ${sharingRegistries} registries`)
      await makeScene(bed, sharingRegistries)
      const quiet = await rest(bench, bed, product.pid)
      const peak = await refreshPeak(bed, product.pid)
      bench.say(`with ${unrelatedSecrets} unrelated Secrets of ${unrelatedBytes / 1000} kB`)
      await makeUnrelated(bed, unrelatedSecrets)
      const crowded = await rest(bench, bed, product.pid)
      const crowdedPeak = await refreshPeak(bed, product.pid)
      bench.say('after a restart')
      await bed.stop(product)
      product = await startServer(bed)
      const restarted = await rest(bench, bed, product.pid)
      const restartPeak = memoryOf(product.pid).peak
      return restFigures(bench.sizes, {
        without,
        empty,
        quiet,
        peak,
        crowded,
        crowdedPeak,
        restarted,
        restartPeak,
      })
    } finally {
      bare.kill('SIGKILL')
    }
  },
}

/** A process that only waits, with the flags of the image. */
function startBareNode(): ChildProcess {
  const env = { ...imageEnvironment }
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)'], {
    env,
    stdio: 'ignore',
  })
  process.once('exit', () => bare.kill('SIGKILL'))
  return bare
}

async function startServer(bed: Bed): Promise<Product> {
  const product = await bed.startProduct({ MIN_CALL_INTERVAL_SECONDS: '0' })
  await bed.untilLeading()
  return product
}

/** One registry for all namespaces, and many of single ones, ten of them with one identity. */
async function makeScene(bed: Bed, count: number): Promise<void> {
  await makeCentralKeys(bed)
  await makeClusterRegistry(bed, 'central', { pull: 'yes' })
  const teams = names('team', count)
  const users = names('team', Math.ceil(count / 10)).map((name) => bed.aws.world.addUser({ name }))
  await makeNamespaces(bed, teams, {})
  await bed.each(teams.entries(), async ([index, namespace]) => {
    const user = users[index % users.length]
    if (user !== undefined) await makeKeys(bed, namespace, user)
    await makeRegistry(bed, namespace)
  })
  await untilDone(bed, registries.clusterPath('central'))
  await bed.each(teams, (namespace) => untilDone(bed, registries.path(namespace, 'own')))
}

/** The highest that memory comes to in a refresh of all namespaces, in MiB. */
async function refreshPeak(bed: Bed, pid: number): Promise<number> {
  const path = registries.clusterPath('central')
  forgetPeak(pid)
  await bed.audit.mark()
  await untilDone(bed, path, await requestRefresh(bed, path))
  await bed.untilQuiet() // the fan-out follows
  return memoryOf(pid).peak
}

async function makeUnrelated(bed: Bed, count: number): Promise<void> {
  const text = 'x'.repeat(unrelatedBytes)
  const namespaces = names('other', Math.ceil(count / 100))
  await makeNamespaces(bed, namespaces, {})
  await bed.each(names('unrelated', count).entries(), ([index, name]) =>
    bed.cp.admin.create(`/api/v1/namespaces/${namespaces[index % namespaces.length]}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      stringData: { text },
    }),
  )
}

/** Waits until the server has nothing to do, then looks on for a while. */
async function rest(bench: Bench, bed: Bed, pid: number): Promise<Rest> {
  await bed.audit.mark()
  await bed.untilQuiet()
  await bed.audit.mark()
  const before = { cpu: cpuSeconds(pid), at: performance.now(), requests: await readMetrics(bed) }
  const resident: number[] = []
  for (let second = 0; second < bench.sizes.idleSeconds; second++) {
    bench.signal.throwIfAborted()
    await delay(1000)
    resident.push(memoryOf(pid).resident)
  }
  const seconds = (performance.now() - before.at) / 1000
  return {
    resident: summarize(resident),
    cpuPercent: ((cpuSeconds(pid) - before.cpu) / seconds) * 100,
    minutes: seconds / 60,
    ours: await bed.audit.since(),
    everybody: requestsBetween(before.requests, await readMetrics(bed)),
  }
}

async function readMetrics(bed: Bed): Promise<RequestCounts> {
  const { body } = await bed.cp.admin.request<string>('GET', '/metrics')
  return readRequestCounts(body)
}
