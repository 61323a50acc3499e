// A server with nothing to do sends nothing: only its watches stay open and its Lease is renewed. IDLE_SECONDS=600 is
// the long proof; the default is enough for anything that comes every half minute.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import type { AuditEvent } from '../testbed/audit.ts'
import { createKeys, isReady, registries, startBed, untilStatus, type Bed } from './harness.ts'

const idleSeconds = Number(process.env['IDLE_SECONDS'] ?? 45)
const userAgent = 'token-registries/'
const defaults = { LEASE_DURATION_SECONDS: '15', RENEW_DEADLINE_SECONDS: '10', RETRY_PERIOD_SECONDS: '2' }
/** Some less than one for each period, because each takes its time. */
const leastRenewals = Math.floor((idleSeconds / Number(defaults.RETRY_PERIOD_SECONDS)) * 0.9)
/** So many renewals without anything else between them mean that the work is done. */
const renewalsToSettle = 3
/** A slow machine may take twice as long, and 2 minutes to settle. */
const limitMs = idleSeconds * 2000 + 120_000

describe(`two replicas with nothing to do for ${idleSeconds} s`, { timeout: limitMs + 180_000 }, () => {
  let bed: Bed
  let account: string
  let idle: AuditEvent[]

  before(async () => {
    bed = await startBed()
    account = `system:serviceaccount:${bed.chart.namespace}:${bed.chart.serviceAccount}`
    await setUp(bed)
    idle = await untilIdle(bed, account)
    assert.ok(renewalsOf(idle) >= leastRenewals)
  })
  after(() => bed?.close())

  it('send nothing but watches and the Lease', () => {
    assert.deepEqual(idle.filter((event) => !isWatch(event) && !isLease(event)).map(describeEvent), [])
  })

  it('list nothing, the Lease included', () => {
    assert.deepEqual(idle.filter(({ verb }) => verb === 'list').map(describeEvent), [])
  })

  it('touch the Lease by get, update and watch only', () => {
    const others = idle.filter((event) => isLease(event) && !['get', 'update', 'watch'].includes(event.verb))
    assert.deepEqual(others.map(describeEvent), [])
  })

  it('act as their ServiceAccount always, and never as a member of system:masters', async () => {
    const ours = await bed.cp.auditEvents({ where: isOurs })
    assert.ok(ours.length > idle.length)
    const callers = new Set(ours.map(({ user }) => user.username))
    assert.deepEqual([...callers], [account])
    assert.deepEqual(
      ours.filter(({ user }) => user.groups?.includes('system:masters')).map(describeEvent),
      [],
    )
    assert.deepEqual(ours.filter(({ impersonatedUser }) => impersonatedUser).map(describeEvent), [])
  })
})

/** Three team registries, and one of the cluster with ten namespaces. */
async function setUp(bed: Bed): Promise<void> {
  const { cp, aws, chart } = bed
  const teams = ['team-a', 'team-b', 'team-c']
  const shared = Array.from({ length: 10 }, (_, index) => `shared-${index}`)
  for (const name of [...teams, ...shared]) {
    const labels = shared.includes(name) ? { pull: 'yes' } : {}
    await cp.admin.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })
  }
  for (const name of [...teams, chart.namespace]) {
    const { accessKeyId, secretAccessKey } = aws.world.addUser({ name })
    await createKeys(cp, name, { accessKeyId, secretAccessKey })
  }
  for (const name of ['server-0', 'server-1']) await bed.startServer({ name, env: defaults })
  for (const name of teams) {
    const spec = { serviceAccounts: { attach: 'Default' } }
    await cp.admin.create(registries.path(name), registries.ecr(name, 'own', bed, spec))
  }
  const { spec } = registries.ecr('', 'central', bed)
  await cp.admin.create(registries.clusterPath(), {
    apiVersion: 'tokenregistries.io/v1alpha1',
    kind: 'ClusterTokenRegistry',
    metadata: { name: 'central' },
    spec: {
      ...(spec as object),
      namespaces: { selector: { matchLabels: { pull: 'yes' } }, trustLabelsAndNames: true },
    },
  })
  for (const name of teams) await untilStatus(cp, registries.path(name, 'own'), 'ready', isReady)
  const central = await untilStatus(cp, registries.clusterPath('central'), 'ready', isReady)
  assert.deepEqual(central.status?.targets, { desired: shared.length, synced: shared.length, failed: 0 })
}

/**
 * Waits until the work is done, and then until renewals of the Lease span the idle time.
 * @returns what the ServiceAccount sent since
 * @throws Error when it does not come to rest
 */
async function untilIdle(bed: Bed, account: string): Promise<AuditEvent[]> {
  const giveUpAt = Date.now() + limitMs
  let mark: string | undefined
  for (;;) {
    const events = await bed.cp.auditEvents({ user: account })
    mark ??= restingSince(events)
    const since = events.filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp > (mark ?? '9'))
    const last = since.at(-1)?.requestReceivedTimestamp ?? ''
    if (mark !== undefined && Date.parse(last) - Date.parse(mark) >= idleSeconds * 1000) return since
    if (Date.now() > giveUpAt) {
      const others = events.filter((event) => !isRenewal(event)).slice(-20)
      throw new Error(`it did not come to rest; last requests:\n${others.map(describeEvent).join('\n')}`)
    }
    await delay(1000)
  }
}

/** The time of the first of the last few requests, when they are all renewals. */
function restingSince(events: readonly AuditEvent[]): string | undefined {
  const last = events.slice(-renewalsToSettle)
  const quiet = last.length === renewalsToSettle && last.every(isRenewal)
  return quiet ? last[0]?.requestReceivedTimestamp : undefined
}

function isOurs({ userAgent: agent }: AuditEvent): boolean {
  return agent?.startsWith(userAgent) === true
}

function isWatch({ verb }: AuditEvent): boolean {
  return verb === 'watch'
}

function isLease({ objectRef }: AuditEvent): boolean {
  return objectRef?.resource === 'leases' && objectRef.name === 'token-registries'
}

function isRenewal(event: AuditEvent): boolean {
  return isLease(event) && event.verb === 'update'
}

function renewalsOf(events: readonly AuditEvent[]): number {
  return events.filter(isRenewal).length
}

function describeEvent({ verb, requestURI, user, responseStatus }: AuditEvent): string {
  return `${user.username} ${verb} ${requestURI} → ${responseStatus?.code}`
}
