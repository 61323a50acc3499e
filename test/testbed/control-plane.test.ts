import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { Agent } from 'undici'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { KubeClient, type KubeObject } from './kube-client.ts'

const namespaces = '/api/v1/namespaces'
const rbac = '/apis/rbac.authorization.k8s.io/v1'

describe('control plane', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let other: ControlPlane

  before(async () => {
    ;[plane, other] = await Promise.all([startControlPlane(), startControlPlane()])
  })
  after(() => Promise.all([plane?.stop(), other?.stop()]))

  it('runs twice at once, each with its own data', async () => {
    await plane.admin.create(namespaces, { metadata: { name: 'only-here' } })
    assert.equal((await plane.request('admin', 'GET', `${namespaces}/only-here`)).status, 200)
    assert.equal((await other.request('admin', 'GET', `${namespaces}/only-here`)).status, 404)
  })

  it('shows a certificate that clients verify', async () => {
    const agent = new Agent({ connect: { ca: other.ca } })
    const stranger = new KubeClient(plane.url, agent, plane.adminToken)
    await assert.rejects(stranger.get('/version'), /certificate/)
    await agent.destroy()
    const version = await plane.admin.get<{ gitVersion: string }>('/version')
    assert.equal(version.gitVersion, 'v1.36.3')
  })

  it('refuses users without rights, and strangers', async () => {
    assert.equal((await plane.request('alice', 'GET', namespaces)).status, 403)
    assert.equal((await plane.request('no-such-token', 'GET', namespaces)).status, 401)
  })

  it('knows users by their id and groups', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const me = await plane.client('bob').create<{ status: { userInfo: unknown } }>(path, review)
    assert.deepEqual(me.status.userInfo, {
      username: 'u-bob',
      uid: 'u-bob',
      groups: ['system:cattle:authenticated', 'system:authenticated'],
    })
    assert.throws(() => plane.user('nobody'), /known: admin, alice/)
  })

  it('gives a new namespace its default ServiceAccount and removes a deleted one', async () => {
    const path = `${namespaces}/short-lived`
    await plane.admin.create(namespaces, { metadata: { name: 'short-lived' } })
    await plane.admin.waitFor(`${path}/serviceaccounts/default`, () => true)
    await plane.admin.create(`${path}/configmaps`, { metadata: { name: 'content' } })
    await plane.admin.delete(path)
    await plane.admin.waitUntilGone(path)
  })

  it('aggregates ClusterRoles', async () => {
    const label = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }
    const rules = [{ apiGroups: ['things.example'], resources: ['things'], verbs: ['get'] }]
    await plane.admin.create(`${rbac}/clusterroles`, { metadata: { name: 'things', labels: label }, rules })
    await plane.admin.waitFor(`${rbac}/clusterroles/edit`, (role) =>
      JSON.stringify(role.rules).includes('things.example'),
    )
  })

  it('issues ServiceAccount tokens for chosen audiences', async () => {
    const own = await plane.serviceAccountToken('default', 'default')
    assert.equal((await plane.request(own, 'GET', namespaces)).status, 403)
    const foreign = await plane.serviceAccountToken('default', 'default', { audiences: ['cloud'] })
    assert.equal((await plane.request(foreign, 'GET', namespaces)).status, 401)
    const claims = JSON.parse(String(Buffer.from(foreign.split('.')[1] ?? '', 'base64url'))) as KubeObject
    assert.equal(claims.iss, plane.serviceAccountIssuer)
    assert.deepEqual(claims.aud, ['cloud'])
  })

  it('records every request for the audit', async () => {
    await plane.request('carol', 'GET', `${namespaces}/default/secrets/wanted`)
    const events = await plane.auditEvents({ user: 'u-carol', resource: 'secrets' })
    assert.deepEqual(
      events.map(({ verb, objectRef, responseStatus }) => [verb, objectRef?.name, responseStatus?.code]),
      [['get', 'wanted', 403]],
    )
  })

  it('is spoken to by kubectl and helm', async () => {
    await plane.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {a: b}}')
    const seen = await plane.kubectl(['get', 'configmap', 'applied', '-o', 'jsonpath={.data.a}'])
    assert.equal(seen, 'b')
    await assert.rejects(
      plane.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong}, dota: {a: b}}'),
      /dota/,
    )
    await assert.rejects(plane.kubectl(['get', 'pods'], { token: 'eve' }), /u-eve.*cannot list/s)
    assert.equal((await plane.helm(['list', '--output', 'json'])).trim(), '[]')
  })

  it('keeps its data over restarts of the API server and etcd', async () => {
    await plane.admin.create(`${namespaces}/default/configmaps`, { metadata: { name: 'survivor' } })
    await plane.restartApiServer()
    await plane.restartEtcd()
    await plane.admin.waitFor(`${namespaces}/default/configmaps/survivor`, () => true)
  })

  it('says what it last saw when waiting was in vain', async () => {
    const waiting = plane.admin.waitFor(`${namespaces}/default`, () => false, {
      timeoutMs: 1,
      what: 'a miracle',
    })
    await assert.rejects(waiting, /waited 1 ms for a miracle; last seen: .*"name": "default"/s)
  })

  it('leaves nothing behind when stopped', async () => {
    const { etcd, apiServer, controllerManager } = other.processes
    await other.stop()
    assert.deepEqual([etcd.pid, apiServer.pid, controllerManager.pid], [undefined, undefined, undefined])
    assert.equal(existsSync(other.folder), false)
  })
})
