// The control plane's own processes end and come back.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { SecretView } from '../../integration/harness.ts'
import type { Version } from '../observer.ts'
import type { Replica } from '../replica.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, standardNamespaces, type Site } from '../site.ts'
import { patientLease } from './settings.ts'
import { assertNoRestart, audited, failedWatches, isUnauthorized, logged } from './signs.ts'

const isWrite = ({ method }: ProxiedRequest): boolean => method !== 'GET'

/** A fan-out that takes some seconds, so that there is a middle of it. */
const slowFanOut = { WRITE_BUDGET_PER_SECOND: '2' }

/** Waits until a refresh has reached one namespace and not yet the others. */
async function untilMiddleOfFanOut(site: Site): Promise<void> {
  const isRewritten = ({ type, object }: Version<SecretView>): boolean =>
    type === 'MODIFIED' && object.metadata?.namespace?.startsWith(site.full('')) === true
  await site.until('the middle of the fan-out', () => site.secrets.versions.some(isRewritten))
}

async function untilRenewalFails(site: Site): Promise<void> {
  await site.until(
    'a renewal that fails',
    () => logged(site.replica, '"msg":"leader election: try failed"') > 0,
  )
}

/** Two replicas whose TLS ends at the API server itself, so that its own certificates count. */
async function directSetup(site: Site): Promise<void> {
  await Promise.all(standardNamespaces.map((name) => site.addNamespace(name)))
  await site.addClusterRegistry('base')
  await site.addRegistry('own')
  await site.startServer({ via: 'tcp' })
  await site.startServer({ via: 'tcp' })
  await site.untilConverged()
}

/** What the kubelet brings to the pods once it can ask the API server again. */
async function bringCredentials({ cp, bed }: Site, { caFile, tokenFile }: Replica): Promise<void> {
  await writeFile(caFile, cp.ca)
  await writeFile(tokenFile, await bed.bed.chart.serverToken())
}

export const outageRows: readonly Row[] = [
  {
    name: 'api-server-restarted',
    fault: 'the API server crashes in the middle of a fan-out, and is away for some seconds',
    stage: 'write',
    short: false,
    story: 'refresh-and-grow',
    env: { ...patientLease, ...slowFanOut },
    maxUpstreamCalls: 4,
    async run(site) {
      await site.refresh()
      await site.fault(async () => {
        await untilMiddleOfFanOut(site)
        await site.cp.processes.apiServer.stop(0)
        const notWritten = (): boolean => logged(site.replica, '"code":"Unavailable"', '"namespace":') >= 2
        await site.until('two writes that met nobody', notWritten)
        await untilRenewalFails(site)
        await site.cp.startApiServer()
      })
      await site.addNamespace('late')
    },
    hits: (site) => failedWatches(site.replica),
    after: assertNoRestart,
    mutants: [
      {
        file: 'server/kube/lease.ts',
        from: '        this.#noteFailure(error)\n',
        to: "        this.#noteFailure(error)\n        this.#lose('a renewal failed')\n",
        why: 'a leader gives up at the first renewal that fails',
      },
    ],
  },
  {
    name: 'etcd-restarted',
    fault: 'etcd crashes in the middle of a fan-out, and is away until the leader has given up',
    stage: 'write',
    short: false,
    story: 'refresh-and-grow',
    env: slowFanOut,
    // Of two new credentials one has reached no Secret yet when the process ends.
    maxUpstreamCalls: 5,
    // The process waits 20 s for what it has sent before it ends.
    patienceSeconds: 60,
    async run(site) {
      await site.refresh()
      await site.fault(async () => {
        await untilMiddleOfFanOut(site)
        await site.cp.processes.etcd.stop(0)
        site.api.inject('meanwhile', { when: isWrite, effect: { kind: 'count' } })
        await site.until('the leader to give up', () => site.replica.restarts > 0)
        site.api.heal('meanwhile')
        await site.cp.restartEtcd()
      })
      await site.addNamespace('late')
    },
    hits: (site) => site.api.hits('meanwhile'),
    mutants: [
      {
        file: 'server/controller/take-back.ts',
        from: '.slice(0, maxReads)',
        to: '.slice(maxReads)',
        why: 'a restart takes no credential back',
      },
    ],
  },
  {
    name: 'api-server-away',
    fault:
      'the API server is away until both replicas have given up, and is back with a new CA and new ServiceAccount keys',
    stage: 'all',
    short: false,
    story: 'refresh-and-grow',
    setup: directSetup,
    maxUpstreamCalls: 4,
    limitSeconds: 240,
    async run(site) {
      await site.fault(async () => {
        const { apiServer, controllerManager } = site.cp.processes
        const [leader, standby] = site.replicas as [Replica, Replica]
        await Promise.all([controllerManager.stop(), apiServer.stop()])
        await site.cp.rotateCredentials()
        await site.until('the leader to be started anew twice', () => leader.restarts >= 2)
        controllerManager.start()
        await site.cp.startApiServer()
        await site.until('a refused certificate', () => failedWatches(standby, 'certificate') > 0)
        await writeFile(standby.caFile, site.cp.ca)
        const refused = async (): Promise<boolean> => (await audited(site, isUnauthorized)).length > 0
        await site.until('a refused token', refused)
        for (const replica of site.replicas) await bringCredentials(site, replica)
        assert.equal(standby.restarts, 0, 'a standby needed a restart')
        await site.until('the standby to work', () => standby.isReady())
      })
      await refreshAndGrow(site)
    },
    hits: async (site) => (await audited(site, isUnauthorized)).length,
    mutants: [
      {
        file: 'server/controller/take-back.ts',
        from: '.slice(0, maxReads)',
        to: '.slice(maxReads)',
        why: 'a restart takes no credential back',
      },
    ],
  },
]
