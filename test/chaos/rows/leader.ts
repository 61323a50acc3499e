// More than one replica, and a leader that does not know that it is none any more.
import assert from 'node:assert/strict'
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { AuditEvent } from '../../testbed/audit.ts'
import type { Replica } from '../replica.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, standardNamespaces, type Site } from '../site.ts'
import { audited, credentialId, isOf, logged } from './signs.ts'

const isSecretUpdate = ({ method, resource }: ProxiedRequest): boolean =>
  method === 'PATCH' && resource === 'secrets'

/** A request that would change something other than the Lease. */
function isWrite({ verb, objectRef }: AuditEvent): boolean {
  return ['create', 'update', 'patch', 'delete'].includes(verb) && objectRef?.resource !== 'leases'
}

/** What a replica has written since a time, or has tried to. */
async function writesOf(site: Site, replica: Replica, sinceMs?: number): Promise<AuditEvent[]> {
  const id = await credentialId(replica)
  return audited(site, (event) => isWrite(event) && isOf(id, event), sinceMs)
}

/** Writes of the leader that are on their way when it is paused; one of its three workers has nothing on the way. */
const inFlight = 2

/** Pauses the leader in the middle of a fan-out: one Secret is written, two more are on the way, two are to come. */
async function pauseLeader(site: Site, leader: Replica): Promise<void> {
  site.api.inject('first', { when: isSecretUpdate, effect: { kind: 'count' }, times: 1 })
  await site.until('the first write', () => site.api.hits('first') === 1)
  site.api.inject('on-the-way', { when: isSecretUpdate, effect: { kind: 'hold' }, times: inFlight })
  await site.until('writes on the way', () => site.api.held('on-the-way') === inFlight)
  leader.process.signal('SIGSTOP')
}

/** The writes arrive late, and their sender awakes. Ends when it has noticed. */
async function resumeLeader(site: Site, leader: Replica): Promise<void> {
  const resumedAt = Date.now()
  site.api.heal('on-the-way')
  const arrived = async (): Promise<boolean> => (await writesOf(site, leader, resumedAt)).length >= inFlight
  await site.until('the late writes to arrive', arrived)
  const { restarts } = leader
  leader.process.signal('SIGCONT')
  await site.until('the former leader to end', () => leader.restarts > restarts)
  const late = (await writesOf(site, leader, resumedAt)).map(
    ({ verb, objectRef, responseStatus }) => `${verb} ${objectRef?.resource}: ${responseStatus?.code}`,
  )
  assert.deepEqual(late, Array<string>(inFlight).fill('patch secrets: 409'), 'what a former leader wrote')
}

export const leaderRows: readonly Row[] = [
  {
    name: 'leader-paused',
    fault: 'the leader is paused in the middle of a fan-out, a standby takes over, and the leader awakes',
    stage: 'lease',
    short: true,
    story: 'refresh-twice-and-grow',
    env: { WORKERS: '3', WRITE_BUDGET_PER_SECOND: '4' },
    // The standby cannot know a credential that was in no Secret yet.
    maxUpstreamCalls: 8,
    async run(site) {
      const leader = site.replica
      await site.fault(() => site.startServer())
      await site.refresh()
      await site.fault(async () => {
        await pauseLeader(site, leader)
        await site.until('the standby to lead', () => site.replicas[1]?.leads)
      })
      await site.untilConverged()
      await site.fault(() => resumeLeader(site, leader))
      await refreshAndGrow(site)
    },
    hits: (site) => site.api.hits('on-the-way'),
    mutants: [
      {
        file: 'server/controller/secret-writer.ts',
        from: '      metadata: { uid, resourceVersion, labels: desired.labels, annotations: desired.annotations },\n',
        to: '      metadata: { uid, labels: desired.labels, annotations: desired.annotations },\n',
        why: 'a Secret is changed whatever version of it is there',
      },
      {
        file: 'server/kube/lease-record.ts',
        from: '    return monotonicMs < this.monotonicMs && wallMs < this.#wallMs\n',
        to: '    return monotonicMs <= Infinity || wallMs < this.#wallMs\n',
        why: 'a leader sends what it has to send without a look at its deadline',
      },
    ],
  },
  {
    name: 'two-replicas-at-once',
    fault: 'two replicas start at the same moment',
    stage: 'start',
    short: true,
    story: 'start-refresh-and-grow',
    maxUpstreamCalls: 4,
    async setup(site) {
      await Promise.all(standardNamespaces.map((name) => site.addNamespace(name)))
      await site.addClusterRegistry('base')
      await site.addRegistry('own')
      await Promise.all([site.startServer(), site.fault(() => site.startServer({ name: 'twin' }))])
      await site.untilConverged()
    },
    run: refreshAndGrow,
    hits: (site) => site.replicas.length - 1,
    async after(site) {
      const leaders = site.replicas.filter((replica) => logged(replica, '"msg":"this replica leads"') > 0)
      assert.equal(leaders.length, 1, 'one leads, for all the time')
      for (const replica of site.replicas) {
        assert.equal(replica.restarts, 0, `${replica.name} was started anew`)
        if (!leaders.includes(replica))
          assert.deepEqual(await writesOf(site, replica), [], 'the standby wrote')
      }
    },
    mutants: [
      {
        file: 'server/kube/lease-record.ts',
        from: '    return isFree(spec) || spec?.holderIdentity === identity || nowMs >= this.expiresAtMs\n',
        to: '    return isFree(spec) || spec?.holderIdentity !== undefined || nowMs >= this.expiresAtMs || identity === ""\n',
        why: 'a Lease is taken from a holder that lives',
      },
    ],
  },
]
