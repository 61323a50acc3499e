// One object followed with the rights get and watch on it alone, against a real API server, through a network that fails.
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { KubeError } from '../../server/kube/errors.ts'
import { ObjectReflector } from '../../server/kube/object-reflector.ts'
import { configMapPath } from '../../server/kube/paths.ts'
import type { KubeObject } from '../../server/kube/types.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { clientThroughProxy, grant, MemoryLogger, namespace, revoke, until } from './kube-harness.ts'

const account = 'object-reflector'
const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`

suite('a reflector of one object', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let token: string

  before(async () => {
    plane = await startControlPlane()
    await plane.admin.create('/api/v1/namespaces', { metadata: { name: namespace } })
    await plane.admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
      metadata: { name: account },
    })
    const names = ['absent', 'cut', 'rights']
    const rule = { apiGroups: [''], resources: ['configmaps'], resourceNames: names, verbs: ['get', 'watch'] }
    await plane.admin.create(`${rbac}/roles`, { metadata: { name: account }, rules: [rule] })
    await grant(plane, account)
    token = await plane.serviceAccountToken(namespace, account)
  })
  after(() => plane?.stop())

  async function follow(t: TestContext, name: string) {
    const { client, proxy } = await clientThroughProxy(plane, token, {})
    const told: string[] = []
    const logger = new MemoryLogger()
    const value = (object: KubeObject): string => object.metadata.labels?.['value'] ?? ''
    const reflector = new ObjectReflector({
      name,
      client,
      path: configMapPath(namespace),
      objectName: name,
      metadataOnly: true,
      silenceMs: 60_000,
      logger,
      handler: {
        found: (object) => told.push(`found ${value(object)}`),
        missing: () => told.push('missing'),
        event: (type, object) => told.push(`${type} ${value(object)}`),
      },
    })
    t.after(async () => {
      await reflector.stop()
      await client.close()
      await proxy.stop()
    })
    reflector.start()
    await until(
      'it is synced',
      () => reflector.synced,
      () => logger.lines,
    )
    const hears = (what: string) =>
      until(
        what,
        () => told.at(-1) === what,
        () => told,
      )
    return { reflector, proxy, told, hears }
  }

  const path = (name: string) => `/api/v1/namespaces/${namespace}/configmaps/${name}`
  const create = (name: string, value: string) =>
    plane.admin.create(`/api/v1/namespaces/${namespace}/configmaps`, {
      metadata: { name, labels: { value } },
    })
  const change = (name: string, value: string) =>
    plane.admin.patch(path(name), { metadata: { labels: { value } } })

  test('tells that there is none, and then of what comes, changes and goes', async (t) => {
    const { told, hears } = await follow(t, 'absent')
    assert.deepEqual(told, ['missing'])
    await create('absent', '1')
    await hears('ADDED 1')
    await change('absent', '2')
    await hears('MODIFIED 2')
    await plane.admin.delete(path('absent'))
    await hears('DELETED 2')
  })

  test('hears of everything that happens while it is cut off, of a removal too', async (t) => {
    await create('cut', '1')
    const { told, proxy, hears } = await follow(t, 'cut')
    assert.equal(told[0], 'found 1')
    await proxy.refuse()
    await change('cut', '2')
    await proxy.allow()
    await until(
      'the change',
      () => told.at(-1)?.endsWith(' 2'),
      () => told,
    )
    await proxy.refuse()
    await plane.admin.delete(path('cut'))
    await proxy.allow()
    await until(
      'the removal',
      () => ['DELETED 2', 'missing'].includes(told.at(-1) ?? ''),
      () => told,
    )
    await create('cut', '3')
    await hears('ADDED 3')
  })

  test('says when its rights are gone, and goes on when they are back', async (t) => {
    await create('rights', '1')
    const { reflector, told, proxy } = await follow(t, 'rights')
    await revoke(plane, account)
    t.after(() => grant(plane, account).catch(() => undefined))
    await proxy.refuse()
    await until('it noticed', () => reflector.lastError !== undefined)
    await change('rights', '2')
    await proxy.allow()
    await until('it was refused', () => reflector.forbidden)
    assert.equal(reflector.synced, false)
    const ended = AbortSignal.abort()
    await reflector.waitForSync(ended, true)
    await assert.rejects(reflector.waitForSync(ended), { name: 'AbortError' })
    assert.ok(told.every((text) => !text.includes('DELETED') && text !== 'missing'))
    await grant(plane, account)
    await until('it is synced', () => reflector.synced)
    assert.ok(told.at(-1)?.endsWith(' 2'), told.join())
    assert.deepEqual([reflector.forbidden, reflector.lastError], [false, undefined])
  })

  test('is not allowed to list, as its rights are', async () => {
    const { client, proxy } = await clientThroughProxy(plane, token, {})
    const list = {
      method: 'GET',
      path: configMapPath(namespace),
      query: { fieldSelector: 'metadata.name=cut' },
    } as const
    await assert.rejects(client.request(list), (error) => error instanceof KubeError && error.status === 403)
    await client.close()
    await proxy.stop()
  })
})
