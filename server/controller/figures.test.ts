import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Registry } from '../core/registry.ts'
import { aCredential, after, aRegistry, clusterRef, hour, noon } from '../core/test-objects.ts'
import { registryFigures, targetCounts } from './figures.ts'
import { newRuntime, type Runtime } from './runtime.ts'

const nextRefreshAt = after(8 * hour)

function runtimeOf(registry: Registry): Runtime {
  const runtime = newRuntime(registry, undefined)
  runtime.inUse = { credential: aCredential(), identityTag: 'tag', hosts: ['h'] }
  runtime.nextTryAt = nextRefreshAt
  const states = { a: 'synced', b: 'synced', c: 'failed', out: 'synced' } as const
  for (const name of ['a', 'b', 'c', 'd']) runtime.members.set(name, 'member')
  for (const [name, state] of Object.entries(states))
    runtime.results.set(name, { state, failure: undefined, attempts: 0 })
  runtime.pending.add('b').add('d')
  return runtime
}

const only = (runtime: Runtime) => ({ all: () => [runtime].values() })

describe('registryFigures', () => {
  it('tells times, targets as status counts them, and nothing of the credential', () => {
    const runtime = runtimeOf(aRegistry())
    const [figures, ...more] = registryFigures({ registries: new Map() }, only(runtime))
    assert.deepEqual(figures, {
      ref: { kind: 'TokenRegistry', namespace: 'shop', name: 'shop-ecr' },
      issuedAt: noon,
      expiresAt: after(12 * hour),
      nextRefreshAt,
      ready: false,
      suspended: false,
      targets: { desired: 4, synced: 2, failed: 1 },
    })
    assert.equal(more.length, 0)
  })

  it('takes readiness and suspension from the newest object', () => {
    const runtime = runtimeOf(aRegistry({ ref: clusterRef }))
    const words = { reason: 'x', message: 'x', lastTransitionTime: '2026-03-02T12:00:00Z' }
    const conditions = [
      { type: 'SecretsSynced', status: 'False' as const, ...words },
      { type: 'Ready', status: 'True' as const, ...words },
    ]
    const status = { conditions }
    const newer = { ...runtime.registry, suspend: true, status }
    const registries = new Map([[newer.owner, newer]])
    const [figures] = registryFigures({ registries }, only(runtime))
    assert.deepEqual(
      [figures?.ref, figures?.ready, figures?.suspended],
      [{ kind: 'ClusterTokenRegistry', namespace: '', name: 'base' }, true, true],
    )
  })

  it('has no times before the first credential, and no end for one without', () => {
    const fresh = newRuntime(aRegistry(), undefined)
    const [none] = registryFigures({ registries: new Map() }, only(fresh))
    assert.deepEqual(
      [none?.issuedAt, none?.expiresAt, none?.nextRefreshAt],
      [undefined, undefined, undefined],
    )
    const endless = runtimeOf(fresh.registry)
    endless.inUse = { credential: aCredential({ expiresAt: null }), identityTag: 'tag', hosts: ['h'] }
    const [figures] = registryFigures({ registries: new Map() }, only(endless))
    assert.deepEqual([figures?.issuedAt, figures?.expiresAt], [noon, undefined])
  })
})

describe('targetCounts', () => {
  it('counts each namespace once, as pending while it waits', () => {
    const runtime = runtimeOf(aRegistry())
    assert.deepEqual(targetCounts(only(runtime)), { synced: 2, failed: 1, pending: 2 })
  })
})
