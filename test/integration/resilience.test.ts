// Restarts, kills, two replicas, tampering, and lists that do not tell the whole truth: nothing is lost or asked twice.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { errorEvent, refusal, startApiProxy, type ApiProxy } from '../fakes/api-proxy.ts'
import { createNamespace } from '../testbed/rancher.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import {
  createKeys,
  eventually,
  isReady,
  nextSecond,
  readMetrics,
  registries,
  startBed,
  untilStatus,
  type SecretView,
  type Bed,
  type RegistryView,
  type ServerProcess,
} from './harness.ts'

const namespaces = Array.from({ length: 40 }, (_, index) => `team-${index}`)
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tokenregistries.tokenregistries.io'
const crdClusterPath =
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clustertokenregistries.tokenregistries.io'
const clusterRole = '/apis/rbac.authorization.k8s.io/v1/clusterroles/token-registries-server'

describe('resilience of the loop', () => {
  let bed: Bed
  let keys: Record<string, string>

  before(async () => {
    bed = await startBed()
    const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'puller' })
    keys = { accessKeyId, secretAccessKey }
    await Promise.all(namespaces.map((name) => createNamespace(bed.cp, name, { labels: { pull: 'yes' } })))
    await createKeys(bed.cp, bed.chart.namespace, keys)
    await createClusterRegistry()
    const server = await bed.startServer()
    await untilStatus(bed.cp, registries.clusterPath('base'), 'ready', isReady)
    await server.kill('SIGTERM')
  })
  beforeEach(() => bed.aws.resetCounters())
  afterEach(() => bed.killServers())
  after(() => bed?.close())

  function createClusterRegistry(): Promise<KubeObject> {
    const { spec } = registries.ecr('x', 'base', bed)
    const selection = { selector: { matchLabels: { pull: 'yes' } }, trustLabelsAndNames: true }
    return bed.cp.admin.create(registries.clusterPath(), {
      apiVersion: 'tokenregistries.io/v1alpha1',
      kind: 'ClusterTokenRegistry',
      metadata: { name: 'base' },
      spec: { ...(spec as object), namespaces: selection },
    })
  }

  /** Pull Secrets named `base` by namespace. */
  async function copies(): Promise<Map<string, SecretView>> {
    const list = await bed.cp.admin.get<{ items: SecretView[] }>(
      '/api/v1/secrets?labelSelector=app.kubernetes.io/managed-by=token-registries',
    )
    return new Map(list.items.map((secret) => [secret.metadata?.namespace ?? '', secret]))
  }

  async function payloads(): Promise<Set<string>> {
    return new Set([...(await copies()).values()].map((secret) => secret.data['.dockerconfigjson'] ?? ''))
  }

  async function uids(): Promise<Record<string, string | undefined>> {
    return Object.fromEntries(
      [...(await copies())].map(([namespace, { metadata }]) => [namespace, metadata?.uid]),
    )
  }

  function calls(): number {
    return bed.aws.log.count('GetAuthorizationToken')
  }

  function requestRefresh(value: string): Promise<KubeObject> {
    return bed.cp.admin.patch(registries.clusterPath('base'), {
      metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': value } },
    })
  }

  function untilRefreshed(value: string): Promise<RegistryView> {
    return untilStatus(
      bed.cp,
      registries.clusterPath('base'),
      `the echo of ${value}`,
      (object) => object.status?.lastHandledRefreshRequest === value && isReady(object),
    )
  }

  it('restarts without asking upstream and with few requests', async () => {
    const before = await payloads()
    const server = await bed.startServer({ name: 'restarted' })
    await createNamespace(bed.cp, 'team-new', { labels: { pull: 'yes' } })
    await eventually('the Secret of a namespace made meanwhile', async () => (await copies()).get('team-new'))
    assert.equal(calls(), 0)
    assert.deepEqual(await payloads(), before)
    const metrics = await readMetrics(bed, server)
    const requests = [...metrics].filter(([name]) => name.startsWith('token_registries_api_requests_total'))
    const others = requests.filter(
      ([name]) => !name.includes('resource="leases"') && !name.includes('verb="WATCH"'),
    )
    const sum = others.reduce((total, [, value]) => total + value, 0)
    assert.ok(sum > 0 && sum <= 20, `a restart took ${sum} requests: ${JSON.stringify(others)}`)
    assert.equal(await server.kill('SIGTERM'), 0, 'an orderly stop ends with 0')
  })

  it('completes a fan-out that was killed in the middle, with no second upstream call', async () => {
    await nextSecond()
    const before = await payloads()
    assert.equal(before.size, 1)
    const uidsBefore = await uids()
    const slow = await bed.startServer({ env: { WRITE_BUDGET_PER_SECOND: '4', WORKERS: '1' } })
    await requestRefresh('killed')
    await eventually('the first new Secret', async () => ((await payloads()).size === 2 ? true : undefined))
    await slow.kill('SIGKILL')
    const middle = [...(await copies()).values()].filter(({ data }) =>
      before.has(data['.dockerconfigjson'] ?? ''),
    )
    assert.ok(middle.length > 0, 'the kill came too late: every Secret was written already')
    const server = await bed.startServer()
    await eventually('one payload everywhere', async () => {
      const now = await payloads()
      return now.size === 1 && ![...now].some((payload) => before.has(payload)) ? true : undefined
    })
    assert.equal(calls(), 1)
    assert.deepEqual(await uids(), uidsBefore)
    await server.kill('SIGTERM')
  })

  it('hands over to a standby at once when the leader stops, and after the lease when it is killed', async () => {
    const first = await bed.startServer({ name: 'first' })
    const second = await bed.startServer({ name: 'second' })
    assert.equal(
      second.log.some((line) => line.includes('this replica leads')),
      false,
    )
    // What the leader wrote after the standby had listed must be known to the standby too.
    await requestRefresh('before the hand-over')
    await untilRefreshed('before the hand-over')
    bed.aws.resetCounters()
    assert.equal(await first.kill('SIGTERM'), 0)
    await second.line('this replica leads')
    const third = await bed.startServer({ name: 'third' })
    await second.kill('SIGKILL')
    await third.line('this replica leads')
    await createNamespace(bed.cp, 'team-third', { labels: { pull: 'yes' } })
    await eventually('a Secret by the third', async () => (await copies()).get('team-third'))
    assert.equal(calls(), 0)
    await third.kill('SIGTERM')
  })

  it('never takes a replayed copy back, although its mac is right', async () => {
    const old = await copies()
    const server = await bed.startServer()
    await nextSecond()
    await requestRefresh('replay')
    await untilRefreshed('replay')
    await server.kill('SIGTERM')
    bed.aws.resetCounters()
    for (const [namespace, { data, metadata }] of old) {
      await bed.cp.admin.patch(`/api/v1/namespaces/${namespace}/secrets/base`, {
        data,
        metadata: { annotations: metadata?.annotations },
      })
    }
    const again = await bed.startServer()
    const replayed = [...old.values()][0]?.data['.dockerconfigjson'] ?? ''
    await eventually('the end of the replayed copies', async () =>
      (await payloads()).has(replayed) ? undefined : true,
    )
    await eventually('one payload everywhere', async () => ((await payloads()).size === 1 ? true : undefined))
    assert.equal(calls(), 1, 'no copy could be trusted, so upstream was asked once')
    await again.kill('SIGTERM')
  })

  it('never takes a tampered or forged copy back, and repairs it', async () => {
    const good = [...(await payloads())][0] ?? ''
    const forged = Buffer.from(
      JSON.stringify({ auths: { 'evil.example': { username: 'AWS', password: 'x', auth: 'QVdTOng=' } } }),
    ).toString('base64')
    const tampered = namespaces.slice(0, 20)
    for (const namespace of tampered)
      await bed.cp.admin.patch(`/api/v1/namespaces/${namespace}/secrets/base`, {
        data: { '.dockerconfigjson': forged },
      })
    // A forger may claim any time, but he has no key for the mac.
    const newest = {
      'tokenregistries.io/issued-at': '2099-01-01T00:00:00Z',
      'tokenregistries.io/expires-at': '2099-01-02T00:00:00Z',
    }
    await bed.cp.admin.patch('/api/v1/namespaces/team-30/secrets/base', {
      data: { '.dockerconfigjson': forged },
      metadata: { annotations: newest },
    })
    const server = await bed.startServer()
    await eventually('one payload everywhere', async () => ((await payloads()).size === 1 ? true : undefined))
    assert.deepEqual(await payloads(), new Set([good]))
    assert.equal(calls(), 0, 'the copies that were left alone are proof enough')
    await server.kill('SIGTERM')
  })

  it('deletes nothing while the list of registries breaks off after page 1', async () => {
    const proxy = await startApiProxy(bed.cp)
    try {
      const server = await startThrough(proxy, { LIST_PAGE_SIZE: '2' })
      for (const name of ['one', 'two', 'three']) {
        await createKeysOnce(`page-${name}`)
        await bed.cp.admin.create(
          registries.path(`page-${name}`),
          registries.ecr(`page-${name}`, 'paged', bed),
        )
        await untilStatus(bed.cp, registries.path(`page-${name}`, 'paged'), 'ready', isReady)
      }
      const before = await copies()
      breakList(proxy)
      await eventually('two tries at page 2', () => (proxy.hits('page-2') >= 2 ? true : undefined))
      await bed.cp.admin.patch('/api/v1/namespaces/team-39', { metadata: { labels: { pull: null } } })
      await eventually('two more tries', () => (proxy.hits('page-2') >= 4 ? true : undefined))
      assert.deepEqual([...(await copies()).keys()].sort(), [...before.keys()].sort())
      assert.equal((await server.readiness()).ready, false, 'a list that fails shows in /readyz')
      // Now with a start that never sees the whole list.
      await server.kill('SIGKILL')
      const blind = await startThrough(proxy, { LIST_PAGE_SIZE: '2' }, false)
      const hits = proxy.hits('page-2')
      await eventually('tries of the new process', () =>
        proxy.hits('page-2') >= hits + 2 ? true : undefined,
      )
      assert.deepEqual([...(await copies()).keys()].sort(), [...before.keys()].sort())
      proxy.faults.healAll()
      await eventually('the Secret that is really unwanted to go', async () =>
        (await copies()).has('team-39') ? undefined : true,
      )
      assert.equal((await copies()).size, before.size - 1)
      await blind.kill('SIGTERM')
    } finally {
      await proxy.close()
    }
  })

  it('deletes nothing when its right to list registries is withdrawn and given back', async () => {
    const before = await uids()
    const { rules } = await bed.cp.admin.get<{ rules: { resources: string[] }[] }>(clusterRole)
    const server = await bed.startServer()
    await server.kill('SIGTERM')
    const without = rules.filter(({ resources }) => !resources.includes('tokenregistries'))
    assert.ok(without.length < rules.length)
    await bed.cp.admin.patch(clusterRole, { rules: without })
    const blind = await bed.startServer({ ready: false })
    await eventually('three refused lists', async () => {
      const refused = await bed.cp.auditEvents({ resource: 'tokenregistries', code: 403 })
      return refused.length >= 3 ? true : undefined
    })
    assert.deepEqual(await uids(), before)
    await bed.cp.admin.patch(clusterRole, { rules })
    await createNamespace(bed.cp, 'team-after', { labels: { pull: 'yes' } })
    await eventually('work after the right came back', async () => (await copies()).get('team-after'))
    const { 'team-after': _new, ...rest } = await uids()
    assert.deepEqual(rest, before)
    await blind.kill('SIGTERM')
  })

  it('deletes nothing when the CRDs go and come back, and the new registry takes over in place', async () => {
    const server = await bed.startServer()
    const before = await uids()
    const crds = await Promise.all(
      [crdPath, crdClusterPath].map((path) => bed.cp.admin.get<KubeObject>(path)),
    )
    await Promise.all([crdPath, crdClusterPath].map((path) => bed.cp.admin.delete(path)))
    await Promise.all([crdPath, crdClusterPath].map((path) => bed.cp.admin.waitUntilGone(path)))
    await eventually('the loss of the kinds in /readyz', async () =>
      (await server.readiness()).ready ? undefined : true,
    )
    for (const { apiVersion, kind, metadata, spec } of crds) {
      const { name, annotations, labels } = metadata ?? {}
      await bed.cp.admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        apiVersion,
        kind,
        metadata: { name, annotations, labels },
        spec,
      })
    }
    await kept(server, 'CrdRecreated')
    assert.deepEqual(await uids(), before)
    await eventually('the kind to be served', async () =>
      (await bed.cp.request('admin', 'GET', registries.clusterPath())).status === 200 ? true : undefined,
    )
    await createClusterRegistry()
    await untilStatus(bed.cp, registries.clusterPath('base'), 'ready', isReady)
    const mine = Object.entries(await uids()).filter(([namespace]) => namespace.startsWith('team-'))
    for (const [namespace, uid] of mine) assert.equal(uid, before[namespace])
    await server.kill('SIGTERM')
  })

  async function kept(server: ServerProcess, reason: string): Promise<void> {
    const name = `token_registries_sweep_kept_total{reason="${reason}"}`
    await eventually(`a Secret kept for ${reason}`, async () =>
      ((await readMetrics(bed, server)).get(name) ?? 0) > 0 ? true : undefined,
    )
  }

  async function createKeysOnce(namespace: string): Promise<void> {
    await createNamespace(bed.cp, namespace)
    await createKeys(bed.cp, namespace, keys)
  }

  async function startThrough(
    proxy: ApiProxy,
    env: Record<string, string>,
    ready = true,
  ): Promise<ServerProcess> {
    const file = join(bed.cp.folder, 'proxied.kubeconfig')
    const entry = { name: 'testbed' }
    const cluster = {
      ...entry,
      cluster: { server: proxy.url, 'certificate-authority-data': Buffer.from(proxy.ca).toString('base64') },
    }
    const user = { ...entry, user: { token: await bed.chart.serverToken() } }
    const context = { ...entry, context: { cluster: 'testbed', user: 'testbed' } }
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [cluster],
        users: [user],
        contexts: [context],
      }),
      { mode: 0o600 },
    )
    return bed.startServer({ env, kubeconfig: file, ready })
  }

  /** Watches are told that they are too old, so everything is listed anew, and page 2 of the registries fails. */
  function breakList(proxy: ApiProxy): void {
    const registriesOnly = (path: string): boolean => path.endsWith('/tokenregistries')
    proxy.inject('page-2', {
      when: ({ path, query }) => registriesOnly(path) && query.has('continue'),
      effect: refusal(503, 'ServiceUnavailable'),
    })
    proxy.inject('too-old', {
      when: ({ path, query }) => registriesOnly(path) && query.has('watch'),
      effect: errorEvent(410, 'Expired', 'too old resource version'),
    })
    proxy.cutWatches()
  }
})
