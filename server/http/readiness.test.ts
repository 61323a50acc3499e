import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replicaReadiness, type ReplicaFacts, type WatchFacts } from './readiness.ts'

const now = new Date('2026-11-22T12:00:00Z')
const lively: WatchFacts = { name: 'namespaces', synced: true, staleMs: 12_400, lastError: undefined }
const well: ReplicaFacts = { macKeyLoaded: true, leader: 'pod-0_x', watches: [lively], staleAfterMs: 300_000 }

function withWatch(watch: Partial<WatchFacts>) {
  const { ready, checks } = replicaReadiness({ ...well, watches: [{ ...lively, ...watch }] }, now)
  return { ready, check: checks.find(({ name }) => name === 'watch:namespaces') }
}

describe('replicaReadiness', () => {
  it('is ready when all is there, and tells how fresh each watch is', () => {
    assert.deepEqual(replicaReadiness(well, now), {
      ready: true,
      checks: [
        { name: 'mac-key', ok: true, detail: 'loaded' },
        { name: 'lease', ok: true, detail: 'held by pod-0_x' },
        { name: 'watch:namespaces', ok: true, detail: 'silent for 12 s' },
      ],
    })
  })

  it('is not ready without key, without leader, and before the watches were started', () => {
    for (const missing of [{ macKeyLoaded: false }, { leader: undefined }, { watches: [] }])
      assert.equal(replicaReadiness({ ...well, ...missing }, now).ready, false, JSON.stringify(missing))
  })

  it('tells which watch is stale, since when, and the last error', () => {
    assert.deepEqual(withWatch({ staleMs: 300_000, lastError: 'watch /api/v1/namespaces: reset' }), {
      ready: false,
      check: {
        name: 'watch:namespaces',
        ok: false,
        detail: 'silent for 300 s; watch /api/v1/namespaces: reset',
        since: '2026-11-22T11:55:00.000Z',
      },
    })
    assert.equal(withWatch({ staleMs: 299_999 }).ready, true)
    assert.match(withWatch({ staleMs: 300_000 }).check?.detail ?? '', /says nothing/)
  })

  it('tells a watch that was never heard of from one that lost its list', () => {
    const never = withWatch({ synced: false, staleMs: Infinity })
    assert.deepEqual(
      [never.ready, never.check?.detail, never.check?.since],
      [false, 'never heard of yet; not listed to the end yet', undefined],
    )
    const lost = withWatch({ synced: false, staleMs: 1000, lastError: 'HTTP 403' })
    assert.deepEqual([lost.ready, lost.check?.detail], [false, 'silent for 1 s; HTTP 403'])
  })
})
