import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPayload } from '../core/mac.ts'
import { annotations, labels, managedByValue, pullSecretKey, pullSecretType } from '../core/names.ts'
import type { Secret } from '../kube/types.ts'
import { hashSecret, ownerUidOf, payloadOf, SecretCache, type SecretChange } from './secret-cache.ts'

const owner = 'TokenRegistry/shop/pull'

interface Given {
  name?: string
  namespace?: string
  uid?: string
  rv?: number
  payload?: string
  owner?: string | undefined
  type?: string
  immutable?: boolean
}

function secret(given: Given = {}): Secret {
  const by = 'owner' in given ? given.owner : owner
  return {
    metadata: {
      namespace: given.namespace ?? 'shop',
      name: given.name ?? 'pull',
      uid: given.uid ?? 'uid-1',
      resourceVersion: String(given.rv ?? 10),
      creationTimestamp: '2026-03-02T12:00:00Z',
      labels: { [labels.managedBy]: managedByValue, [labels.ownerUid]: 'owner-uid' },
      annotations: by === undefined ? {} : { [annotations.owner]: by },
    },
    type: given.type ?? pullSecretType,
    data: { [pullSecretKey]: Buffer.from(given.payload ?? 'payload').toString('base64') },
    ...(given.immutable === undefined ? {} : { immutable: given.immutable }),
  }
}

/** What a metadata-only watch gives. */
function event(given: Given = {}): Secret {
  const { metadata } = secret(given)
  return { metadata }
}

function bench() {
  const changes: SecretChange[] = []
  const cache = new SecretCache((change) => changes.push(change))
  return {
    cache,
    changes,
    hash: (name = 'pull') => cache.get('shop', name)?.payloadHash,
    rv: (name = 'pull') => cache.get('shop', name)?.resourceVersion,
    ofOwner: (of: string) => [...cache.ofOwner(of)].map(({ name }) => name).sort(),
    written: (given: Given = {}) => ({
      object: event(given),
      payloadHash: hashPayload(given.payload ?? 'payload'),
    }),
  }
}

