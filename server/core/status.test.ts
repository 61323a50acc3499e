import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition, RegistryStatus } from '../api/v1alpha1/index.ts'
import { computeStatus, sameStatus, type HistoryEntry, type StatusWorld } from './status.ts'
import {
  aCredential,
  after,
  aRegistry,
  aStatusWorld as world,
  clusterRef,
  hour,
  minute,
  noon,
} from './test-objects.ts'

const down = { time: noon, code: 'Unavailable', message: 'ECR is down' } as const
const refused = { namespace: 'shop-2', code: 'NotOwner', message: 'Secret in the way', since: noon } as const
const expired = after(12 * hour)

function conditions(given: StatusWorld, now = after(hour)): Record<string, Condition> {
  return Object.fromEntries((computeStatus(given, now).conditions ?? []).map((each) => [each.type, each]))
}

/** `Ready=True CredentialIssued=False(Unavailable)`, for a comparison at one glance. */
function inShort(given: StatusWorld, now = after(hour)): string {
  return Object.values(conditions(given, now))
    .map(({ type, status, reason }) => `${type}=${status}(${reason})`)
    .join(' ')
}

const cases: [string, Partial<StatusWorld>, Date, string][] = [
  [
    'all is well',
    {},
    after(hour),
    'Ready=True(Ready) CredentialIssued=True(Issued) SecretsSynced=True(Synced)',
  ],
  [
    'a refresh fails while there is life left',
    { lastFailure: down, attempts: 3 },
    after(hour),
    'Ready=True(Ready) CredentialIssued=False(Unavailable) SecretsSynced=True(Synced)',
  ],
  [
    'a refresh fails and the life ends',
    { lastFailure: down, attempts: 9 },
    expired,
    'Ready=False(Unavailable) CredentialIssued=False(Unavailable) SecretsSynced=True(Synced) Stalled=True(Unavailable)',
  ],
  [
    'the life ended and nothing failed',
    {},
    expired,
    'Ready=False(CredentialsExpired) CredentialIssued=False(CredentialsExpired) SecretsSynced=True(Synced) Stalled=True(CredentialsExpired)',
  ],
  [
    'the first try fails',
    { credential: undefined, lastFailure: down, attempts: 1, synced: 0 },
    after(hour),
    'Ready=False(Unavailable) CredentialIssued=False(Unavailable) SecretsSynced=False(Progressing) Stalled=True(Unavailable)',
  ],
  [
    'nothing has been issued yet',
    { credential: undefined, synced: 0, progressing: true },
    noon,
    'Ready=False(Progressing) CredentialIssued=Unknown(Progressing) SecretsSynced=False(Progressing) Reconciling=True(Progressing)',
  ],
  [
    'a reference is missing from the start',
    { credential: undefined, problem: { ...down, code: 'ReferenceMissing' }, synced: 0 },
    after(hour),
    'Ready=False(ReferenceMissing) CredentialIssued=False(ReferenceMissing) SecretsSynced=False(Progressing) Stalled=True(ReferenceMissing)',
  ],
  [
    'a reference goes missing while there is life left',
    { problem: { ...down, code: 'ReferenceMissing' } },
    after(hour),
    'Ready=True(Ready) CredentialIssued=False(ReferenceMissing) SecretsSynced=True(Synced)',
  ],
  [
    'the policy forbids it, with life left',
    { problem: { ...down, code: 'NotAllowed' } },
    after(hour),
    'Ready=False(NotAllowed) CredentialIssued=False(NotAllowed) SecretsSynced=True(Synced) Stalled=True(NotAllowed)',
  ],
  [
    'a namespace fails',
    { synced: 2, failures: [refused] },
    after(hour),
    'Ready=False(NotOwner) CredentialIssued=True(Issued) SecretsSynced=False(NotOwner)',
  ],
  [
    'a namespace is still to be done',
    { synced: 2 },
    after(hour),
    'Ready=False(Progressing) CredentialIssued=True(Issued) SecretsSynced=False(Progressing)',
  ],
  [
    'no namespace matches',
    { desired: 0, synced: 0 },
    after(hour),
    'Ready=True(Ready) CredentialIssued=True(Issued) SecretsSynced=True(Synced)',
  ],
  [
    'suspended before anything was issued',
    { registry: aRegistry({ suspend: true }), credential: undefined, synced: 0 },
    after(hour),
    'Ready=False(Suspended) CredentialIssued=False(Suspended) SecretsSynced=False(Progressing)',
  ],
  [
    'suspended with life left',
    { registry: aRegistry({ suspend: true }) },
    after(hour),
    'Ready=True(Ready) CredentialIssued=True(Issued) SecretsSynced=True(Synced)',
  ],
  [
    'suspended beyond the end',
    { registry: aRegistry({ suspend: true }) },
    expired,
    'Ready=False(CredentialsExpired) CredentialIssued=False(CredentialsExpired) SecretsSynced=True(Synced) Stalled=True(CredentialsExpired)',
  ],
  [
    'a credential without end, years later',
    { credential: aCredential({ expiresAt: null }) },
    after(50_000 * hour),
    'Ready=True(Ready) CredentialIssued=True(Issued) SecretsSynced=True(Synced)',
  ],
]
for (const [what, over, now, expected] of cases) {
  test(`conditions when ${what}`, () => assert.equal(inShort(world(over), now), expected))
}

