// What an operator sees: metrics with the documented names, events that do not pile up, readiness that says what is wrong.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { metricTable, type MetricEntry } from '../../server/telemetry/metric-table.ts'
import { startApiProxy } from '../fakes/api-proxy.ts'
import type { FaultName } from '../fakes/aws/index.ts'
import { TcpProxy } from '../fakes/tcp-proxy.ts'
import { kubeconfig } from '../testbed/layout.ts'
import { createNamespace } from '../testbed/rancher.ts'
import {
  condition,
  createKeys,
  eventually,
  isReady,
  readMetrics,
  registries,
  startBed,
  untilStatus,
  type Bed,
  type RegistryView,
  type ServerProcess,
} from './harness.ts'

interface EventObject {
  readonly type: string
  readonly reason: string
  readonly regarding: { readonly name?: string }
  readonly series?: { readonly count: number }
}

/** A watch is cut after a second and counts as stale after three; the Lease outlives what is done to connections here. */
const impatient = {
  WATCH_SILENCE_SECONDS: '1',
  WATCH_STALE_SECONDS: '3',
  LEASE_DURATION_SECONDS: '600',
  RENEW_DEADLINE_SECONDS: '590',
}

describe('an operator', { timeout: 300_000 }, () => {
  let bed: Bed
  let canaries: string[] = []

  before(async () => {
    bed = await startBed()
    for (const name of ['shop', 'noisy', 'quiet']) {
      await createNamespace(bed.cp, name)
      const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name })
      canaries = [...canaries, accessKeyId, secretAccessKey]
      await createKeys(bed.cp, name, { accessKeyId, secretAccessKey })
      await bed.cp.admin.create(registries.path(name), registries.ecr(name, 'ecr', bed))
    }
  })
  afterEach(() => bed.killServers())
  after(() => bed?.close())

  const ready = (namespace: string): Promise<RegistryView> =>
    untilStatus(bed.cp, registries.path(namespace, 'ecr'), 'ready', isReady)

  /** Asks for a refresh and waits until it was tried, well or not. */
  async function refresh(namespace: string, value: string): Promise<RegistryView> {
    const path = registries.path(namespace, 'ecr')
    const annotations = { 'tokenregistries.io/refresh-requested-at': value }
    await bed.cp.admin.patch(path, { metadata: { annotations } })
    return untilStatus(
      bed.cp,
      path,
      `refresh ${value}`,
      ({ status }) => status?.lastHandledRefreshRequest === value,
    )
  }

  async function throughServer(url: string, caFile: string): Promise<ServerProcess> {
    const file = join(bed.cp.folder, `kubeconfig-${new URL(url).port}`)
    await writeFile(file, kubeconfig(url, caFile, await bed.chart.serverToken()), { mode: 0o600 })
    return bed.startServer({ kubeconfig: file, env: impatient })
  }

  const failing = async (server: ServerProcess): Promise<string[]> => {
    const { checks } = await server.readiness()
    return checks.filter(({ ok }) => !ok).map(({ name }) => name)
  }

  it('reads exactly the documented metrics, with their labels and nothing secret', async () => {
    const server = await bed.startServer()
    await Promise.all(['shop', 'noisy', 'quiet'].map(ready))
    assert.equal((await server.line('a password was issued'))['served'], 1)
    const answer = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`, {
      headers: { authorization: `Bearer ${bed.cp.adminToken}` },
    })
    const text = await answer.text()
    const exported = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    assert.deepEqual(exported.sort(), metricTable.map(({ name, type }) => `${name} ${type}`).sort())

    const table = new Map<string, MetricEntry>(metricTable.map((entry) => [entry.name, entry]))
    const series = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)]
    assert.ok(series.length > metricTable.length)
    for (const [line, name = '', labels = ''] of series) {
      const entry = table.get(name) ?? table.get(name.replace(/_(bucket|sum|count)$/, ''))
      assert.ok(entry, line)
      const names = [...labels.matchAll(/(\w+)="[^"]*"(?:,|$)/g)].map(([, label]) => label)
      const own = names.filter((label) => !(entry.type === 'histogram' && label === 'le'))
      assert.deepEqual(own.sort(), Object.keys(entry.labels).sort(), line)
    }
    for (const secret of [...canaries, bed.cp.adminToken, '123456789012'])
      assert.ok(!text.includes(secret), 'a key, a token or an account is among the metrics')
  })

  it('sees of each registry what its status says, until it is gone', async () => {
    const server = await bed.startServer()
    const { status } = await ready('shop')
    const at = (namespace: string): string => `{kind="TokenRegistry",namespace="${namespace}",name="ecr"}`
    const of = async (namespace: string): Promise<Record<string, number>> => {
      const prefix = 'token_registries_registry_'
      const all = [...(await readMetrics(bed, server))].filter(([name]) => name.endsWith(at(namespace)))
      return Object.fromEntries(
        all.map(([name, value]) => [name.slice(prefix.length).replace(at(namespace), ''), value]),
      )
    }
    const seconds = (time: string | undefined): number => Date.parse(time ?? '') / 1000
    const shop = await eventually('the figures of shop', async () => {
      const figures = await of('shop')
      return figures['next_refresh_timestamp_seconds'] === undefined ? undefined : figures
    })
    const { seconds_to_expiry: left = 0, ...rest } = shop
    assert.deepEqual(rest, {
      expiry_timestamp_seconds: seconds(status?.expiresAt),
      issued_timestamp_seconds: seconds(status?.issuedAt),
      next_refresh_timestamp_seconds: rest['next_refresh_timestamp_seconds'],
      ready: 1,
      suspended: 0,
      targets_desired: 1,
      targets_synced: 1,
      targets_failed: 0,
    })
    assert.equal(Math.floor(rest['next_refresh_timestamp_seconds'] ?? 0), seconds(status?.nextRefreshAt))
    assert.ok(left > 0 && left <= 12 * 3600, String(left))

    await bed.cp.admin.delete(registries.path('shop', 'ecr'))
    await eventually('the end of its series', async () =>
      Object.keys(await of('shop')).length === 0 ? true : undefined,
    )
    assert.ok(Object.keys(await of('quiet')).length > 0, 'the others stay')
    const wrong = [...(await readMetrics(bed, server)).keys()].filter((name) => name.includes('"shop"'))
    assert.deepEqual(wrong, [])
  })

  it('finds two Event objects after 50 refreshes that failed in two ways, counted and seldom written', async () => {
    const server = await bed.startServer()
    await ready('noisy')
    const requests = async (verb: string): Promise<number> => {
      const prefix = `token_registries_api_requests_total{verb="${verb}",resource="events"`
      const found = [...(await readMetrics(bed, server))].filter(([name]) => name.startsWith(prefix))
      return found.reduce((sum, [, value]) => sum + value, 0)
    }
    const warnings = async (): Promise<EventObject[]> => {
      const { items } = await bed.cp.admin.get<{ items: EventObject[] }>(
        '/apis/events.k8s.io/v1/namespaces/noisy/events',
      )
      return items.filter(({ type, regarding }) => type === 'Warning' && regarding.name === 'ecr')
    }
    const ways: [FaultName, string][] = [
      ['accessDenied', 'AccessDenied'],
      ['wrongSecret', 'CredentialsInvalid'],
    ]
    const told = new Map<string, string>()
    const [posted, patched, started] = [await requests('POST'), await requests('PATCH'), Date.now()]
    for (let turn = 0; turn < 50; turn++) {
      const [fault, code] = ways[turn % 2]!
      bed.aws.faults.set({ ecr: fault })
      const issued = condition(await refresh('noisy', `turn ${turn}`), 'CredentialIssued')
      assert.equal(issued?.reason, code)
      told.set(code, issued.message)
    }
    // Tries go on meanwhile, and fail as the last one did: that is no news.
    await eventually(
      'all 50 in the series',
      async () => {
        const counts = (await warnings()).map(({ series }) => series?.count ?? 1)
        return counts.reduce((sum, count) => sum + count, 0) === 50 ? true : undefined
      },
      async () => JSON.stringify(await warnings()),
    )
    assert.deepEqual(
      (await warnings()).map(({ reason }) => reason).sort(),
      ways.map(([, code]) => code).sort(),
    )
    assert.equal((await requests('POST')) - posted, 2)
    const gaps = Math.ceil((Date.now() - started) / 10_000)
    const writes = (await requests('PATCH')) - patched
    assert.ok(writes >= 2 && writes <= 2 * (gaps + 1), `${writes} writes of series in ${gaps} times 10 s`)
    bed.aws.faults.clear()
    for (const [, code] of ways) {
      const line = server.log.find((text) => text.includes(`"code":"${code}"`)) ?? '{}'
      const { level, registries: named, msg } = JSON.parse(line) as Record<string, unknown>
      assert.deepEqual([level, named], ['warn', ['TokenRegistry/noisy/ecr']])
      assert.ok(told.get(code)?.startsWith(String(msg)), 'the log says what the condition says')
    }
  })

  it('is told by /readyz which watches fell silent and since when, and when they are heard of again', async () => {
    const proxy = await new TcpProxy(Number(new URL(bed.cp.url).port)).start()
    try {
      const server = await throughServer(`https://127.0.0.1:${proxy.port}`, bed.cp.caFile)
      const before = Date.now()
      proxy.blackhole()
      await eventually('the loss of readiness', async () =>
        (await failing(server)).length > 0 ? true : undefined,
      )
      const answer = await fetch(`http://127.0.0.1:${server.httpPort}/readyz`)
      assert.equal(answer.status, 503)
      const { checks } = (await answer.json()) as {
        checks: { name: string; ok: boolean; detail: string; since?: string }[]
      }
      const stale = checks.filter(({ ok }) => !ok)
      assert.ok(stale.length > 0)
      for (const { name, detail, since = '' } of stale) {
        assert.match(name, /^watch:/)
        assert.match(detail, /^silent for [3-9] s; /)
        const heard = Date.parse(since)
        assert.ok(heard > before - 5000 && heard < Date.now(), `${name}: ${since}`)
      }
      assert.ok(proxy.silenced > 0)
      assert.equal((await fetch(`http://127.0.0.1:${server.httpPort}/healthz`)).status, 200)
      await server.line('this replica is not ready any more')
      proxy.heal()
      await eventually('readiness again', async () => ((await server.readiness()).ready ? true : undefined))
    } finally {
      await proxy.stop()
    }
  })

  it('need not fear for the passwords meanwhile: a leader that is not ready goes on refreshing', async () => {
    const proxy = await startApiProxy(bed.cp)
    try {
      const caFile = join(bed.cp.folder, 'proxy-ca.pem')
      await writeFile(caFile, proxy.ca)
      const server = await throughServer(proxy.url, caFile)
      const { status: first } = await ready('quiet')
      proxy.inject('silence', {
        when: ({ path, query }) => path === '/api/v1/namespaces' && query.has('watch'),
        effect: { kind: 'hold' },
      })
      proxy.cutWatches(({ path }) => path === '/api/v1/namespaces')
      await eventually('the loss of readiness', async () =>
        (await failing(server)).includes('watch:namespaces') ? true : undefined,
      )
      assert.ok(proxy.hits('silence') > 0)
      const staleness = (await readMetrics(bed, server)).get(
        'token_registries_watch_staleness_seconds{resource="namespaces"}',
      )
      assert.ok(staleness !== undefined && staleness >= 3, String(staleness))

      const { status } = await refresh('quiet', 'while not ready')
      assert.ok(Date.parse(status?.issuedAt ?? '') > Date.parse(first?.issuedAt ?? ''))
      // A request counts as answered before the Secrets are written.
      await bed.cp.admin.waitFor<RegistryView>(
        '/api/v1/namespaces/quiet/secrets/ecr',
        ({ metadata }) => {
          const { annotations } = metadata as { annotations?: Record<string, string> }
          return annotations?.['tokenregistries.io/issued-at'] === status?.issuedAt
        },
        { what: 'the new password in the Secret', timeoutMs: 60_000 },
      )
      assert.deepEqual(await failing(server), ['watch:namespaces'])

      proxy.heal('silence')
      await eventually('readiness again', async () => ((await server.readiness()).ready ? true : undefined))
    } finally {
      await proxy.close()
    }
  })
})