test('of a whole Secret the marks, the age and a hash are kept, and not the payload', () => {
  const { cache, changes } = bench()
  cache.observeFull(secret())
  const known = cache.get('shop', 'pull')
  assert.ok(known)
  assert.equal(known.payloadHash, hashPayload('payload'))
  assert.equal(known.createdAt, Date.parse('2026-03-02T12:00:00Z'))
  assert.equal(known.annotations[annotations.owner], owner)
  assert.equal(ownerUidOf(known), 'owner-uid')
  assert.doesNotMatch(JSON.stringify(known), /payload"|cGF5bG9hZA/)
  assert.deepEqual(changes, [])
  assert.equal(cache.size, 1)
})

test('what makes a Secret impossible to write is seen, the type before the rest', () => {
  const { cache } = bench()
  const obstacle = (given: Given): string | undefined => {
    cache.observeFull(secret(given))
    return cache.get('shop', 'pull')?.obstacle
  }
  assert.equal(obstacle({}), undefined)
  assert.equal(obstacle({ immutable: false }), undefined)
  assert.equal(obstacle({ immutable: true }), 'immutable')
  assert.equal(obstacle({ type: 'Opaque', immutable: true }), 'type')
})

test('a Secret without a pull entry has the hash of an empty one', () => {
  const { data: _none, ...bare } = secret()
  assert.equal(payloadOf(bare), '')
  assert.equal(hashSecret(bare), hashPayload(''))
})

// Events of others.

test('an event of a version that was read already is no change', () => {
  const { cache, changes, hash } = bench()
  cache.observeFull(secret())
  cache.observeMetadata(event())
  assert.deepEqual(changes, [])
  assert.equal(hash(), hashPayload('payload'))
})

test('an event of a newer version is a change, and its content is unknown', () => {
  const { cache, changes, hash, rv } = bench()
  cache.observeFull(secret())
  cache.observeMetadata(event({ rv: 11 }))
  assert.deepEqual(changes, [{ namespace: 'shop', name: 'pull', owner }])
  assert.equal(hash(), undefined)
  assert.equal(rv(), '11')
})

test('an event of an older version is none, also where the number of digits differs', () => {
  const { cache, changes, hash } = bench()
  cache.observeFull(secret({ rv: 100 }))
  cache.observeMetadata(event({ rv: 99 }))
  cache.observeGone(event({ rv: 98 }))
  assert.deepEqual(changes, [])
  assert.equal(hash(), hashPayload('payload'))
})

test('a Secret that is not known yet is a change', () => {
  const { cache, changes, hash } = bench()
  cache.observeMetadata(event())
  assert.equal(changes.length, 1)
  assert.equal(hash(), undefined)
  assert.equal(cache.size, 1)
})

test('a Secret that was deleted and made again by somebody is a change', () => {
  const { cache, changes, hash } = bench()
  cache.observeFull(secret())
  cache.observeMetadata(event({ uid: 'uid-2', rv: 12 }))
  assert.equal(changes.length, 1)
  assert.equal(hash(), undefined)
  assert.equal(cache.get('shop', 'pull')?.uid, 'uid-2')
})

test('a Secret that goes is forgotten, with a change that names its owner', () => {
  const { cache, changes, ofOwner } = bench()
  cache.observeFull(secret())
  cache.observeGone(event({ rv: 11, owner: undefined }))
  assert.deepEqual(changes, [{ namespace: 'shop', name: 'pull', owner }])
  assert.equal(cache.size, 0)
  assert.deepEqual(ofOwner(owner), [])
})

test('the end of a former life does not remove what was made since', () => {
  const { cache, changes } = bench()
  cache.observeFull(secret({ uid: 'uid-2', rv: 20 }))
  cache.observeGone(event({ uid: 'uid-1', rv: 21 }))
  cache.observeGone(event({ name: 'unknown' }))
  assert.equal(cache.size, 1)
  assert.deepEqual(changes, [])
})

test('a Secret that a live read did not find is forgotten without a word', () => {
  const { cache, changes, ofOwner } = bench()
  cache.observeFull(secret())
  cache.forget('shop', 'pull')
  cache.forget('shop', 'unknown')
  assert.equal(cache.size, 0)
  assert.deepEqual(ofOwner(owner), [])
  assert.deepEqual(changes, [])
})

// Our own writes.

test('the event of our own write is no change, whether it comes before the answer or after', () => {
  const before = bench()
  before.cache.beginWrite('shop', 'pull')
  before.cache.observeMetadata(event())
  assert.equal(before.cache.size, 0)
  before.cache.endWrite('shop', 'pull', before.written())
  const afterwards = bench()
  afterwards.cache.beginWrite('shop', 'pull')
  afterwards.cache.endWrite('shop', 'pull', afterwards.written())
  afterwards.cache.observeMetadata(event())
  for (const { changes, hash } of [before, afterwards]) {
    assert.deepEqual(changes, [])
    assert.equal(hash(), hashPayload('payload'))
  }
})

test("somebody's edit of before our write is no change any more", () => {
  const { cache, changes, hash, written } = bench()
  cache.observeFull(secret({ rv: 8 }))
  cache.beginWrite('shop', 'pull')
  cache.observeMetadata(event({ rv: 9 }))
  cache.observeMetadata(event({ rv: 10 }))
  cache.endWrite('shop', 'pull', written())
  assert.deepEqual(changes, [])
  assert.equal(hash(), hashPayload('payload'))
})

test("somebody's edit right after our write is a change, although it came before our answer", () => {
  const { cache, changes, hash, written } = bench()
  cache.beginWrite('shop', 'pull')
  cache.observeMetadata(event({ rv: 10 }))
  cache.observeMetadata(event({ rv: 11 }))
  assert.deepEqual(changes, [])
  cache.endWrite('shop', 'pull', written())
  assert.equal(changes.length, 1)
  assert.equal(hash(), undefined)
})

test('a deletion right after our write is a change, although it came before our answer', () => {
  const { cache, changes, written } = bench()
  cache.beginWrite('shop', 'pull')
  cache.observeGone(event({ rv: 11 }))
  cache.endWrite('shop', 'pull', written())
  assert.equal(cache.size, 0)
  assert.equal(changes.length, 1)
})

test('what was held during a write that failed is told afterwards', () => {
  const { cache, changes, hash } = bench()
  cache.observeFull(secret({ rv: 8 }))
  cache.beginWrite('shop', 'pull')
  cache.observeMetadata(event({ rv: 9 }))
  cache.endWrite('shop', 'pull')
  assert.equal(changes.length, 1)
  assert.equal(hash(), undefined)
})

test('only events of the Secret that is written are held', () => {
  const { cache, changes } = bench()
  cache.beginWrite('shop', 'pull')
  cache.observeMetadata(event({ namespace: 'shop-2' }))
  cache.observeMetadata(event({ name: 'other' }))
  assert.equal(changes.length, 2)
})

test('two writes of one Secret at once lose none of the events that are held', () => {
  const { cache, changes, written } = bench()
  cache.beginWrite('shop', 'pull')
  cache.observeMetadata(event({ rv: 12 }))
  cache.beginWrite('shop', 'pull')
  cache.endWrite('shop', 'pull', written())
  cache.endWrite('shop', 'pull')
  assert.equal(changes.length, 1)
})

test('while the second of two writes is in flight its own event is still held', () => {
  const { cache, changes, hash, written } = bench()
  cache.beginWrite('shop', 'pull')
  cache.beginWrite('shop', 'pull')
  cache.endWrite('shop', 'pull', written({ rv: 10 }))
  cache.observeMetadata(event({ rv: 11 }))
  cache.endWrite('shop', 'pull', written({ rv: 11 }))
  assert.deepEqual(changes, [])
  assert.equal(hash(), hashPayload('payload'))
})

test('an answer that comes late does not cover a newer version that a list has shown', () => {
  const { cache, changes, hash, written } = bench()
  cache.observeFull(secret({ rv: 9 }))
  cache.beginWrite('shop', 'pull')
  cache.observeListed(secret({ rv: 11, payload: 'edited' }))
  cache.endWrite('shop', 'pull', written())
  assert.equal(hash(), undefined)
  assert.equal(changes.length, 2)
})

// Owners.

test('Secrets are found by the owner that they name, also after they name another one', () => {
  const { cache, ofOwner } = bench()
  cache.observeFull(secret())
  cache.observeFull(secret({ name: 'pull-2', uid: 'uid-2' }))
  cache.observeFull(secret({ name: 'foreign', uid: 'uid-3', owner: undefined }))
  assert.deepEqual(ofOwner(owner), ['pull', 'pull-2'])
  cache.observeMetadata(event({ rv: 11, owner: 'TokenRegistry/shop/other' }))
  assert.deepEqual(ofOwner(owner), ['pull-2'])
  assert.deepEqual(ofOwner('TokenRegistry/shop/other'), ['pull'])
  assert.deepEqual(ofOwner('TokenRegistry/shop/unknown'), [])
})

test('equal marks are kept once, different ones apart', () => {
  const { cache } = bench()
  for (const namespace of ['a', 'b']) cache.observeFull(secret({ namespace, uid: namespace }))
  cache.observeFull(secret({ namespace: 'c', uid: 'c', owner: 'TokenRegistry/c/other' }))
  assert.equal(cache.get('a', 'pull')?.labels, cache.get('b', 'pull')?.labels)
  assert.notEqual(cache.get('c', 'pull')?.annotations, cache.get('a', 'pull')?.annotations)
})

// Lists.

test('after a complete list what was not in it is gone, and its owners are told', () => {
  const { cache, changes } = bench()
  cache.observeFull(secret())
  cache.observeFull(secret({ name: 'gone', uid: 'uid-2' }))
  cache.retain(new Set(['uid-1']))
  assert.deepEqual(
    [...cache.all()].map(({ name }) => name),
    ['pull'],
  )
  assert.deepEqual(changes, [{ namespace: 'shop', name: 'gone', owner }])
})

test('a complete list does not remove what is being written, but what it did not hold is read again', () => {
  const { cache, changes, hash, written } = bench()
  cache.observeFull(secret())
  cache.beginWrite('shop', 'pull')
  cache.retain(new Set())
  assert.equal(cache.size, 1)
  cache.endWrite('shop', 'pull', written({ rv: 11 }))
  assert.equal(cache.size, 1)
  assert.equal(hash(), undefined)
  assert.equal(changes.length, 1)
})

test('what is written while a list ends that holds it needs no second look', () => {
  const { cache, changes, hash, written } = bench()
  cache.observeFull(secret())
  cache.beginWrite('shop', 'pull')
  cache.retain(new Set(['uid-1']))
  cache.endWrite('shop', 'pull', written({ rv: 11 }))
  assert.equal(hash(), hashPayload('payload'))
  assert.deepEqual(changes, [])
})

test('a list tells what a broken watch did not, and says nothing of what is as it was', () => {
  const { cache, changes, hash } = bench()
  cache.observeFull(secret())
  cache.observeListed(secret())
  assert.deepEqual(changes, [])
  cache.observeListed(secret({ rv: 11, payload: 'edited', owner: undefined }))
  assert.deepEqual(changes, [{ namespace: 'shop', name: 'pull', owner }])
  assert.equal(hash(), hashPayload('edited'))
  cache.observeListed(secret({ name: 'new' }))
  assert.equal(changes.length, 2)
})

test('a list overrules what is known, so that an older backup of the cluster is believed', () => {
  const { cache, changes, hash, rv } = bench()
  cache.observeFull(secret({ rv: 900 }))
  cache.observeListed(secret({ rv: 50, payload: 'of the backup' }))
  assert.equal(rv(), '50')
  assert.equal(hash(), hashPayload('of the backup'))
  assert.equal(changes.length, 1)
})