test('Ready turns False in the very second in which the credential ends', () => {
  assert.equal(conditions(world(), after(-1, expired))['Ready']?.status, 'True')
  assert.equal(conditions(world(), expired)['Ready']?.status, 'False')
})

test('messages say how long pulls work, and what fails', () => {
  const fails = conditions(world({ lastFailure: down }))
  assert.match(
    fails['Ready']?.message ?? '',
    /pulls work in 3 namespaces until 2026-03-03T00:00:00Z, but the refresh fails: Unavailable/,
  )
  assert.equal(
    fails['CredentialIssued']?.message,
    'ECR is down; the Secrets in place work until 2026-03-03T00:00:00Z',
  )
  assert.match(
    conditions(world({ lastFailure: down }), expired)['CredentialIssued']?.message ?? '',
    /the Secrets in place expired at 2026-03-03T00:00:00Z/,
  )
  assert.match(conditions(world({ desired: 1, synced: 1 }))['Ready']?.message ?? '', /in 1 namespace until/)
  const many = world({ synced: 1, failures: [refused, { ...refused, namespace: 'shop-3' }] })
  assert.equal(conditions(many)['SecretsSynced']?.message, 'Secret in the way (and 1 more namespaces fail)')
})

test('Reconciling shows only for a generation that was not reported yet, never for a scheduled refresh', () => {
  const at = (generation: number, observedGeneration: number | undefined) => {
    const status = observedGeneration === undefined ? undefined : { observedGeneration }
    return conditions(world({ progressing: true, registry: aRegistry({ generation, status }) }))
  }
  assert.equal(at(2, 2)['Reconciling'], undefined)
  assert.equal(at(2, 1)['Reconciling']?.status, 'True')
  assert.equal(at(1, undefined)['Reconciling']?.status, 'True')
})

test('every condition is about the generation that was worked on', () => {
  const status = computeStatus(world({ registry: aRegistry({ generation: 7 }) }), noon)
  assert.equal(status.observedGeneration, 7)
  for (const condition of status.conditions ?? []) assert.equal(condition.observedGeneration, 7)
})

test('a transition time stays while the status stays, and moves when it changes', () => {
  const first = computeStatus(world(), noon)
  const registry = aRegistry({ status: first })
  const times = (given: StatusWorld): Record<string, string> =>
    Object.fromEntries(
      Object.values(conditions(given, after(hour))).map((each) => [each.type, each.lastTransitionTime]),
    )
  const then = '2026-03-02T12:00:00Z'
  const now = '2026-03-02T13:00:00Z'
  assert.deepEqual(times(world({ registry })), { Ready: then, CredentialIssued: then, SecretsSynced: then })
  assert.deepEqual(times(world({ registry, lastFailure: down })), {
    Ready: then,
    CredentialIssued: now,
    SecretsSynced: then,
  })
})

test('another reason or message alone does not move a transition time', () => {
  const first = computeStatus(world({ lastFailure: down }), noon)
  const second = computeStatus(
    world({ registry: aRegistry({ status: first }), lastFailure: { ...down, code: 'RateLimited' } }),
    after(hour),
  )
  const issued = second.conditions?.find(({ type }) => type === 'CredentialIssued')
  assert.equal(issued?.reason, 'RateLimited')
  assert.equal(issued.lastTransitionTime, '2026-03-02T12:00:00Z')
})

test('when nothing happened the status is the same, so that nothing is written', () => {
  const first = computeStatus(world(), noon)
  const again = computeStatus(world({ registry: aRegistry({ status: first }) }), after(hour))
  assert.equal(sameStatus(first, again), true)
})

test('at most 20 failures are listed, all are counted', () => {
  const failures = Array.from({ length: 300 }, (_, i) => ({ ...refused, namespace: `n-${i}` }))
  const status = computeStatus(world({ desired: 300, synced: 0, failures }), noon)
  assert.equal(status.failures?.length, 20)
  assert.equal(status.failures[0]?.namespace, 'n-0')
  assert.deepEqual(status.targets, { desired: 300, synced: 0, failed: 300 })
})

