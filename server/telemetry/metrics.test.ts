import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMetrics } from './metrics.ts'

const shop = { kind: 'TokenRegistry', namespace: 'shop', name: 'ecr' }

describe('createMetrics', () => {
  it('computes the seconds to expiry at the scrape and drops a registry that is gone', async () => {
    let now = 1_000_000
    const metrics = createMetrics({ version: '1.2.3', now: () => now })
    metrics.setExpiry(shop, new Date(1_060_000))
    const labels = '\\{kind="TokenRegistry",namespace="shop",name="ecr"\\}'
    assert.match(await metrics.render(), new RegExp(`registry_expiry_timestamp_seconds${labels} 1060\n`))
    assert.match(await metrics.render(), new RegExp(`registry_seconds_to_expiry${labels} 60\n`))
    now += 70_000
    assert.match(await metrics.render(), new RegExp(`registry_seconds_to_expiry${labels} -10\n`))
    metrics.forgetRegistry(shop)
    assert.doesNotMatch(await metrics.render(), /namespace="shop"/)
    metrics.setExpiry(shop, new Date(1_060_000))
    metrics.setExpiry(shop, null)
    assert.doesNotMatch(await metrics.render(), /namespace="shop"/)
  })

  it('asks its sources at the scrape and forgets states that are gone', async () => {
    const metrics = createMetrics({ version: '0' })
    let targets: Record<string, number> = { synced: 9, failed: 1 }
    metrics.setSources({
      queue: () => ({ depth: 3, oldestAgeSeconds: 1.5 }),
      targets: () => targets,
      watches: () => [{ resource: 'namespaces', stalenessSeconds: 4 }],
    })
    const first = await metrics.render()
    assert.match(first, /token_registries_queue_depth 3\n/)
    assert.match(first, /token_registries_queue_oldest_age_seconds 1.5\n/)
    assert.match(first, /token_registries_targets\{state="failed"\} 1\n/)
    assert.match(first, /token_registries_watch_staleness_seconds\{resource="namespaces"\} 4\n/)
    targets = { synced: 10 }
    assert.doesNotMatch(await metrics.render(), /state="failed"/)
  })

  it('counts under the documented names', async () => {
    const metrics = createMetrics({ version: '0' })
    metrics.countRefresh('ecr', 'failure', 'AccessDenied')
    metrics.observeUpstream('ecr', 0.2)
    metrics.countSecretWrite('created')
    metrics.setLeader(true)
    metrics.setClockSkew('apiserver', -2)
    metrics.countApiRequest('patch', 'secrets', '200')
    metrics.countSweepDeleted(2)
    metrics.countSweepKept('owner-exists')
    const text = await metrics.render()
    for (const line of [
      'token_registries_build_info{version="0"} 1',
      'token_registries_refreshes_total{provider="ecr",outcome="failure",code="AccessDenied"} 1',
      'token_registries_upstream_request_duration_seconds_bucket{le="0.25",provider="ecr"} 1',
      'token_registries_secret_writes_total{outcome="created"} 1',
      'token_registries_leader 1',
      'token_registries_clock_skew_seconds{source="apiserver"} -2',
      'token_registries_api_requests_total{verb="patch",resource="secrets",code="200"} 1',
      'token_registries_sweep_deleted_total 2',
      'token_registries_sweep_kept_total{reason="owner-exists"} 1',
    ]) {
      assert.ok(text.includes(`${line}\n`), line)
    }
    assert.match(text, /process_resident_memory_bytes \d+/)
    assert.match(text, /process_cpu_seconds_total [\d.]+/)
  })

  it('keeps instances apart', async () => {
    const [one, other] = [createMetrics({ version: '0' }), createMetrics({ version: '0' })]
    one.countSweepDeleted(5)
    assert.match(await other.render(), /sweep_deleted_total 0\n/)
  })
})
