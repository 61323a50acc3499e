import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { startOneOrigin } from './one-origin.ts'

/** A server that says its name, what was asked, and under which host. */
async function startEcho(t: TestContext, name: string): Promise<string> {
  const server = createServer((request, response) => {
    request.setEncoding('utf8')
    let body = ''
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      response.setHeader('set-cookie', [`a=${name}`, 'b=2'])
      response.end([name, request.method, request.url, request.headers.host, body].join(' '))
    })
  })
  new WebSocketServer({ server }).on('connection', (socket, { url }) => {
    socket.on('message', (data: Buffer) => socket.send(`${name} ${url} ${data.toString()}`))
  })
  return listen(t, server)
}

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function start(t: TestContext): Promise<string> {
  const both = { pages: await startEcho(t, 'pages'), api: await startEcho(t, 'api') }
  const { url, stop } = await startOneOrigin(both)
  t.after(stop)
  return url
}

describe('one origin', () => {
  it('sends pages to the one server and everything else to the other, under its own host', async (t) => {
    const url = await start(t)
    const { host } = new URL(url)
    for (const [path, name] of [
      ['/dashboard/c/local', 'pages'],
      ['/', 'pages'],
      ['/v1/secrets?page=1', 'api'],
      ['/k8s/clusters/local/v1/dashboards', 'api'],
    ] as const)
      assert.equal(await (await fetch(url + path)).text(), `${name} GET ${path} ${host} `)
    const answer = await fetch(`${url}/v3/x`, { method: 'POST', body: 'hello' })
    assert.equal(await answer.text(), `api POST /v3/x ${host} hello`)
    assert.deepEqual(answer.headers.getSetCookie(), ['a=api', 'b=2'])
  })

  it('hides the installed extension, since the sources are built in', async (t) => {
    const answer = await fetch(`${await start(t)}/v1/uiplugins`)
    assert.deepEqual(await answer.json(), {})
  })

  for (const [path, name] of [
    ['/ws', 'pages'],
    ['/v1/subscribe', 'api'],
  ] as const) {
    it(`connects websockets with the server of ${name}`, async (t) => {
      const socket = new WebSocket((await start(t)).replace('http', 'ws') + path)
      t.after(() => socket.terminate())
      await once(socket, 'open')
      socket.send('hello')
      const [data] = (await once(socket, 'message')) as [Buffer]
      assert.equal(data.toString(), `${name} ${path} hello`)
    })
  }

  it('says when a server cannot be reached', async (t) => {
    const { url, stop } = await startOneOrigin({ pages: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' })
    t.after(stop)
    assert.equal((await fetch(`${url}/v1/x`)).status, 502)
  })
})