const entry: HistoryEntry = {
  time: noon,
  outcome: 'Succeeded',
  code: undefined,
  expiresAt: after(12 * hour),
  durationMs: 12.4,
}

function historyOf(before: number, added: number): RegistryStatus['history'] {
  const at = (i: number): HistoryEntry => ({ ...entry, time: after(i * minute) })
  const all = Array.from({ length: before + added }, (_, i) => at(i))
  const first = computeStatus(world({ newHistory: all.slice(0, before) }), noon)
  const registry = aRegistry({ status: first })
  return computeStatus(world({ registry, newHistory: all.slice(before) }), noon).history
}

test('history lives on over status writes and keeps the last 20 tries', () => {
  assert.equal(historyOf(2, 1)?.length, 3)
  const full = historyOf(20, 5)
  assert.equal(full?.length, 20)
  const times = full.map(({ time }) => time).sort()
  assert.equal(times[0], '2026-03-02T12:05:00Z')
  assert.equal(times.at(-1), '2026-03-02T12:24:00Z')
  assert.equal(historyOf(0, 0), undefined)
})

test('history stands oldest first, as the API reference says', () => {
  assert.deepEqual(
    historyOf(1, 2)?.map(({ time }) => time),
    ['2026-03-02T12:00:00Z', '2026-03-02T12:01:00Z', '2026-03-02T12:02:00Z'],
  )
})

test('a try in history says when, what, why and how long', () => {
  const failed: HistoryEntry = { ...entry, outcome: 'Failed', code: 'AccessDenied', expiresAt: undefined }
  const status = computeStatus(world({ newHistory: [entry, failed] }), noon)
  const [succeeded] = status.history?.filter(({ outcome }) => outcome === 'Succeeded') ?? []
  assert.deepEqual(succeeded, {
    time: '2026-03-02T12:00:00Z',
    outcome: 'Succeeded',
    expiresAt: '2026-03-03T00:00:00Z',
    durationMs: 12,
  })
  assert.equal(status.history?.find(({ outcome }) => outcome === 'Failed')?.reason, 'AccessDenied')
})

test('the facts stand in the status, and what is not known is left out', () => {
  const status = computeStatus(
    world({
      credential: aCredential({ principal: 'arn:aws:iam::1:role/pull' }),
      handledRequest: 'now',
      lastFailure: down,
      material: '77',
    }),
    noon,
  )
  assert.equal(status.identity, 'arn:aws:iam::1:role/pull')
  assert.equal(status.issuedAt, '2026-03-02T12:00:00Z')
  assert.equal(status.expiresAt, '2026-03-03T00:00:00Z')
  assert.equal(status.nextRefreshAt, '2026-03-02T20:00:00Z')
  assert.equal(status.lastHandledRefreshRequest, 'now')
  assert.deepEqual(status.lastFailure, {
    time: '2026-03-02T12:00:00Z',
    reason: 'Unavailable',
    message: 'ECR is down',
    material: '77',
  })
  const bare = computeStatus(world({ credential: undefined, nextRefreshAt: undefined }), noon)
  for (const key of ['identity', 'issuedAt', 'expiresAt', 'nextRefreshAt', 'lastFailure', 'history'])
    assert.equal(key in bare, false, key)
  const endless = computeStatus(world({ credential: aCredential({ expiresAt: null }) }), noon)
  assert.equal('expiresAt' in endless, false)
})

test('the columns of lists are short texts', () => {
  const cluster = aRegistry({
    ref: clusterRef,
    target: {
      type: 'selection',
      projects: ['c:p-1', 'c:p-2', 'c:p-3'],
      names: [],
      exclude: [],
      selector: undefined,
    },
  })
  const { summary } = computeStatus(
    world({ registry: cluster, hosts: ['a', 'b', 'c', 'd'], synced: 1 }),
    noon,
  )
  assert.deepEqual(summary, {
    provider: 'ecr',
    hosts: 'a, b +2',
    target: 'projects c:p-1, c:p-2 +1',
    synced: '1/3',
    reason: 'Progressing',
  })
  const target = (registry: StatusWorld['registry']) =>
    computeStatus(world({ registry }), noon).summary?.target
  assert.equal(target(aRegistry()), 'namespace shop')
  assert.equal(target(aRegistry({ target: { type: 'project', project: 'c:p' } })), 'project c:p')
})

test('the reason in lists is the failure, also while pulls still work', () => {
  const reason = (given: Partial<StatusWorld>, now: Date) => computeStatus(world(given), now).summary?.reason
  assert.equal(reason({}, after(hour)), 'Ready')
  assert.equal(reason({ lastFailure: down, attempts: 3 }, after(hour)), 'Unavailable')
  assert.equal(reason({ failures: [refused], synced: 0 }, after(hour)), 'NotOwner')
})
