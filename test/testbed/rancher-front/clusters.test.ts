import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../control-plane.ts'
import { createNamespace, type Project } from '../rancher.ts'
import { clientOf, type Answer, type RancherClient } from './client.ts'
import { startRancher } from './front.ts'
import type { Rancher } from './options.ts'
import { addClusterMember, addProject, addProjectMember, removeProjectMember } from './projects.ts'

const downstream = 'c-m-two'
const bases = { local: '/k8s/clusters/local', [downstream]: `/k8s/clusters/${downstream}` }
const clusterIds = ['local', downstream] as const

describe('The front and two clusters', { timeout: 300_000 }, () => {
  let planes: ControlPlane[] = []
  let rancher: Rancher
  const projects: Record<string, Project> = {}
  const as: Record<string, RancherClient> = {}

  before(async () => {
    planes = await Promise.all([startControlPlane(), startControlPlane()])
    const [local, two] = planes as [ControlPlane, ControlPlane]
    const user = (name: string): { name: string; globalRole: 'user' } => ({ name, globalRole: 'user' })
    rancher = await startRancher({
      clusters: [
        { id: 'local', plane: local },
        { id: downstream, displayName: 'two', plane: two },
      ],
      users: [{ name: 'admin', globalRole: 'admin' }, ...['alice', 'viewer', 'dave', 'eve'].map(user)],
    })
    for (const { id, plane } of rancher.clusters.values()) {
      const project = await addProject(rancher, id, { projectId: `p-${id}`, displayName: `Shop in ${id}` })
      projects[id] = project
      await addProjectMember(rancher, project, 'alice', 'member')
      await addProjectMember(rancher, project, 'viewer', 'read-only')
      await createNamespace(plane, 'team-a', { project })
      await createNamespace(plane, 'team-b', {
        project: await addProject(rancher, id, { projectId: `p-foreign-${id}` }),
      })
      // dave has rights in one namespace and in no project.
      await addClusterMember(rancher, id, 'dave')
      await plane.kubectl([
        'create',
        'rolebinding',
        'dave',
        '--clusterrole=edit',
        '--user=u-dave',
        '-n',
        'team-a',
      ])
    }
    for (const name of rancher.users.keys()) as[name] = await clientOf(rancher, name)
    // Last of what each of them was given, so all the rest is there too.
    for (const base of Object.values(bases)) {
      for (const name of ['alice', 'viewer', 'dave'])
        await client(name).untilIds(`${base}/v1/namespaces`, ['team-a'])
    }
  })
  after(async () => {
    await rancher?.stop()
    await Promise.all(planes.map((plane) => plane.stop()))
  })

  const client = (name: string): RancherClient => as[name] as RancherClient
  const status = async (answer: Promise<Answer<unknown>>): Promise<number> => (await answer).status
  const secret = (namespace: string, name: string): object => ({
    type: 'Opaque',
    metadata: { namespace, name },
    data: {},
  })

  it('refuses to start without the management cluster', async () => {
    const clusters = [{ id: downstream, plane: planes[1] as ControlPlane }]
    await assert.rejects(startRancher({ clusters, users: [] }), /"local"/)
  })

  it('links without a prefix in the local cluster, with one in the other', async () => {
    const self = async (path: string): Promise<string[]> => {
      const { data } = await client('admin').get<{ data: { links: { self: string } }[] }>(path)
      return data.map(({ links }) => links.self)
    }
    const local = `${rancher.url}/v1/namespaces/team-a`
    assert.ok((await self('/v1/namespaces')).includes(local))
    assert.ok((await self('/k8s/clusters/local/v1/namespaces')).includes(local))
    const other = await self(`/k8s/clusters/${downstream}/v1/namespaces`)
    assert.ok(
      other.every((link) => link.startsWith(`${rancher.url}/k8s/clusters/${downstream}/v1/namespaces/`)),
    )
    assert.ok(other.length > 0)
  })

  it('lists the clusters that somebody is a member of', async () => {
    const list = (name: string): Promise<string[]> => client(name).ids('/v1/management.cattle.io.clusters')
    for (const name of ['admin', 'alice', 'viewer', 'dave']) {
      assert.deepEqual(await list(name), [downstream, 'local'], name)
    }
    assert.deepEqual(await list('eve'), [])
    const provisioned = await client('alice').ids('/v1/provisioning.cattle.io.clusters')
    assert.deepEqual(provisioned, ['fleet-default/two', 'fleet-local/local'])
    const { metadata } = await client('alice').get<{ metadata: { relationships: object[] } }>(
      `/v1/management.cattle.io.clusters/${downstream}`,
    )
    assert.partialDeepStrictEqual(metadata.relationships, [
      { fromType: 'provisioning.cattle.io.cluster', fromId: 'fleet-default/two' },
    ])
  })

  it('has the projects of all clusters in the management cluster, for their members', async () => {
    const list = (name: string, id: string): Promise<string[]> =>
      client(name).ids(`/v1/management.cattle.io.projects/${id}`)
    for (const id of clusterIds) {
      assert.deepEqual(await list('admin', id), [`${id}/p-${id}`, `${id}/p-foreign-${id}`].sort())
      for (const name of ['alice', 'viewer']) assert.deepEqual(await list(name, id), [`${id}/p-${id}`])
      for (const name of ['dave', 'eve']) {
        assert.equal(
          await status(client(name).request('GET', `/v1/management.cattle.io.projects/${id}`)),
          404,
        )
      }
    }
    const { spec } = await client('alice').get<{ spec: object }>(
      `/v1/management.cattle.io.projects/${downstream}/p-${downstream}`,
    )
    assert.partialDeepStrictEqual(spec, { displayName: `Shop in ${downstream}`, clusterName: downstream })
    const inside = `${bases[downstream]}/v1/schemas/management.cattle.io.project`
    assert.equal(await status(client('admin').request('GET', inside)), 404)
  })

  for (const id of clusterIds) {
    const base = bases[id]

    it(`${id}: lists to everybody what is theirs`, async () => {
      const namespaces = (name: string): Promise<string[]> => client(name).ids(`${base}/v1/namespaces`)
      for (const name of ['alice', 'viewer', 'dave']) {
        assert.deepEqual(await namespaces(name), ['team-a'], name)
      }
      const all = await namespaces('admin')
      assert.ok(['default', 'kube-system', 'team-a', 'team-b'].every((name) => all.includes(name)))
      assert.deepEqual(await client('alice').ids(`${base}/v1/secrets/team-b`), [])
    })

    it(`${id}: lets everybody write what is theirs`, async () => {
      const post = (name: string, namespace: string): Promise<number> =>
        status(client(name).request('POST', `${base}/v1/secrets`, secret(namespace, `by-${name}`)))
      for (const name of ['admin', 'alice', 'dave']) assert.equal(await post(name, 'team-a'), 201, name)
      for (const name of ['alice', 'dave']) assert.equal(await post(name, 'team-b'), 403, name)
      assert.equal(await post('viewer', 'team-a'), 404)
      const path = `${base}/v1/secrets/team-a/by-admin`
      assert.equal(await status(client('viewer').request('DELETE', path)), 404)
      assert.equal(await status(client('eve').request('DELETE', path)), id === 'local' ? 404 : 401)
      assert.equal(await status(client('alice').request('DELETE', path)), 204)
    })

    it(`${id}: answers the raw path as the user`, async () => {
      const raw = `${base}/api/v1/namespaces/team-a/configmaps`
      const body = { metadata: { name: 'raw' }, data: { key: 'value' } }
      assert.equal(await status(client('viewer').request('POST', raw, body)), 403)
      assert.equal(await status(client('alice').request('POST', raw, body)), 201)
      assert.equal(await status(client('viewer').request('GET', `${raw}/raw`)), 200)
      assert.equal(await status(client('eve').request('GET', `${raw}/raw`)), 403)
      const typo = { metadata: { name: 'typo' }, datta: {} }
      const strict = await client('alice').request('POST', `${raw}?fieldValidation=Strict`, typo)
      assert.equal(strict.status, 400)
      assert.match(JSON.stringify(strict.body), /unknown field \\"datta\\"/)
      assert.equal(await status(client('alice').request('GET', `${base}/openapi/v3`)), 200)
      assert.equal(await status(client('alice').request('GET', `${base}/version`)), 200)
    })

    it(`${id}: tells users what they may do`, async () => {
      const may = async (name: string, namespace: string): Promise<boolean> => {
        const path = `${base}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`
        const resourceAttributes = { verb: 'create', resource: 'secrets', namespace }
        const review = await client(name).request<{ status: { allowed: boolean } }>('POST', path, {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        })
        assert.equal(review.status, 201)
        return review.body.status.allowed
      }
      const answers = async (namespace: string): Promise<boolean[]> =>
        Promise.all(['admin', 'alice', 'dave', 'viewer', 'eve'].map((name) => may(name, namespace)))
      assert.deepEqual(await answers('team-a'), [true, true, true, false, false])
      assert.deepEqual(await answers('team-b'), [true, false, false, false, false])
    })

    it(`${id}: is known to the API server as the user with Rancher's groups`, async () => {
      const path = `${base}/apis/authentication.k8s.io/v1/selfsubjectreviews`
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
      const forged = { authorization: `Bearer ${planes[0]?.adminToken}`, 'impersonate-user': 'admin' }
      const { body } = await client('alice').request<{ status: { userInfo: object } }>(
        'POST',
        path,
        review,
        forged,
      )
      assert.partialDeepStrictEqual(body.status.userInfo, {
        username: 'u-alice',
        groups: ['system:authenticated', 'system:cattle:authenticated'],
      })
    })

    it(`${id}: sends changes over the websocket, of the user's own namespaces only`, async () => {
      const socket = await client('alice').open(`${base}/v1/subscribe`)
      // As the Dashboard does: without the list's revision, what happens until the watch is up would be lost.
      const { revision } = await client('alice').get<{ revision: string }>(`${base}/v1/configmaps`)
      socket.send({ resourceType: 'configmap', resourceVersion: revision })
      await socket.find(({ name, resourceType }) => name === 'resource.start' && resourceType === 'configmap')
      const { plane } = rancher.clusters.get(id) as { plane: ControlPlane }
      // The foreign one first: when the own one has come, it would have been here.
      for (const namespace of ['team-b', 'team-a']) {
        await plane.admin.create(`/api/v1/namespaces/${namespace}/configmaps`, {
          metadata: { name: 'watched' },
        })
      }
      const created = await socket.find(({ name, data }) => {
        return name === 'resource.create' && data?.metadata?.name === 'watched'
      })
      assert.equal(created.data?.id, 'team-a/watched')
      const prefix = id === 'local' ? '' : base
      assert.partialDeepStrictEqual(created.data, {
        links: { self: `${rancher.url}${prefix}/v1/configmaps/team-a/watched` },
      })
      assert.ok(socket.messages.every(({ data }) => data?.metadata?.namespace !== 'team-b'))

      socket.send({ resourceType: 'nothing.example' })
      await socket.find(({ name }) => name === 'resource.error')
      await socket.close()
    })
  }

  it("keeps strangers out of a downstream cluster's Steve, and leaves the raw path to that cluster", async () => {
    for (const path of ['namespaces', 'schemas', 'secrets/team-a']) {
      const { status, body } = await client('eve').request('GET', `${bases[downstream]}/v1/${path}`)
      assert.deepEqual([status, body], [401, ''])
    }
    await assert.rejects(client('eve').open(`${bases[downstream]}/v1/subscribe`), /401/)
    const raw = await client('eve').request('GET', `${bases[downstream]}/api/v1/namespaces`)
    assert.equal(raw.status, 403)
    assert.equal(await status(client('admin').request('GET', '/k8s/clusters/c-m-none/v1/schemas')), 404)
  })

  it('follows members who leave', async () => {
    const project = projects[downstream] as Project
    await removeProjectMember(rancher, project, 'viewer')
    await client('viewer').untilIds('/v1/management.cattle.io.clusters', ['local'])
    await client('viewer').untilIds('/v1/management.cattle.io.projects', ['local/p-local'])
    assert.equal(await status(client('viewer').request('GET', `${bases[downstream]}/v1/namespaces`)), 401)
    assert.deepEqual(await client('dave').ids('/v1/management.cattle.io.clusters'), [downstream, 'local'])
  })

  it('names the clusters it knows when one is unknown', async () => {
    await assert.rejects(addProject(rancher, 'c-m-none', { projectId: 'p-x' }), /known: local, c-m-two/)
  })
})
