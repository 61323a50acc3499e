import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { metricTable } from './metric-table.ts'
import { createMetrics, type RegistryFigures } from './metrics.ts'

const shop: RegistryFigures = {
  ref: { kind: 'TokenRegistry', namespace: 'shop', name: 'ecr' },
  issuedAt: new Date(1_000_000),
  expiresAt: new Date(1_060_000),
  nextRefreshAt: new Date(1_040_000),
  ready: true,
  suspended: false,
  targets: { desired: 3, synced: 2, failed: 1 },
}

describe('createMetrics', () => {
  it('tells of each registry what there is, and nothing of one that is gone', async () => {
    let now = 1_000_000
    let registries = [shop]
    const metrics = createMetrics({ version: '1.2.3', now: () => now })
    metrics.setSources({ registries: () => registries })
    const series = async () =>
      Object.fromEntries(
        [
          ...(await metrics.render()).matchAll(
            /^token_registries_registry_(\w+)\{kind="TokenRegistry",namespace="shop",name="ecr"\} (.*)$/gm,
          ),
        ].map(([, name, value]) => [name, Number(value)]),
      )
    assert.deepEqual(await series(), {
      expiry_timestamp_seconds: 1060,
      seconds_to_expiry: 60,
      issued_timestamp_seconds: 1000,
      next_refresh_timestamp_seconds: 1040,
      ready: 1,
      suspended: 0,
      targets_desired: 3,
      targets_synced: 2,
      targets_failed: 1,
    })
    now += 70_000
    assert.equal((await series())['seconds_to_expiry'], -10)
    const endless = { expiresAt: undefined, nextRefreshAt: undefined, ready: false, suspended: true }
    registries = [{ ...shop, ...endless }]
    assert.deepEqual(await series(), {
      issued_timestamp_seconds: 1000,
      ready: 0,
      suspended: 1,
      targets_desired: 3,
      targets_synced: 2,
      targets_failed: 1,
    })
    registries = []
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

  it('exports the table, all of it and nothing else', async () => {
    const text = await createMetrics({ version: '0' }).render()
    const exported = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \1 (\w+)$/gm)]
    assert.deepEqual(
      exported.map(([, name, help, type]) => ({ name, help, type })).sort(byName),
      metricTable.map(({ name, help, type }) => ({ name, help, type })).sort(byName),
    )
  })

  it('keeps instances apart', async () => {
    const [one, other] = [createMetrics({ version: '0' }), createMetrics({ version: '0' })]
    one.countSweepDeleted(5)
    assert.match(await other.render(), /sweep_deleted_total 0\n/)
  })
})

const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }): number =>
  String(a.name).localeCompare(String(b.name))
