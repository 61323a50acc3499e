// Reflector against a real API server, through a network that fails.
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { KubeClient, KubeRequestObservation } from '../../server/kube/client.ts'
import { configMapPath, secretPath } from '../../server/kube/paths.ts'
import { Reflector, type ReflectorOptions } from '../../server/kube/reflector.ts'
import type { KubeObject, Secret } from '../../server/kube/types.ts'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import {
  clientThroughProxy,
  grant,
  MemoryLogger,
  namespace,
  prepareAccount,
  revoke,
  until,
} from './kube-harness.ts'

/** A cache as a controller would keep it, with the history of what it was told. */
class Recorder {
  readonly names = new Map<string, string>()
  readonly events: string[] = []
  readonly listedObjects: KubeObject[] = []
  lists = 0
  gaps = 0

  readonly handler = {
    listed: (object: KubeObject) => {
      this.listedObjects.push(object)
      this.names.set(object.metadata.uid, object.metadata.name)
    },
    replaced: (uids: ReadonlySet<string>) => {
      this.lists += 1
      for (const uid of [...this.names.keys()]) if (!uids.has(uid)) this.names.delete(uid)
    },
    event: (type: string, object: KubeObject) => {
      this.events.push(`${type} ${object.metadata.name}`)
      if (type === 'DELETED') this.names.delete(object.metadata.uid)
      else this.names.set(object.metadata.uid, object.metadata.name)
    },
    gap: () => {
      this.gaps += 1
    },
  }

  get sorted(): string[] {
    return [...this.names.values()].sort()
  }
}

