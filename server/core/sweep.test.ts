import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  judgeLeaver,
  judgeOrphan,
  sweepLimit,
  type CrdLook,
  type OwnerLook,
  type SweepCandidate,
} from './sweep.ts'
import { hour, noon } from './test-objects.ts'

const candidate: SweepCandidate = {
  namespace: 'shop',
  name: 'shop-ecr',
  uid: 'uid-of-secret',
  resourceVersion: '1',
  owner: 'TokenRegistry/shop/shop-ecr',
  ownerUid: 'uid-1',
  createdAt: noon.getTime(),
}
const crd: CrdLook = { found: true, terminating: false, createdAt: noon.getTime() - hour }
const youngCrd: CrdLook = { ...crd, createdAt: noon.getTime() + 1000 }
const gone: OwnerLook = { found: 'no' }
const unclear: OwnerLook = { found: 'unclear', why: '403' }
const there: Extract<OwnerLook, { found: 'yes' }> = {
  found: 'yes',
  uid: 'uid-1',
  generation: 3,
  suspended: false,
}

const orphans: [string, OwnerLook, CrdLook, string][] = [
  ['the owner is gone and its kind is older than the Secret', gone, crd, 'delete'],
  [
    'the owner is gone and its kind was made in the same second',
    gone,
    { ...crd, createdAt: noon.getTime() },
    'delete',
  ],
  ['the kind was made anew since, which took all registries along', gone, youngCrd, 'CrdRecreated'],
  ['the kind is not there, or could not be read', gone, { ...crd, found: false }, 'CrdMissing'],
  ['the kind is being deleted', gone, { ...crd, terminating: true }, 'CrdMissing'],
  ['the answer about the owner was not clear', unclear, crd, 'OwnerUnclear'],
  ['the owner is there', there, crd, 'OwnerExists'],
  ['another registry of that name is there', { ...there, uid: 'uid-2' }, crd, 'OwnerRecreated'],
]
for (const [what, owner, kind, verdict] of orphans) {
  test(`an orphan, ${what}: ${verdict === 'delete' ? 'deleted' : `kept (${verdict})`}`, () => {
    const expected = verdict === 'delete' ? { action: 'delete' } : { action: 'keep', reason: verdict }
    assert.deepEqual(judgeOrphan(candidate, owner, kind), expected)
  })
}

test('a Secret whose age is not known is kept', () => {
  assert.deepEqual(judgeOrphan({ ...candidate, createdAt: 0 }, gone, crd), {
    action: 'keep',
    reason: 'CrdRecreated',
  })
  assert.equal(judgeOrphan(candidate, gone, { ...crd, createdAt: Infinity }).action, 'keep')
})

const decidedBy = { uid: 'uid-1', generation: 3 }
const leavers: [string, OwnerLook, string][] = [
  ['the owner is what we decided by', there, 'delete'],
  ['the owner has a newer spec', { ...there, generation: 4 }, 'OwnerChanged'],
  ['the owner has an older spec', { ...there, generation: 2 }, 'OwnerChanged'],
  ['the owner is another one of that name', { ...there, uid: 'uid-2' }, 'OwnerChanged'],
  ['the owner is suspended', { ...there, suspended: true }, 'OwnerSuspended'],
  ['the owner is gone, which is the case of an orphan', gone, 'OwnerUnclear'],
  ['the answer about the owner was not clear', unclear, 'OwnerUnclear'],
]
for (const [what, owner, verdict] of leavers) {
  test(`a leaver, ${what}: ${verdict === 'delete' ? 'deleted' : `kept (${verdict})`}`, () => {
    const expected = verdict === 'delete' ? { action: 'delete' } : { action: 'keep', reason: verdict }
    assert.deepEqual(judgeLeaver(owner, decidedBy), expected)
  })
}

test('any look: only a clear answer deletes', () => {
  const owners = fc.oneof(
    fc.constant(gone),
    fc.constant(unclear),
    fc.record({
      found: fc.constant('yes' as const),
      uid: fc.constantFrom('uid-1', 'uid-2'),
      generation: fc.nat(5),
      suspended: fc.boolean(),
    }),
  )
  const kinds = fc.record({
    found: fc.boolean(),
    terminating: fc.boolean(),
    createdAt: fc.integer({ min: noon.getTime() - hour, max: noon.getTime() + hour }),
  })
  fc.assert(
    fc.property(owners, kinds, (owner, kind) => {
      const mayGo =
        owner.found === 'no' && kind.found && !kind.terminating && kind.createdAt <= candidate.createdAt
      assert.equal(judgeOrphan(candidate, owner, kind).action === 'delete', mayGo)
      const hasLeft =
        owner.found === 'yes' && owner.uid === 'uid-1' && owner.generation === 3 && !owner.suspended
      assert.equal(judgeLeaver(owner, decidedBy).action === 'delete', hasLeft)
    }),
  )
})

test('a pass may delete 20, or a tenth of all where that is more', () => {
  const limits = { count: 20, percent: 10 }
  assert.equal(sweepLimit(limits, 5), 20)
  assert.equal(sweepLimit(limits, 209), 20)
  assert.equal(sweepLimit(limits, 210), 21)
  assert.equal(sweepLimit(limits, 1999), 199)
})
