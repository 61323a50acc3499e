// Attacks that admission lets pass, since each request by itself is within the tenant's rights: the server must not fall for
// them. Each is tried with the tenant's own token, beside a control that shows what the same thing looks like in good faith.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hashSecret } from '../../server/controller/secret-cache.ts'
import type { Secret } from '../../server/kube/types.ts'
import {
  createKeys,
  eventually,
  isReady,
  registries,
  startBed,
  untilStatus,
  type Bed,
  type ServerProcess,
} from '../integration/harness.ts'
import { addMember, createNamespace, createProject, moveNamespace, projectKey } from '../testbed/rancher.ts'
import type { Project } from '../testbed/rancher.ts'
import { corePath } from './objects.ts'

const teamPath = registries.path('shop-1', 'team')
const entry = '.dockerconfigjson'

describe('attacks on the running server', () => {
  let bed: Bed
  let shop: Project
  let server: ServerProcess

  before(async () => {
    bed = await startBed()
    const { cp, aws } = bed
    const { accessKeyId, secretAccessKey } = aws.world.addUser({ name: 'puller' })
    shop = await createProject(cp, { projectId: 'p-shop' })
    const other = await createProject(cp, { projectId: 'p-other' })
    for (const name of ['shop-1', 'shop-2']) await createNamespace(cp, name, { project: shop })
    await createNamespace(cp, 'evil', { project: other })
    await addMember(shop, 'alice', 'member')
    await addMember(other, 'eve', 'member')
    await createKeys(cp, 'shop-1', { accessKeyId, secretAccessKey })
    server = await bed.startServer()
    const team = registries.ecr('shop-1', 'team', bed, { target: { project: shop.ref } })
    await cp.client('alice').create(registries.path('shop-1'), team)
    await untilStatus(cp, teamPath, 'ready in both', (object) => {
      return isReady(object) && object.status?.targets?.synced === 2
    })
  })
  after(() => bed?.close())

  function secretAt(namespace: string): Promise<Secret> {
    return bed.cp.admin.get<Secret & Record<string, unknown>>(corePath(namespace, 'secrets', 'team'))
  }

  async function isThere(namespace: string): Promise<boolean> {
    return (await bed.cp.admin.request('GET', corePath(namespace, 'secrets', 'team'))).status === 200
  }

  /** The same marks as a Secret of ours, with another content. */
  function forged({ metadata, type }: Secret, content: string) {
    const { name, labels, annotations } = metadata
    return { metadata: { name, labels, annotations }, type, stringData: { [entry]: content } }
  }

  const theirs = JSON.stringify({
    auths: { '123456789012.dkr.ecr.eu-west-1.amazonaws.com': { username: 'AWS', password: 'theirs' } },
  })

  it('a namespace with the label of a foreign project gets nothing; one with the guarded annotation does', async () => {
    const labels = { [projectKey]: 'p-shop' }
    const relabelled = await bed.cp.request('eve', 'PATCH', '/api/v1/namespaces/evil', {
      metadata: { labels },
    })
    assert.equal(relabelled.status, 200)
    await createNamespace(bed.cp, 'shop-3')
    await moveNamespace(bed.cp, 'shop-3', shop)
    // Whatever the label would have caused has happened once a later event was worked through.
    await eventually('the Secret in shop-3', async () => ((await isThere('shop-3')) ? true : undefined))
    assert.equal(await isThere('evil'), false)
  })

  it('a forged Secret with all our marks is repaired after a restart, and is never spread', async () => {
    const genuine = await secretAt('shop-1')
    const calls = bed.aws.log.count('GetAuthorizationToken')
    await server.kill('SIGTERM')
    for (const namespace of ['shop-1', 'shop-2'])
      await bed.cp
        .client('alice')
        .patch(corePath(namespace, 'secrets', 'team'), { stringData: { [entry]: theirs } })
    server = await bed.startServer()
    for (const namespace of ['shop-1', 'shop-2'])
      await eventually(`the repair of ${namespace}/team`, async () =>
        hashSecret(await secretAt(namespace)) === hashSecret(genuine) ? true : undefined,
      )
    // The copy that nobody touched vouched for the others: upstream was not asked.
    assert.equal(bed.aws.log.count('GetAuthorizationToken'), calls)
    assert.equal(hashSecret(await secretAt('shop-3')), hashSecret(genuine))
  })

  it('when all copies are forged, or old ones put back, none is believed: upstream is asked instead', async () => {
    const all = ['shop-1', 'shop-2', 'shop-3']
    const old = await secretAt('shop-1')
    const { annotations } = old.metadata
    const changed = (namespace: string, from: Secret) =>
      eventually(`another password in ${namespace}`, async () =>
        hashSecret(await secretAt(namespace)) === hashSecret(from) ? undefined : true,
      )
    await bed.cp
      .client('alice')
      .patch(teamPath, { metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': 'now' } } })
    for (const namespace of all) await changed(namespace, old)
    const calls = bed.aws.log.count('GetAuthorizationToken')
    await server.kill('SIGTERM')
    const replay = { metadata: { annotations }, data: old.data }
    for (const namespace of all) {
      const body = namespace === 'shop-1' ? { stringData: { [entry]: theirs } } : replay
      await bed.cp.client('alice').patch(corePath(namespace, 'secrets', 'team'), body)
    }
    const forgery = await secretAt('shop-1')
    server = await bed.startServer()
    await changed('shop-1', forgery)
    for (const namespace of ['shop-2', 'shop-3']) await changed(namespace, old)
    assert.equal(bed.aws.log.count('GetAuthorizationToken'), calls + 1)
  })

  it("a Secret that claims a foreign registry as its owner is not filled, nor changes that registry's own", async () => {
    const genuine = await secretAt('shop-1')
    await bed.cp.client('eve').create(corePath('evil', 'secrets'), forged(genuine, theirs))
    // It says that the server wrote it, for a registry that does not serve this namespace: the server takes it away.
    await eventually('the end of evil/team', async () => ((await isThere('evil')) ? undefined : true))
    assert.equal((await secretAt('shop-1')).metadata.resourceVersion, genuine.metadata.resourceVersion)
  })

  it('a tenant is refused the metrics, which name other tenants; who may get the path is not', async () => {
    const metrics = (token?: string) =>
      fetch(`http://127.0.0.1:${server.metricsPort}/metrics`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
    const token = await bed.cp.serviceAccountToken('shop-1', 'default')
    assert.equal((await metrics()).status, 401)
    const refused = await metrics(token)
    assert.equal(refused.status, 403)
    assert.doesNotMatch(await refused.text(), /token_registries_/)
    await bed.cp.admin.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'scrape' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'token-registries-metrics',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop-1' }],
    })
    const allowed = await eventually('the right to scrape', async () => {
      const answer = await metrics(token)
      return answer.status === 200 ? answer : undefined
    })
    assert.match(await allowed.text(), /^token_registries?_/m)
  })
})