suite('a reflector', { timeout: 600_000 }, () => {
  let plane: ControlPlane
  let token: string
  const account = 'reflector'

  before(async () => {
    plane = await startControlPlane()
    token = await prepareAccount(plane, account)
  })
  after(() => plane.stop())

  /** A reflector of one group of ConfigMaps, with its own client and proxy, stopped after the test. */
  async function follow(
    t: TestContext,
    group: string,
    options: Partial<ReflectorOptions<KubeObject>> = {},
  ): Promise<Follower> {
    const requests: KubeRequestObservation[] = []
    const { client, proxy } = await clientThroughProxy(plane, token, { onRequest: (r) => requests.push(r) })
    const recorder = new Recorder()
    const logger = new MemoryLogger()
    const reflector = new Reflector<KubeObject>({
      name: group,
      client,
      path: configMapPath(namespace),
      labelSelector: `group=${group}`,
      handler: recorder.handler,
      backoff: { minMs: 50, maxMs: 500 },
      logger,
      ...options,
    })
    t.after(async () => {
      await reflector.stop()
      await client.close()
      await proxy.stop()
    })
    const lists = () => requests.filter((request) => request.method === 'GET').length
    const watches = () => requests.filter((request) => request.method === 'WATCH').length
    const state = () => ({ events: recorder.events, log: logger.lines, names: recorder.sorted, requests })
    const sees = (...names: string[]) =>
      until(`the cache holds ${names.join()}`, () => recorder.sorted.join() === names.join(), state)
    return { reflector, recorder, proxy, client, logger, lists, watches, state, sees }
  }

  async function create(group: string, ...names: string[]): Promise<void> {
    for (const name of names) {
      const metadata = { name: `${group}-${name}`, labels: { group } }
      await plane.admin.create(configMapPath(namespace), { metadata, data: { payload: 'x' } })
    }
  }

  const remove = (group: string, name: string) =>
    plane.admin.delete(configMapPath(namespace, `${group}-${name}`))

  const synced = (follower: Follower) => {
    follower.reflector.start()
    return until('it is synced', () => follower.reflector.synced, follower.state)
  }

  test('lists page by page and then follows', async (t) => {
    await create('pages', 'a', 'b', 'c', 'd', 'e', 'f', 'g')
    const follower = await follow(t, 'pages', { pageSize: 3 })
    await synced(follower)
    assert.equal(follower.lists(), 3)
    assert.equal(follower.recorder.names.size, 7)
    await create('pages', 'h')
    await remove('pages', 'a')
    const expected = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `pages-${name}`)
    await follower.sees(...expected)
    assert.deepEqual(follower.recorder.events, ['ADDED pages-h', 'DELETED pages-a'])
    assert.equal(follower.lists(), 3)
  })

  test('asks for metadata alone, in list and watch', async (t) => {
    await create('meta', 'a')
    const seen: KubeObject[] = []
    const follower = await follow(t, 'meta', {
      metadataOnly: true,
      handler: { listed: (object) => seen.push(object), event: (_, object) => seen.push(object) },
    })
    await synced(follower)
    await create('meta', 'b')
    await until('the event came', () => seen.length === 2, follower.state)
    assert.deepEqual(
      seen.map((object) => [object.metadata.name, 'data' in object]),
      [
        ['meta-a', false],
        ['meta-b', false],
      ],
    )
  })

  test('lists whole objects once beside a metadata-only watch', async (t) => {
    const secret = (name: string) => ({
      metadata: { name, labels: { group: 'full' } },
      stringData: { key: 'value' },
    })
    await plane.admin.create(secretPath(namespace), secret('full-a'))
    const listed: Secret[] = []
    const changed: Secret[] = []
    const follower = await follow(t, 'full', {
      path: secretPath(namespace),
      metadataOnly: true,
      fullListOnly: true,
      handler: { listed: (object) => listed.push(object), event: (_, object) => changed.push(object) },
    })
    await synced(follower)
    assert.deepEqual(listed[0]?.data, { key: Buffer.from('value').toString('base64') })
    await plane.admin.create(secretPath(namespace), secret('full-b'))
    const event = await until('the event came', () => changed[0], follower.state)
    assert.equal(event.metadata.name, 'full-b')
    assert.equal(event.data, undefined)
  })

  test('resumes after a cut without listing again, and misses nothing', async (t) => {
    await create('cut', 'a')
    const follower = await follow(t, 'cut')
    await synced(follower)
    await create('cut', 'b')
    await follower.sees('cut-a', 'cut-b')
    await follower.proxy.refuse()
    await create('cut', 'c')
    await remove('cut', 'a')
    await until('it noticed', () => follower.reflector.lastError, follower.state)
    assert.equal(follower.reflector.synced, true)
    await follower.proxy.allow()
    await follower.sees('cut-b', 'cut-c')
    assert.deepEqual(follower.recorder.events, ['ADDED cut-b', 'ADDED cut-c', 'DELETED cut-a'])
    assert.equal(follower.recorder.lists, 1)
    assert.equal(follower.reflector.lastError, undefined)
  })

  test('follows many and large objects over a stream that is cut again and again', async (t) => {
    const follower = await follow(t, 'large')
    await synced(follower)
    const names = Array.from({ length: 12 }, (_, index) => String(index).padStart(2, '0'))
    for (const name of names) {
      const metadata = { name: `large-${name}`, labels: { group: 'large' } }
      // Three bytes per character: chunks end within characters all the time.
      await plane.admin.create(configMapPath(namespace), { metadata, data: { payload: '€'.repeat(300_000) } })
      follower.proxy.cut()
    }
    await follower.sees(...names.map((name) => `large-${name}`))
    assert.deepEqual(
      follower.recorder.events,
      names.map((name) => `ADDED large-${name}`),
    )
  })

  test('opens a silent watch anew', async (t) => {
    const follower = await follow(t, 'silent', { silenceMs: 1500 })
    await synced(follower)
    await until('the watch is open', () => follower.watches() === 1, follower.state)
    const before = follower.proxy.accepted
    follower.proxy.blackhole()
    await create('silent', 'a')
    await until('it tries a new connection', () => follower.proxy.accepted > before, follower.state)
    // The old, dead connections never come back; the path is healed for new ones only.
    follower.proxy.cut()
    follower.proxy.heal()
    await follower.sees('silent-a')
    assert.equal(follower.recorder.lists, 1)
  })

  test('lists again when the API server no longer has the history', async (t) => {
    await create('gone', 'a', 'b')
    const follower = await follow(t, 'gone')
    await synced(follower)
    await follower.proxy.refuse()
    await remove('gone', 'a')
    await create('gone', 'c')
    // A started API server remembers only what comes after its start.
    await plane.restartApiServer()
    await follower.proxy.allow()
    await follower.sees('gone-b', 'gone-c')
    assert.deepEqual(follower.recorder.events, [])
    assert.equal(follower.recorder.lists, 2)
    assert.ok(follower.logger.has('the version is too old'), follower.logger.lines.join('\n'))
    await create('gone', 'd')
    await follower.sees('gone-b', 'gone-c', 'gone-d')
  })

  test('told to start at now, delivers only what comes, and tells of gaps', async (t) => {
    await create('now', 'a')
    const follower = await follow(t, 'now', { startAtNow: true })
    await synced(follower)
    await create('now', 'b')
    await until('the event came', () => follower.recorder.events.length === 1, follower.state)
    assert.equal(follower.recorder.gaps, 0)
    await follower.proxy.refuse()
    await create('now', 'c')
    await plane.restartApiServer()
    await follower.proxy.allow()
    await until('it tells of the gap', () => follower.recorder.gaps === 1, follower.state)
    await create('now', 'd')
    await until('the next event came', () => follower.recorder.events.length === 2, follower.state)
    assert.deepEqual(follower.recorder.events, ['ADDED now-b', 'ADDED now-d'])
    assert.deepEqual(follower.recorder.listedObjects, [])
  })

  test('keeps its cache while it may not list, and goes on when it may again', async (t) => {
    await create('rbac', 'a', 'b')
    const follower = await follow(t, 'rbac')
    await synced(follower)
    await revoke(plane, account)
    t.after(() => grant(plane, account).catch(() => undefined))
    await follower.proxy.refuse()
    await remove('rbac', 'a')
    await plane.restartApiServer()
    await follower.proxy.allow()
    await until('it was refused', () => follower.reflector.lastError?.includes('forbidden'), follower.state)
    assert.deepEqual(follower.recorder.sorted, ['rbac-a', 'rbac-b'])
    await grant(plane, account)
    await follower.sees('rbac-b')
    await until('it is synced', () => follower.reflector.synced, follower.state)
    assert.equal(follower.reflector.lastError, undefined)
  })

  test('lists again after its handler threw', async (t) => {
    await create('throws', 'a')
    const recorder = new Recorder()
    let broken = true
    const follower = await follow(t, 'throws', {
      handler: {
        ...recorder.handler,
        event: () => {
          if (!broken) return
          broken = false
          throw new Error('a defect')
        },
      },
    })
    await synced(follower)
    await create('throws', 'b')
    await until('it listed again', () => recorder.lists === 2, follower.state)
    assert.deepEqual(recorder.sorted, ['throws-a', 'throws-b'])
    assert.ok(follower.logger.has('its handler failed: a defect'), follower.logger.lines.join('\n'))
  })

  test('waits for a kind that does not exist yet, and survives its removal', async (t) => {
    const crd = customResource('widgets')
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const widgets = `/apis/kube-tests.example.com/v1/namespaces/${namespace}/widgets`
    await plane.admin.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: { name: 'widgets' },
      rules: [{ apiGroups: ['kube-tests.example.com'], resources: ['widgets'], verbs: ['list', 'watch'] }],
    })
    await plane.admin.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      metadata: { name: 'widgets' },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'widgets' },
    })
    const follower = await follow(t, 'widget', { path: widgets })
    follower.reflector.start()
    await until(
      'it was told that there is no such kind',
      () => follower.reflector.lastError?.includes('404'),
      follower.state,
    )
    await plane.admin.create(crds, crd)
    await until('it is synced', () => follower.reflector.synced, follower.state)
    const widget = {
      apiVersion: 'kube-tests.example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', labels: { group: 'widget' } },
    }
    await until('the kind takes objects', async () => {
      const made = await plane.admin.request('POST', widgets, widget)
      return made.status === 201 || made.status === 409
    })
    await follower.sees('w')
    await plane.admin.delete(`${crds}/widgets.kube-tests.example.com`)
    await until('it noticed the removal', () => !follower.reflector.synced, follower.state)
    await until('the kind is gone', async () => {
      return (await plane.admin.request('GET', `${crds}/widgets.kube-tests.example.com`)).status === 404
    })
    await plane.admin.create(crds, crd)
    await until('it is synced again', () => follower.reflector.synced, follower.state)
    assert.deepEqual(follower.recorder.sorted, [])
  })

  test('notices that etcd went back to a backup', async (t) => {
    await create('backup', 'a')
    const data = join(plane.folder, 'etcd-data')
    const copy = join(plane.folder, 'etcd-backup')
    const { etcd, apiServer } = plane.processes
    await apiServer.stop()
    await etcd.stop()
    await cp(data, copy, { recursive: true })
    etcd.start()
    await plane.startApiServer()
    const follower = await follow(t, 'backup')
    await synced(follower)
    // More than the API server itself writes while it starts, or the numbers would catch up by themselves.
    for (let index = 0; index < 300; index += 1) {
      await plane.admin.patch(configMapPath(namespace, 'backup-a'), { data: { index: String(index) } })
    }
    await create('backup', 'b')
    await follower.sees('backup-a', 'backup-b')
    await follower.proxy.refuse()
    await apiServer.stop()
    await etcd.stop()
    await rm(data, { recursive: true })
    await cp(copy, data, { recursive: true })
    etcd.start()
    await plane.startApiServer()
    await follower.proxy.allow()
    await follower.sees('backup-a')
    assert.ok(follower.logger.has('went back in time'), follower.logger.lines.join('\n'))
    await create('backup', 'c')
    await follower.sees('backup-a', 'backup-c')
  })

  test('stops, and calls nothing afterwards', async (t) => {
    const follower = await follow(t, 'stop')
    await synced(follower)
    await until('the watch is open', () => follower.watches() === 1, follower.state)
    await follower.reflector.stop()
    // The connection of the list stays, for the next request.
    await until('the watch is closed', () => follower.proxy.open <= 1, follower.state)
    await create('stop', 'a')
    assert.deepEqual(follower.recorder.events, [])
  })

  test('does not spin when its client was closed under it', async (t) => {
    const follower = await follow(t, 'closed')
    await synced(follower)
    await until('the watch is open', () => follower.watches() === 1, follower.state)
    await follower.client.close()
    await until('it says so', () => follower.reflector.lastError?.includes('closed'), follower.state)
  })
})

interface Follower {
  reflector: Reflector
  recorder: Recorder
  proxy: TcpProxy
  client: KubeClient
  logger: MemoryLogger
  lists: () => number
  watches: () => number
  state: () => unknown
  sees: (...names: string[]) => Promise<unknown>
}

function customResource(plural: string): unknown {
  const schema = { openAPIV3Schema: { type: 'object' } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.kube-tests.example.com` },
    spec: {
      group: 'kube-tests.example.com',
      scope: 'Namespaced',
      names: { plural, singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}
