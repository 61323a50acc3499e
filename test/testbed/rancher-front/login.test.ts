import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../control-plane.ts'
import { clientOf, RancherClient, setCookies } from './client.ts'
import { startRancher } from './front.ts'
import type { Rancher } from './options.ts'

const mozilla = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }

describe('The front and its users', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let rancher: Rancher

  before(async () => {
    plane = await startControlPlane()
    rancher = await startRancher({
      clusters: [{ id: 'local', plane }],
      users: [
        { name: 'admin', globalRole: 'admin', password: 'given by the test' },
        { name: 'alice', globalRole: 'user', displayName: 'Alice' },
        { name: 'eve', globalRole: 'user' },
      ],
    })
  })
  after(async () => {
    await rancher?.stop()
    await plane?.stop()
  })

  const password = (name: string): string => rancher.users.get(name)?.password ?? ''

  it('sets the session cookie for the right password only', async () => {
    const client = new RancherClient(rancher)
    const [cookie = '', ...others] = setCookies(await client.logIn('alice', password('alice')))
    assert.deepEqual(others, [])
    assert.match(cookie, /^R_SESS=token-[^;]+; path=\/; samesite=lax; httponly$/)
    assert.equal(password('admin'), 'given by the test')
    assert.notEqual(password('alice'), password('eve'))

    const post = (body: unknown): ReturnType<RancherClient['request']> =>
      new RancherClient(rancher).request('POST', '/v1-public/login', body)
    for (const login of [
      { type: 'localProvider', username: 'alice', password: password('eve') },
      { type: 'localProvider', username: 'alice' },
      { type: 'localProvider', username: 'bob' },
      { type: 'githubProvider', username: 'alice', password: password('alice') },
    ]) {
      const answer = await post(login)
      assert.equal(answer.status, 401)
      assert.deepEqual(setCookies(answer), [])
      const { type, status, code } = answer.body as Record<string, unknown>
      assert.deepEqual({ type, status, code }, { type: 'error', status: 401, code: 'Unauthorized' })
    }
  })

  it('answers the login page without a session, and nothing else', async () => {
    const anybody = new RancherClient(rancher)
    const settings = await anybody.ids('/v1/management.cattle.io.settings')
    assert.equal(settings.length, 12)
    assert.ok(settings.includes('first-login') && !settings.includes('server-url'))
    const one = (id: string): Promise<{ status: number }> =>
      anybody.request('GET', `/v1/management.cattle.io.settings/${id}`)
    assert.equal((await one('ui-brand')).status, 200)
    assert.equal((await one('server-url')).status, 403)
    assert.deepEqual(await anybody.get('/rancherversion'), {
      Version: 'v2.15.0',
      GitCommit: 'testbed',
      RancherPrime: 'false',
    })
    const open = ['/version', '/v1-public/authproviders', '/v1/uiplugins']
    for (const path of open) assert.equal((await anybody.request('GET', path)).status, 200, path)

    const closed = [
      ...['/v1', '/v1/namespaces', '/v1/schemas', '/v1/userpreferences', '/v1/counts', '/v3/schemas'],
      ...['/v3/principals', '/api/v1/namespaces', '/apis', '/openapi/v2'],
      ...[
        '/k8s/clusters/local/v1/namespaces',
        '/k8s/clusters/local/version',
        '/k8s/clusters/other/v1/schemas',
      ],
      '/k8s/clusters/local/v1/management.cattle.io.settings',
    ]
    for (const path of closed) {
      const { status, headers } = await anybody.request('GET', path)
      assert.deepEqual([status, headers['x-api-cattle-auth']], [401, 'false'], path)
    }
    const posted = await anybody.request('POST', '/v1/ext.cattle.io.selfuser', {})
    assert.equal(posted.status, 401)
    assert.equal((await anybody.request('POST', '/v1/management.cattle.io.settings', {})).status, 401)
  })

  it('tells users who they are', async () => {
    const alice = await clientOf(rancher, 'alice')
    for (const type of ['selfuser', 'selfusers']) {
      const { status, headers, body } = await alice.request('POST', `/v1/ext.cattle.io.${type}`, {})
      assert.deepEqual([status, headers['x-api-cattle-auth']], [201, 'true'])
      assert.deepEqual((body as { status: unknown }).status, { userID: 'u-alice' })
    }
    const user = await alice.get<{ username: string }>('/v1/management.cattle.io.user/u-alice')
    assert.equal(user.username, 'alice')
    assert.deepEqual(await alice.ids('/v1/management.cattle.io.users'), ['u-alice'])
    const { data } = await alice.get<{ data: Record<string, unknown>[] }>('/v3/principals')
    assert.deepEqual(
      data.map(({ id, me, name, loginName }) => ({ id, me, name, loginName })),
      [{ id: 'local://u-alice', me: true, name: 'Alice', loginName: 'alice' }],
    )
    assert.deepEqual(await alice.ids('/v3/schemas'), ['principal', 'token', 'user'])
    assert.equal((await alice.request('GET', '/v3/clusters')).status, 404)
  })

  it('ends a session at logout, and only that one', async () => {
    const [one, other] = [await clientOf(rancher, 'alice'), await clientOf(rancher, 'alice')]
    const answer = await one.request('POST', '/v1/logout', {}, mozilla)
    assert.equal(answer.status, 200)
    assert.match(setCookies(answer).join('\n'), /^R_SESS=; path=\/; expires=Thu, 01 Jan 1970/m)
    assert.equal((await one.request('GET', '/v1/namespaces')).status, 401)
    assert.equal((await other.request('GET', '/v1/namespaces')).status, 200)
    assert.equal((await new RancherClient(rancher).request('POST', '/v1/logout', {})).status, 401)
  })

  it('wants browsers to repeat the CSRF cookie in a header, except on raw paths', async () => {
    const alice = await clientOf(rancher, 'alice')
    const first = await alice.request('GET', '/v1/namespaces', undefined, mozilla)
    const cookie = /^CSRF=([0-9a-f]{32}); path=\/; samesite=lax$/.exec(setCookies(first)[0] ?? '')
    assert.ok(cookie?.[1])
    alice.cookie += `; CSRF=${cookie[1]}`
    const post = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await alice.request('POST', path, {}, headers)).status
    const path = '/v1/ext.cattle.io.selfuser'
    assert.equal(await post(path, mozilla), 422)
    assert.equal(await post(path, { ...mozilla, 'x-api-csrf': 'another' }), 422)
    assert.equal(await post(path, { ...mozilla, 'x-api-csrf': cookie[1] }), 201)
    assert.equal(await post(path, {}), 201)
    const inCluster = '/k8s/clusters/local/v1/configmaps'
    assert.equal(await post(inCluster, mozilla), 422)
    assert.equal(await post('/k8s/clusters/local/api/v1/namespaces/default/configmaps', mozilla), 403)
    const again = await alice.request('GET', '/v1/namespaces', undefined, mozilla)
    assert.deepEqual(setCookies(again), [])
  })

  it('keeps preferences for each user', async () => {
    const [alice, eve] = [await clientOf(rancher, 'alice'), await clientOf(rancher, 'eve')]
    const data = async (client: RancherClient): Promise<unknown> =>
      (await client.get<{ data: { data: unknown }[] }>('/v1/userpreferences')).data[0]?.data
    const mine = { data: { theme: '"ui-dark"', 'ns-by-cluster': '{}' } }
    const put = await alice.request('PUT', '/v1/userpreferences/u-alice', mine)
    assert.equal(put.status, 200)
    assert.deepEqual(await data(alice), mine.data)
    // The session decides whose they are.
    await eve.request('PUT', '/v1/userpreferences/u-alice', { data: { theme: '"ui-light"' } })
    assert.deepEqual(await data(alice), mine.data)
    assert.deepEqual(await data(eve), { theme: '"ui-light"' })
    rancher.resetPreferences()
    assert.deepEqual([await data(alice), await data(eve)], [{}, {}])
  })

  it('pings over the websocket of the old API, after a login only', async () => {
    const alice = await clientOf(rancher, 'alice')
    const socket = await alice.open('/v3/subscribe')
    assert.equal((await socket.find(() => true)).name, 'ping')
    await socket.close()
    await assert.rejects(new RancherClient(rancher).open('/v3/subscribe'), /401/)
    await assert.rejects(new RancherClient(rancher).open('/v1/subscribe'), /401/)
    await assert.rejects(alice.open('/nowhere'), /404/)
  })
})
