// Where Secrets go: one namespace, a Rancher project, a selection; all of one identity, so one upstream call in all.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { secretPath } from '../../server/kube/paths.ts'
import { createNamespace, createProject, moveNamespace, type Project } from '../testbed/rancher.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { createKeys, eventually, isReady, registries, startBed, untilStatus, type Bed } from './harness.ts'

const manyNamespaces = 50

describe('targets of one identity', () => {
  let bed: Bed
  let project: Project
  let keys: Record<string, string>

  before(async () => {
    bed = await startBed()
    const { accessKeyId, secretAccessKey } = bed.aws.world.addUser({ name: 'puller' })
    keys = { accessKeyId, secretAccessKey }
    project = await createProject(bed.cp, { projectId: 'p-shop' })
    await createNamespace(bed.cp, 'alone')
    for (const name of ['shop-1', 'shop-2', 'shop-3']) await createNamespace(bed.cp, name, { project })
    const names = Array.from({ length: manyNamespaces }, (_, index) => `many-${index}`)
    await Promise.all(names.map((name) => createNamespace(bed.cp, name, { labels: { pull: 'yes' } })))
    await createNamespace(bed.cp, 'bystander')
    await createKeys(bed.cp, 'alone', keys)
    await createKeys(bed.cp, 'shop-1', keys)
    await createKeys(bed.cp, bed.chart.namespace, keys)
    await bed.startServer()
  })
  after(() => bed?.close())

  it('reaches a namespace, a project and a selection with one upstream call', async () => {
    const { cp, aws } = bed
    const spec = registries.ecr('x', 'central', bed).spec as Record<string, unknown>
    const selection = { selector: { matchLabels: { pull: 'yes' } }, trustLabelsAndNames: true }
    await Promise.all([
      cp.admin.create(registries.path('alone'), registries.ecr('alone', 'own', bed)),
      cp.admin.create(
        registries.path('shop-1'),
        registries.ecr('shop-1', 'team', bed, { target: { project: project.ref } }),
      ),
      cp.admin.create(registries.clusterPath(), {
        apiVersion: 'tokenregistries.io/v1alpha1',
        kind: 'ClusterTokenRegistry',
        metadata: { name: 'central' },
        spec: { ...spec, namespaces: selection },
      }),
    ])
    const [own, team, central] = await Promise.all([
      untilStatus(cp, registries.path('alone', 'own'), 'ready', isReady),
      untilStatus(cp, registries.path('shop-1', 'team'), 'ready', isReady),
      untilStatus(cp, registries.clusterPath('central'), 'ready', isReady),
    ])
    assert.deepEqual(own.status?.targets, { desired: 1, synced: 1, failed: 0 })
    assert.deepEqual(team.status?.targets, { desired: 3, synced: 3, failed: 0 })
    assert.deepEqual(central.status?.targets, { desired: manyNamespaces, synced: manyNamespaces, failed: 0 })
    assert.equal(aws.log.count('GetAuthorizationToken'), 1)
    assert.equal(await exists(bed, 'bystander', 'central'), false)
    assert.equal((await secret(bed, 'many-7', 'central')).type, 'kubernetes.io/dockerconfigjson')
  })

  it('follows namespaces that leave, join, or only pretend to belong to the project', async () => {
    const { cp } = bed
    await moveNamespace(cp, 'shop-3', null)
    await createNamespace(cp, 'shop-4', { project })
    // Any project member can set the label; only the annotation is guarded.
    await createNamespace(cp, 'forged', { labels: { 'field.cattle.io/projectId': 'p-shop' } })
    await untilSecret(bed, 'shop-4', 'team')
    await untilGone(bed, 'shop-3', 'team')
    const status = await untilStatus(cp, registries.path('shop-1', 'team'), '3 of 3', (object) => {
      return object.status?.targets?.desired === 3 && object.status.targets.synced === 3
    })
    assert.equal(status.status?.summary?.synced, '3/3')
    assert.equal(await exists(bed, 'forged', 'team'), false)
    assert.equal(bed.aws.log.count('GetAuthorizationToken'), 1)
  })

  it('keeps the Secret through a project annotation that is lost for a moment', async () => {
    const { cp } = bed
    const path = '/api/v1/namespaces/shop-2'
    const before = await secret(bed, 'shop-2', 'team')
    const mark = (value: string | null): Promise<KubeObject> =>
      cp.admin.patch(path, { metadata: { annotations: { 'field.cattle.io/projectId': value } } })
    await mark(null)
    await mark(project.ref)
    // Whatever the loss would have caused has happened once a later event was worked through.
    await createNamespace(cp, 'shop-5', { project })
    await untilSecret(bed, 'shop-5', 'team')
    assert.equal((await secret(bed, 'shop-2', 'team')).metadata?.uid, before.metadata?.uid)
  })

  it('refuses a project that is not the one of its own namespace, and withdraws when that changes', async () => {
    const { cp } = bed
    const other = await createProject(cp, { projectId: 'p-other' })
    await moveNamespace(cp, 'shop-1', other)
    const status = await untilStatus(cp, registries.path('shop-1', 'team'), 'NotAllowed', (object) =>
      Boolean(
        object.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === 'NotAllowed'),
      ),
    )
    const stalled = status.status?.conditions?.find(({ type }) => type === 'Stalled')
    assert.match(
      stalled?.message ?? '',
      /spec\.target\.project .*c-m-test:p-shop.*belongs to c-m-test:p-other/,
    )
    for (const name of ['shop-1', 'shop-2', 'shop-4', 'shop-5']) await untilGone(bed, name, 'team')
    await moveNamespace(cp, 'shop-1', project)
    await untilStatus(cp, registries.path('shop-1', 'team'), 'ready again', isReady)
    await untilSecret(bed, 'shop-2', 'team')
  })

  it('writes new namespaces of a selection and leaves excluded and protected ones alone', async () => {
    const { cp, aws } = bed
    await createNamespace(cp, 'cattle-many', { labels: { pull: 'yes' } })
    await createNamespace(cp, 'many-new', { labels: { pull: 'yes' } })
    await untilSecret(bed, 'many-new', 'central')
    await cp.admin.patch('/api/v1/namespaces/many-0', { metadata: { labels: { pull: null } } })
    await untilGone(bed, 'many-0', 'central')
    assert.equal(await exists(bed, 'cattle-many', 'central'), false)
    assert.equal(aws.log.count('GetAuthorizationToken'), 1)
  })

  it('moves to another Secret name without a gap: the old one goes after the new one is there', async () => {
    const { cp } = bed
    await cp.admin.patch(registries.path('alone', 'own'), { spec: { secret: { name: 'renamed' } } })
    await untilSecret(bed, 'alone', 'renamed')
    await untilGone(bed, 'alone', 'own')
    const events = await eventually('the deletion in the audit log', async () => {
      const all = await cp.auditEvents()
      const ours = all.filter(
        ({ objectRef, verb }) =>
          objectRef?.namespace === 'alone' &&
          objectRef.resource === 'secrets' &&
          ['create', 'delete'].includes(verb),
      )
      return ours.some(({ verb, objectRef }) => verb === 'delete' && objectRef?.name === 'own')
        ? ours
        : undefined
    })
    assert.deepEqual(
      events.slice(-2).map(({ verb }) => verb),
      ['create', 'delete'],
    )
  })

  it('removes what it wrote when the registry goes, and keeps it with deletionPolicy Retain', async () => {
    const { cp } = bed
    await cp.admin.patch(registries.path('alone', 'own'), { spec: { deletionPolicy: 'Retain' } })
    await eventually('the mark on the Secret', async () => {
      const { metadata } = await secret(bed, 'alone', 'renamed')
      return metadata?.annotations?.['tokenregistries.io/deletion-policy'] === 'Retain' ? true : undefined
    })
    await cp.admin.delete(registries.path('alone', 'own'))
    await cp.admin.delete(registries.path('shop-1', 'team'))
    for (const name of ['shop-1', 'shop-2', 'shop-4', 'shop-5']) await untilGone(bed, name, 'team')
    assert.equal(await exists(bed, 'alone', 'renamed'), true)
  })
})

async function exists(bed: Bed, namespace: string, name: string): Promise<boolean> {
  return (await bed.cp.request('admin', 'GET', secretPath(namespace, name))).status === 200
}

function secret(bed: Bed, namespace: string, name: string): Promise<KubeObject> {
  return bed.cp.admin.get(secretPath(namespace, name))
}

async function untilSecret(bed: Bed, namespace: string, name: string): Promise<void> {
  await eventually(`Secret ${namespace}/${name}`, async () =>
    (await exists(bed, namespace, name)) ? true : undefined,
  )
}

async function untilGone(bed: Bed, namespace: string, name: string): Promise<void> {
  await eventually(`the end of Secret ${namespace}/${name}`, async () =>
    (await exists(bed, namespace, name)) ? undefined : true,
  )
}
