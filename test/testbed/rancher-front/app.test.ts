import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { freePort } from '../ports.ts'
import { Sessions } from './accounts.ts'
import { createApp } from './app.ts'
import { RancherClient } from './client.ts'
import type { Account, ApiRequest, Cluster } from './options.ts'
import { PluginIndex } from './plugin-index.ts'
import { acceptUpgrades } from './upgrades.ts'

const alice: Account = {
  id: 'u-alice',
  name: 'alice',
  displayName: 'Alice',
  password: 'secret',
  globalRole: 'user',
}

describe('The front in front of a server that writes down what it is sent', () => {
  const requests: ApiRequest[] = []
  const clusters = new Map<string, Cluster>()
  const received: IncomingMessage[] = []
  let folder: string
  let upstream: Server
  let front: Server
  let endUpgrades: () => void
  let url: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'front-'))
    await mkdir(join(folder, 'dist', 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'not for the browser')
    await writeFile(join(folder, 'dist', 'index.html'), '<title>start page</title>')
    await writeFile(join(folder, 'dist', 'assets', 'app.js'), 'app()')
    await symlink('../../secret.txt', join(folder, 'dist', 'assets', 'link.txt'))
    upstream = createServer((incoming, answer) => {
      received.push(incoming)
      answer.setHeader('set-cookie', ['CSRF=upstream; Secure'])
      answer.end('answered')
    })
    upstream.on('upgrade', (incoming, socket) => {
      received.push(incoming)
      socket.end('HTTP/1.1 403 Forbidden\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\nno')
    })
    const steve = await listen(upstream)
    clusters.set('local', { id: 'local', displayName: 'local', steve: { url: steve } } as Cluster)
    const sessions = new Sessions(new Map([['alice', alice]]))
    const dashboard = join(folder, 'dist')
    const parts = { sessions, clusters, requests }
    const app = createApp({
      ...parts,
      dashboard,
      preferences: new Map(),
      plugins: new PluginIndex(),
      version: 'v2.15.0',
    })
    const handle = app.callback()
    front = createServer((incoming, answer) => void handle(incoming, answer))
    endUpgrades = acceptUpgrades(front, parts)
    url = await listen(front)
  })
  after(async () => {
    endUpgrades()
    for (const server of [front, upstream]) {
      server.close()
      server.closeAllConnections()
    }
    await rm(folder, { recursive: true })
  })

  const loggedIn = async (): Promise<RancherClient> => {
    const client = new RancherClient({ url })
    await client.logIn('alice', 'secret')
    return client
  }

  /** Sends a path as it is, where other clients would tidy it up. */
  const raw = async (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<[number, string, string]> => {
    const sent = request({ port: new URL(url).port, host: '127.0.0.1', path, headers }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return [answer.statusCode ?? 0, await text(answer), answer.headers['content-type'] ?? '']
  }

  it('serves the pages and falls back to the start page', async () => {
    assert.deepEqual(await raw('/dashboard/assets/app.js'), [200, 'app()', 'text/javascript; charset=utf-8'])
    const start = [200, '<title>start page</title>', 'text/html; charset=utf-8']
    assert.deepEqual(await raw('/dashboard/'), start)
    assert.deepEqual(await raw('/dashboard/c/local/explorer?x=1'), start)
    assert.deepEqual(await raw('/dashboard/assets'), start)
    for (const path of ['/', '/dashboard']) assert.equal((await raw(path))[0], 302)
  })

  it('serves nothing from outside of the folder', async () => {
    for (const path of [
      '/dashboard/../secret.txt',
      '/dashboard/%2e%2e/secret.txt',
      '/dashboard/..%2fsecret.txt',
      '/dashboard/assets/..%2f..%2fsecret.txt',
      '/dashboard/assets/link.txt',
      '/dashboard/%00',
      '/dashboard/%',
      `/dashboard/${encodeURIComponent(join(folder, 'secret.txt'))}`,
      `//dashboard/../secret.txt`,
    ]) {
      const [status, body] = await raw(path)
      assert.ok(!body.includes('not for'), path)
      assert.ok([200, 404].includes(status) && !/ENO|EINVAL/.test(body), `${path}: ${status} ${body}`)
    }
  })

  it('records what was asked of the API, without pages', async () => {
    const client = await loggedIn()
    requests.length = 0
    await client.get('/v1/namespaces?page=1&pagesize=10')
    await raw('/dashboard/')
    await raw('/v1/namespaces')
    assert.deepEqual(requests, [
      { method: 'GET', path: '/v1/namespaces', query: '?page=1&pagesize=10', status: 200, user: 'alice' },
      { method: 'GET', path: '/v1/namespaces', query: '', status: 401, user: undefined },
    ])
  })

  /** Everything by which a browser could try to be somebody else or somewhere else. */
  const forged = {
    authorization: 'Bearer admin',
    'impersonate-user': 'admin',
    'impersonate-group': 'system:masters',
    'impersonate-extra-scopes': 'all',
    'impersonate-uid': '1',
    'x-remote-user': 'admin',
    'x-remote-group': 'system:masters',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'elsewhere.example',
    'x-api-host': 'elsewhere.example',
    'x-api-url-prefix': '/elsewhere',
    origin: 'https://elsewhere.example',
  }

  const expected = (): Record<string, unknown> => ({
    'impersonate-user': 'u-alice',
    // node:http joins headers of one name.
    'impersonate-group': 'system:authenticated, system:cattle:authenticated',
    'x-api-host': new URL(url).host,
    'x-forwarded-proto': 'http',
  })

  const identityIn = ({ headers }: IncomingMessage): Record<string, unknown> => {
    const names = Object.keys({ ...forged, ...expected(), cookie: '', 'x-api-csrf': '' })
    return Object.fromEntries(names.filter((name) => name in headers).map((name) => [name, headers[name]]))
  }

  it('says itself who asks, whatever the browser says, and keeps the cookies to itself', async () => {
    const client = await loggedIn()
    for (const path of ['/v1/namespaces', '/k8s/clusters/local/api/v1/secrets?watch=1', '/apis']) {
      received.length = 0
      const answer = await client.request('GET', path, undefined, forged)
      assert.deepEqual([answer.status, answer.body], [200, 'answered'])
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.deepEqual(received.map(identityIn), [expected()])
      assert.equal(received[0]?.url, path.replace('/k8s/clusters/local', ''))
    }
    received.length = 0
    const anybody = new RancherClient({ url })
    assert.equal((await anybody.request('GET', '/v1/namespaces', undefined, forged)).status, 401)
    await anybody.request('GET', '/version', undefined, forged)
    assert.deepEqual(
      received.map(({ headers }) => headers['impersonate-user']),
      ['system:unauthenticated'],
    )
  })

  it('does the same for a websocket, and hands a refusal on', async () => {
    const client = await loggedIn()
    received.length = 0
    await assert.rejects(client.open('/v1/subscribe?a=b', forged), /403/)
    assert.deepEqual(received.map(identityIn), [expected()])
    assert.equal(received[0]?.url, '/v1/subscribe?a=b')
    assert.equal(received[0]?.headers['sec-websocket-version'], '13')
  })

  it('resolves the path before it decides by it', async () => {
    const client = await loggedIn()
    received.length = 0
    for (const path of [
      '/k8s/clusters/local/v1/../../../../dashboard-secret',
      '/v1/../k8s/clusters/other/v1/namespaces',
      '/k8s/clusters/local/metrics',
      '/metrics',
      '/v1-internal',
    ]) {
      assert.equal((await raw(path, { cookie: client.cookie }))[0], 404, path)
    }
    assert.deepEqual(received, [])
  })

  it('answers 502 when a cluster does not', async () => {
    const client = await loggedIn()
    const closed = `http://127.0.0.1:${await freePort()}`
    clusters.set('c-m-gone', { id: 'c-m-gone', steve: { url: closed } } as Cluster)
    const answer = await client.request<{ code: string }>('GET', '/k8s/clusters/c-m-gone/version')
    assert.deepEqual([answer.status, answer.body.code], [502, 'ServerError'])
    await assert.rejects(client.open('/k8s/clusters/c-m-gone/api'), /502/)
  })
})

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
