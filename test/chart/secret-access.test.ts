// rbac.secretAccess: the server works with the narrower rights too, says what lies outside, and has no others.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hashSecret } from '../../server/controller/secret-cache.ts'
import type { Secret } from '../../server/kube/types.ts'
import {
  condition,
  createKeys,
  eventually,
  isReady,
  registries,
  startBed,
  untilStatus,
  type Bed,
  type RegistryView,
} from '../integration/harness.ts'
import { accessEnvironment, rightsOn, secretRequests } from './granted.ts'
import { installChart, uninstallChart } from './install.ts'
import { corePath, group } from './objects.ts'
import { makeNamespace } from './people.ts'

const home = 'token-registries-system'
const emptyEntry = '{"auths":{}}'

describe('rbac.secretAccess', () => {
  let bed: Bed
  let keys: Record<string, string>
  let since = new Date()

  before(async () => {
    bed = await startBed()
    const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'puller' })
    keys = { accessKeyId, secretAccessKey }
    for (const name of ['shop', 'tools', 'other']) await makeNamespace(bed.cp, name)
    await createKeys(bed.cp, 'shop', keys)
    await createKeys(bed.cp, 'other', keys)
    await createKeys(bed.cp, home, keys)
  })
  after(() => bed?.close())

  /** A fresh installation with these rights, and the server with what the chart tells it. */
  async function installAndStart(rbac: Record<string, unknown>): Promise<void> {
    await uninstallChart(bed.cp)
    await upgrade(rbac)
    since = new Date()
    await bed.startServer({ env: await accessEnvironment(bed.cp) })
  }

  async function upgrade(rbac: Record<string, unknown>): Promise<void> {
    await installChart(bed.cp, { values: { rbac, policy: { allowedEndpoints: [bed.awsAddress] } } })
  }

  async function secretAt(namespace: string, name: string): Promise<Secret> {
    return bed.cp.admin.get<Secret & Record<string, unknown>>(corePath(namespace, 'secrets', name))
  }

  async function create(
    namespace: string,
    name: string,
    spec: Record<string, unknown> = {},
  ): Promise<string> {
    await bed.cp.admin.create(registries.path(namespace), registries.ecr(namespace, name, bed, spec))
    return registries.path(namespace, name)
  }

  async function createCentral(names: string[]): Promise<string> {
    const { spec } = registries.ecr('x', 'central', bed) as { spec: Record<string, unknown> }
    await bed.cp.admin.create(registries.clusterPath(), {
      apiVersion: `${group}/v1alpha1`,
      kind: 'ClusterTokenRegistry',
      metadata: { name: 'central' },
      spec: { ...spec, namespaces: { names, trustLabelsAndNames: true } },
    })
    return registries.clusterPath('central')
  }

  /** Asks for a refresh and waits for the new password; the Secret stays the same one. */
  async function refresh(path: string, namespace: string, name: string): Promise<void> {
    const old = await secretAt(namespace, name)
    const request = { [`${group}/refresh-requested-at`]: String(Date.now()) }
    await bed.cp.admin.patch(path, { metadata: { annotations: request } })
    await eventually(`a new password in ${namespace}/${name}`, async () => {
      const now = await secretAt(namespace, name)
      assert.equal(now.metadata.uid, old.metadata.uid)
      return hashSecret(now) === hashSecret(old) ? undefined : true
    })
  }

  async function attempts(requests: [method: string, path: string, body?: object][]): Promise<number[]> {
    const token = await bed.chart.serverToken()
    const answers = requests.map(([method, path, body]) =>
      bed.cp.request(token, method, `${path}?dryRun=All`, body),
    )
    return (await Promise.all(answers)).map(({ status }) => status)
  }

  function failureAt(namespace: string, { status }: RegistryView): string {
    const failure = status?.failures?.find((each) => each.namespace === namespace)
    return `${failure?.reason}: ${failure?.message}`
  }

  describe('namespaces', () => {
    before(() => installAndStart({ secretAccess: 'namespaces', namespaces: ['shop', 'tools'] }))
    after(() => bed.killServers())

    it('writes, refreshes, attaches and removes where it is listed', async () => {
      const path = await create('shop', 'team', { serviceAccounts: { attach: 'Default' } })
      await untilStatus(bed.cp, path, 'ready', isReady)
      await refresh(path, 'shop', 'team')
      await bed.cp.admin.waitFor<{ imagePullSecrets?: { name: string }[] }>(
        corePath('shop', 'serviceaccounts', 'default'),
        ({ imagePullSecrets }) => imagePullSecrets?.[0]?.name === 'team',
      )
      await bed.cp.admin.delete(path)
      await eventually('the removal of shop/team', async () =>
        (await bed.cp.admin.request('GET', corePath('shop', 'secrets', 'team'))).status === 404
          ? true
          : undefined,
      )
    })

    it('says of other namespaces which value of the chart leaves them out', async () => {
      const outside = await untilStatus(
        bed.cp,
        await create('other', 'team'),
        'a reason',
        (object) => condition(object, 'Ready')?.reason === 'ClusterForbidden',
      )
      const message = condition(outside, 'Ready')?.message ?? ''
      assert.match(
        message,
        /spec\.credentials\.secret\.name: Secret other\/aws-keys: .*rbac\.namespaces does not list/,
      )
      const central = await untilStatus(
        bed.cp,
        await createCentral(['tools', 'other']),
        'one of two',
        ({ status }) => Boolean(status?.targets?.synced === 1 && status.targets.failed === 1),
      )
      assert.match(
        failureAt('other', central),
        /^ClusterForbidden: Secret other\/central: .*rbac\.namespaces does not list it; ask an administrator to add it/,
      )
      await refresh(registries.clusterPath('central'), 'tools', 'central')
    })

    it('has the rights on Secrets in these namespaces, and reads in its own', async () => {
      const token = await bed.chart.serverToken()
      const all = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']
      const accounts = { 'serviceaccounts *': ['get', 'list', 'patch', 'watch'] }
      assert.deepEqual(await rightsOn(bed.cp, token, 'shop'), { 'secrets *': all, ...accounts })
      assert.deepEqual(await rightsOn(bed.cp, token, home), {
        'secrets *': ['create', 'get', 'list', 'watch'],
      })
      assert.deepEqual(await rightsOn(bed.cp, token, 'other'), {})
      const keysOfOther = corePath('other', 'secrets', 'aws-keys')
      assert.deepEqual(
        await attempts([
          ['GET', keysOfOther],
          ['GET', '/api/v1/secrets'],
          ['GET', '/api/v1/serviceaccounts'],
          ['PATCH', corePath('other', 'serviceaccounts', 'default'), { imagePullSecrets: [] }],
          ['DELETE', corePath(home, 'secrets', 'aws-keys')],
        ]),
        [403, 403, 403, 403, 403],
      )
    })

    it('never asks for what it has no right to', async () => {
      const requests = await secretRequests(bed.cp, since)
      assert.ok(requests.length > 5)
      assert.deepEqual(
        requests.filter(({ code }) => code === 403),
        [],
      )
    })

    it('works on after a listed namespace went, and its Role with it', async () => {
      await bed.killServers()
      await bed.cp.admin.delete('/api/v1/namespaces/tools')
      await eventually('the end of namespace tools', async () =>
        (await bed.cp.admin.request('GET', '/api/v1/namespaces/tools')).status === 404 ? true : undefined,
      )
      await bed.startServer({ env: await accessEnvironment(bed.cp) })
      await untilStatus(bed.cp, await create('shop', 'later'), 'ready', isReady)
      await makeNamespace(bed.cp, 'tools')
    })
  })

  describe('named', () => {
    const named = [
      {
        namespace: 'shop',
        pullSecrets: ['named-pull', 'spare', 'attached'],
        credentials: ['aws-keys'],
        serviceAccounts: ['default'],
      },
      { namespace: 'tools', pullSecrets: ['central'] },
      { namespace: home, credentials: ['aws-keys'] },
    ]
    const rbac = { secretAccess: 'named', named }
    let empty: Secret

    before(async () => {
      await bed.cp.admin.delete(registries.path('shop', 'later'))
      await bed.cp.admin.delete(registries.path('other', 'team'))
      await bed.cp.admin.delete(registries.clusterPath('central'))
      await bed.killServers()
      await bed.cp.admin.delete(corePath(home, 'secrets', 'token-registries-state'))
      await installAndStart(rbac)
      empty = await secretAt('shop', 'named-pull')
    })
    after(() => bed.killServers())

    it('fills the Secret that the chart made empty, refreshes it, and attaches it', async () => {
      assert.equal(Buffer.from(empty.data?.['.dockerconfigjson'] ?? '', 'base64').toString(), emptyEntry)
      const path = await create('shop', 'named-pull', { serviceAccounts: { attach: 'Default' } })
      await untilStatus(bed.cp, path, 'ready', isReady)
      const filled = await secretAt('shop', 'named-pull')
      assert.equal(filled.metadata.uid, empty.metadata.uid)
      assert.notEqual(hashSecret(filled), hashSecret(empty))
      await refresh(path, 'shop', 'named-pull')
      await bed.cp.admin.waitFor<{ imagePullSecrets?: { name: string }[] }>(
        corePath('shop', 'serviceaccounts', 'default'),
        ({ imagePullSecrets }) => imagePullSecrets?.some(({ name }) => name === 'named-pull') === true,
      )
    })

    it('repairs it, and goes by new keys, by what its watches of single objects tell', async () => {
      const before = hashSecret(await secretAt('shop', 'named-pull'))
      const stringData = { '.dockerconfigjson': emptyEntry }
      await bed.cp.admin.patch(corePath('shop', 'secrets', 'named-pull'), { stringData })
      await eventually('the repair', async () =>
        hashSecret(await secretAt('shop', 'named-pull')) === before ? true : undefined,
      )
      const calls = bed.aws.log.count('GetAuthorizationToken')
      const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'next' })
      await bed.cp.admin.patch(corePath('shop', 'secrets', 'aws-keys'), {
        stringData: { accessKeyId, secretAccessKey },
      })
      await eventually('a call with the new keys', () =>
        bed.aws.log.count('GetAuthorizationToken') > calls ? true : undefined,
      )
    })

    it('keeps what is in the Secrets over upgrades, and keeps the key of its marks', async () => {
      const names = [
        ['shop', 'named-pull'],
        [home, 'token-registries-state'],
      ] as const
      const state = async () =>
        Promise.all(
          names.map(async ([namespace, name]) => (await secretAt(namespace, name)).metadata.resourceVersion),
        )
      await eventually('a Secret that rests', async () => {
        const path = registries.path('shop', 'named-pull')
        return isReady(await bed.cp.admin.get<RegistryView>(path)) ? true : undefined
      })
      const before = await state()
      await upgrade({ ...rbac, named: [...named].reverse() })
      assert.deepEqual(await state(), before)
    })

    it('says of everything else which list of the chart it is missing from', async () => {
      const { cp } = bed
      const unlisted = await untilStatus(cp, await create('shop', 'unlisted'), 'a failure', ({ status }) =>
        Boolean(status?.targets?.failed),
      )
      assert.match(
        failureAt('shop', unlisted),
        /^ClusterForbidden: Secret shop\/unlisted: .*rbac\.named does not list unlisted under pullSecrets of namespace shop/,
      )
      const path = await create('shop', 'spare', { credentials: { secret: { name: 'secret-keys' } } })
      const unread = await untilStatus(
        cp,
        path,
        'a reason',
        (object) => condition(object, 'Ready')?.reason === 'ClusterForbidden',
      )
      assert.match(condition(unread, 'Ready')?.message ?? '', /does not list secret-keys under credentials/)
      const central = await untilStatus(
        cp,
        await createCentral(['tools', 'other']),
        'one of two',
        ({ status }) => Boolean(status?.targets?.synced === 1 && status.targets.failed === 1),
      )
      assert.match(
        failureAt('other', central),
        /Secret other\/central: .*under pullSecrets of namespace other/,
      )
    })

    it('tells by an event which ServiceAccounts it cannot change, while pulls work for the others', async () => {
      const attach = { attach: 'Named', names: ['default', 'builder'] }
      const path = await create('shop', 'attached', { serviceAccounts: attach })
      await untilStatus(bed.cp, path, 'ready', isReady)
      const { items } = await bed.cp.admin.waitFor<{
        items: { regarding: { name: string }; note: string }[]
      }>('/apis/events.k8s.io/v1/namespaces/shop/events', (list) =>
        list.items.some(({ note }) => note.startsWith('spec.serviceAccounts.attach')),
      )
      const told = items.find(({ note }) => note.startsWith('spec.serviceAccounts.attach'))
      assert.equal(told?.regarding.name, 'attached')
      assert.match(
        told.note,
        /ServiceAccount builder of namespace shop .* under serviceAccounts; ask an administrator/,
      )
    })

    it('tells when a Secret that it may fill is missing, and fills it once it is made', async () => {
      const path = corePath('tools', 'secrets', 'central')
      const { metadata, type, data } = await secretAt('tools', 'central')
      await bed.cp.admin.delete(path)
      const central = await untilStatus(
        bed.cp,
        registries.clusterPath('central'),
        'ReferenceMissing',
        (object) => failureAt('tools', object).startsWith('ReferenceMissing'),
      )
      assert.match(failureAt('tools', central), /tools\/central does not exist.*upgrade the chart/)
      assert.ok(data)
      await upgrade(rbac)
      await eventually('a filled Secret', async () =>
        hashSecret(await secretAt('tools', 'central')) === hashSecret(empty) ? undefined : true,
      )
      assert.deepEqual([type, metadata.name], ['kubernetes.io/dockerconfigjson', 'central'])
    })

    it('empties a Secret that no registry wants any more, and leaves it there', async () => {
      await bed.cp.admin.delete(registries.path('shop', 'named-pull'))
      const emptied = await eventually('an empty Secret', async () => {
        const now = await secretAt('shop', 'named-pull')
        return hashSecret(now) === hashSecret(empty) ? now : undefined
      })
      assert.equal(emptied.metadata.uid, empty.metadata.uid)
      assert.deepEqual(emptied.metadata.labels, { 'app.kubernetes.io/managed-by': 'token-registries' })
      assert.deepEqual(emptied.metadata.annotations, empty.metadata.annotations)
      const account = await bed.cp.admin.get<{ imagePullSecrets?: object[] }>(
        corePath('shop', 'serviceaccounts', 'default'),
      )
      assert.deepEqual(account.imagePullSecrets, [{ name: 'attached' }])
    })

    it('has the rights on these objects and no others', async () => {
      const token = await bed.chart.serverToken()
      assert.deepEqual(await rightsOn(bed.cp, token, 'shop'), {
        'secrets aws-keys': ['get', 'watch'],
        'secrets attached named-pull spare': ['get', 'patch', 'watch'],
        'serviceaccounts default': ['get', 'patch', 'watch'],
      })
      assert.deepEqual(await rightsOn(bed.cp, token, home), {
        'secrets aws-keys': ['get', 'watch'],
        'secrets token-registries-state': ['get', 'patch', 'watch'],
      })
      assert.deepEqual(await rightsOn(bed.cp, token, 'other'), {})
      const pull = corePath('shop', 'secrets', 'named-pull')
      assert.deepEqual(
        await attempts([
          ['GET', corePath('shop', 'secrets')],
          ['GET', corePath('shop', 'secrets', 'later')],
          ['PATCH', corePath('shop', 'secrets', 'aws-keys'), { stringData: { a: 'b' } }],
          ['POST', corePath('shop', 'secrets'), empty],
          ['DELETE', pull],
          ['PUT', pull, empty],
          ['GET', pull],
        ]),
        [403, 403, 403, 403, 403, 403, 200],
      )
    })

    it('got, watched and patched Secrets, and asked for nothing else', async () => {
      const own = await secretRequests(bed.cp, since)
      assert.deepEqual([...new Set(own.map(({ verb }) => verb))].sort(), ['get', 'patch', 'watch'])
      assert.deepEqual(
        own.filter(({ code }) => code === 403),
        [],
      )
    })
  })
})
