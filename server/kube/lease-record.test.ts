import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  claimedSpec,
  isFree,
  LeaderDeadline,
  microTime,
  ObservedLease,
  releasedSpec,
} from './lease-record.ts'
import type { Lease, LeaseSpec } from './types.ts'

const now = new Date('2026-01-02T03:04:05.678Z')
const stamp = '2026-01-02T03:04:05.678000Z'

test('microTime has six digits', () => {
  assert.equal(microTime(now), stamp)
})

suite('claimedSpec', () => {
  test('of a new lease', () => {
    assert.deepEqual(claimedSpec(undefined, 'me', 15_000, now), {
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: stamp,
      renewTime: stamp,
      leaseTransitions: 0,
    })
  })

  test('of another counts a transition', () => {
    const spec = claimedSpec(
      { holderIdentity: 'you', leaseTransitions: 4, acquireTime: 'then' },
      'me',
      15_000,
      now,
    )
    assert.deepEqual([spec.holderIdentity, spec.leaseTransitions, spec.acquireTime], ['me', 5, stamp])
  })

  test('of a released one counts a transition', () => {
    const spec = claimedSpec(
      releasedSpec({ holderIdentity: 'me', leaseTransitions: 4 }, now),
      'me',
      15_000,
      now,
    )
    assert.equal(spec.leaseTransitions, 5)
  })

  test('renewing keeps the time of acquisition and fields of others', () => {
    const previous = { holderIdentity: 'me', leaseTransitions: 4, acquireTime: 'then', strategy: 'kept' }
    const spec = claimedSpec(previous, 'me', 14_500, now)
    assert.deepEqual(spec, {
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: 'then',
      renewTime: stamp,
      leaseTransitions: 4,
      strategy: 'kept',
    })
  })
})

suite('ObservedLease', () => {
  const lease = (spec: LeaseSpec): Lease => ({
    metadata: { name: 'l', uid: 'u', resourceVersion: '1' },
    spec,
  })
  const held = (renewTime: string) => lease({ holderIdentity: 'you', leaseDurationSeconds: 15, renewTime })

  test('without a lease anybody may', () => {
    const observed = new ObservedLease()
    assert.equal(observed.isTakeable('me', 0), true)
    assert.equal(observed.holder, undefined)
  })

  test('a held one runs from when this record was first seen, whatever its times say', () => {
    const observed = new ObservedLease()
    observed.observe(held('1999-01-01T00:00:00.000000Z'), 1000)
    assert.equal(observed.holder, 'you')
    assert.equal(observed.isTakeable('me', 15_999), false)
    assert.equal(observed.isTakeable('me', 16_000), true)
  })

  test('seeing the same record again proves no life, a renewed one does', () => {
    const observed = new ObservedLease()
    observed.observe(held('a'), 1000)
    observed.observe(held('a'), 9000)
    assert.equal(observed.expiresAtMs, 16_000)
    observed.observe(held('b'), 9000)
    assert.equal(observed.expiresAtMs, 24_000)
  })

  test('metadata alone proves no life', () => {
    const observed = new ObservedLease()
    observed.observe(held('a'), 1000)
    const edited = held('a')
    edited.metadata.resourceVersion = '2'
    observed.observe(edited, 9000)
    assert.equal(observed.expiresAtMs, 16_000)
    assert.equal(observed.lease?.metadata.resourceVersion, '2')
  })

  test('its holder may, a released one anybody', () => {
    const observed = new ObservedLease()
    observed.observe(held('a'), 1000)
    assert.equal(observed.isTakeable('you', 1000), true)
    observed.observe(lease(releasedSpec({ holderIdentity: 'you' }, now)), 1000)
    assert.equal(observed.isTakeable('me', 1000), true)
    assert.equal(isFree(observed.lease?.spec), true)
  })
})

suite('LeaderDeadline', () => {
  const deadline = new LeaderDeadline(5000, 1_700_000_000_000, 10_000)
  const cases: [what: string, monotonicMs: number, wallMs: number, holds: boolean][] = [
    ['before both ends', 14_999, 1_700_000_009_999, true],
    ['the monotonic end', 15_000, 1_700_000_001_000, false],
    ['the wall clock alone: the machine was suspended', 6000, 1_700_000_010_000, false],
    ['the wall clock set back does not prolong it', 15_000, 1_600_000_000_000, false],
  ]
  for (const [what, monotonicMs, wallMs, holds] of cases) {
    test(what, () => assert.equal(deadline.holds(monotonicMs, wallMs), holds))
  }
})
