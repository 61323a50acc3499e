import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import {
  addMember,
  createNamespace,
  createProject,
  moveNamespace,
  projectKey,
  removeMember,
} from './rancher.ts'
import { guardProjectAnnotation } from './rancher-webhook.ts'
import type { Project } from './rancher.ts'

describe('Rancher marks', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let project: Project

  before(async () => {
    plane = await startControlPlane()
    project = await createProject(plane, { clusterId: 'c-m-one', projectId: 'p-one' })
    await addMember(project, 'alice', 'owner')
    await addMember(project, 'bob', 'member')
    await addMember(project, 'viewer', 'read-only')
    await createNamespace(plane, 'team-a', { project, labels: { tier: 'test' } })
  })
  after(() => plane?.stop())

  const may = async (user: string, verb: string, resource: string, at: object = {}): Promise<boolean> => {
    const [name, group = ''] = resource.split('/')
    const review = await plane
      .client(user)
      .create<{ status: { allowed: boolean } }>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        spec: { resourceAttributes: { verb, resource: name, group, ...at } },
      })
    return review.status.allowed
  }

  it('marks a namespace by annotation and label', async () => {
    const { metadata } = await plane.admin.get('/api/v1/namespaces/team-a')
    assert.equal(metadata?.annotations?.[projectKey], 'c-m-one:p-one')
    assert.equal(metadata?.labels?.[projectKey], 'p-one')
    assert.equal(metadata?.labels?.tier, 'test')
  })

  it('gives members the rights of their role, in the project only', async () => {
    const at = { namespace: 'team-a' }
    assert.equal(await may('alice', 'create', 'rolebindings/rbac.authorization.k8s.io', at), true)
    assert.equal(await may('bob', 'create', 'rolebindings/rbac.authorization.k8s.io', at), false)
    assert.equal(await may('bob', 'get', 'secrets', at), true)
    assert.equal(await may('viewer', 'get', 'secrets', at), false)
    assert.equal(await may('viewer', 'get', 'configmaps', at), true)
    assert.equal(await may('eve', 'get', 'configmaps', at), false)
    assert.equal(await may('alice', 'get', 'secrets', { namespace: 'default' }), false)
  })

  it('tells who may act for the project', async () => {
    const forProject = (user: string): Promise<boolean> =>
      may(user, 'manage-namespaces', 'projects/management.cattle.io', { name: 'p-one' })
    assert.deepEqual(await Promise.all(['alice', 'bob', 'viewer', 'eve'].map(forProject)), [
      true,
      true,
      false,
      false,
    ])
    assert.equal(await may('bob', 'patch', 'namespaces', { name: 'team-a' }), true)
    assert.equal(await may('bob', 'patch', 'namespaces', { name: 'default' }), false)
    assert.equal(await may('bob', 'create', 'namespaces'), true)
    assert.equal(await may('viewer', 'create', 'namespaces'), false)
  })

  it('follows namespaces that move and members that leave', async () => {
    const second = await createProject(plane, { clusterId: 'c-m-one', projectId: 'p-two' })
    await addMember(second, 'carol', 'member')
    await createNamespace(plane, 'mover', { project })
    const at = { namespace: 'mover' }
    assert.equal(await may('bob', 'get', 'secrets', at), true)

    const moved = await moveNamespace(plane, 'mover', second)
    assert.equal(moved.metadata?.annotations?.[projectKey], 'c-m-one:p-two')
    assert.equal(await may('bob', 'get', 'secrets', at), false)
    assert.equal(await may('bob', 'patch', 'namespaces', { name: 'mover' }), false)
    assert.equal(await may('carol', 'get', 'secrets', at), true)

    await removeMember(second, 'carol')
    assert.equal(await may('carol', 'get', 'secrets', at), false)
    assert.equal(await may('carol', 'create', 'namespaces'), false)

    const loose = await moveNamespace(plane, 'mover', null)
    assert.equal(loose.metadata?.annotations?.[projectKey], undefined)
    assert.equal(loose.metadata?.labels?.[projectKey], undefined)
  })

  it('guards the annotation, and only it, once the stand-in for the webhook is there', async () => {
    const foreign = await createProject(plane, { clusterId: 'c-m-one', projectId: 'p-foreign' })
    await guardProjectAnnotation(plane)
    const path = '/api/v1/namespaces/team-a'
    const set = async (annotation: string | null, label?: string): Promise<number> => {
      const labels = label === undefined ? {} : { [projectKey]: label }
      const metadata = { annotations: { [projectKey]: annotation }, labels }
      return (await plane.request('bob', 'PATCH', path, { metadata })).status
    }
    assert.equal(await set(foreign.ref), 403)
    assert.equal(await set(project.ref), 200)
    assert.equal(await set(null, foreign.projectId), 200)
    assert.equal(await set(project.ref, project.projectId), 200)

    const create = async (marks: object): Promise<number> =>
      (await plane.request('bob', 'POST', '/api/v1/namespaces', { metadata: marks })).status
    assert.equal(await create({ name: 'forged', annotations: { [projectKey]: foreign.ref } }), 403)
    assert.equal(await create({ name: 'labelled', labels: { [projectKey]: foreign.projectId } }), 201)
  })
})
