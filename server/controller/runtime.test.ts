import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownerText, type Registry } from '../core/registry.ts'
import { aRegistry } from '../core/test-objects.ts'
import { newRuntime, Runtimes, type Runtime } from './runtime.ts'

function runtime(name: string, over: Partial<Registry> = {}): Runtime {
  const ref = { kind: 'TokenRegistry', namespace: 'shop', name } as const
  return newRuntime(
    aRegistry({ ref, owner: ownerText(ref), uid: name, secretName: 'pull', ...over }),
    undefined,
  )
}

const names = (runtimes: Runtime[]): string[] => runtimes.map(({ registry }) => registry.ref.name)

function bench() {
  const runtimes = new Runtimes()
  const old = runtime('old', { createdAt: '2026-01-01T00:00:00Z' })
  const young = runtime('young', { createdAt: '2026-02-01T00:00:00Z' })
  const other = runtime('other', { createdAt: '2025-01-01T00:00:00Z', secretName: 'other' })
  for (const each of [young, old, other]) {
    runtimes.put(each)
    runtimes.setMembership(each, 'shop', 'member')
  }
  return { runtimes, old, young, other }
}

test('of those that want one Secret the oldest comes first', () => {
  const { runtimes } = bench()
  assert.deepEqual(names(runtimes.claimants('shop', 'pull')), ['old', 'young'])
  assert.deepEqual(names(runtimes.claimants('shop', 'other')), ['other'])
  assert.deepEqual(names(runtimes.inNamespace('shop')), ['other', 'old', 'young'])
  assert.deepEqual(runtimes.claimants('elsewhere', 'pull'), [])
})

test('a place that is held for a moment is still claimed', () => {
  const { runtimes, old } = bench()
  assert.equal(runtimes.setMembership(old, 'shop', 'held'), true)
  assert.deepEqual(names(runtimes.claimants('shop', 'pull')), ['old', 'young'])
  assert.equal(old.members.get('shop'), 'held')
})

test('only a change of membership is a change', () => {
  const { runtimes, old } = bench()
  assert.equal(runtimes.setMembership(old, 'shop', 'member'), false)
  assert.equal(runtimes.setMembership(old, 'elsewhere', 'out'), false)
  assert.equal(runtimes.setMembership(old, 'elsewhere', 'member'), true)
  assert.equal(runtimes.setMembership(old, 'elsewhere', 'out'), true)
})

test('who leaves a place leaves nothing behind there, and the next one has it', () => {
  const { runtimes, old } = bench()
  old.results.set('shop', { state: 'synced', failure: undefined, attempts: 0 })
  old.results.set('shop-2', { state: 'synced', failure: undefined, attempts: 0 })
  old.pending.add('shop')
  runtimes.setMembership(old, 'shop', 'out')
  assert.deepEqual(names(runtimes.claimants('shop', 'pull')), ['young'])
  assert.deepEqual([...old.results.keys()], ['shop-2'])
  assert.equal(old.members.size + old.pending.size, 0)
})

test('a registry that goes frees all of its places and tells which', () => {
  const { runtimes, old } = bench()
  runtimes.setMembership(old, 'shop-2', 'held')
  assert.deepEqual(runtimes.remove(old.registry.owner), ['shop', 'shop-2'])
  assert.equal(runtimes.get(old.registry.owner), undefined)
  assert.deepEqual(names(runtimes.claimants('shop', 'pull')), ['young'])
  assert.deepEqual(runtimes.inNamespace('shop-2'), [])
  assert.deepEqual(runtimes.remove(old.registry.owner), [])
  assert.equal([...runtimes.all()].length, 2)
})

test('a renamed pull Secret is claimed under its new name only', () => {
  const { runtimes, old } = bench()
  old.registry = { ...old.registry, secretName: 'renamed' }
  assert.deepEqual(names(runtimes.claimants('shop', 'pull')), ['young'])
  assert.deepEqual(names(runtimes.claimants('shop', 'renamed')), ['old'])
})
