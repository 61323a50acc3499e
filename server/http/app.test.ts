import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { RegistryError } from '../core/errors.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createRedactor } from '../telemetry/redact.ts'
import { createApp } from './app.ts'
import { listen, type Listening } from './listen.ts'
import { createKoa } from './middleware.ts'
import type { Readiness } from './readiness.ts'

const lines: string[] = []
const logger = createLogger({
  level: 'trace',
  redactor: createRedactor(),
  destination: { write: (line) => lines.push(line) },
})

describe('createApp', () => {
  let readiness: Readiness = { ready: true, checks: [] }
  let server: Listening
  let origin: string
  before(async () => {
    server = await listen(createApp({ logger, readiness: () => readiness }), { host: '127.0.0.1', port: 0 })
    origin = `http://127.0.0.1:${server.port}`
  })
  after(() => server.close())

  it('answers /healthz, also to HEAD, with headers that forbid everything to a browser', async () => {
    const got = await fetch(`${origin}/healthz`)
    assert.equal(got.status, 200)
    assert.deepEqual(await got.json(), { status: 'ok' })
    assert.equal(got.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(got.headers.get('cache-control'), 'no-store')
    assert.match(String(got.headers.get('content-security-policy')), /default-src 'none'/)
    const head = await fetch(`${origin}/healthz`, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(await head.text(), '')
  })

  it('answers /readyz with its checks, 503 when one fails', async () => {
    const checks = [{ name: 'watch:namespaces', ok: false, detail: 'not listed yet' }]
    readiness = { ready: false, checks }
    const unready = await fetch(`${origin}/readyz`)
    assert.equal(unready.status, 503)
    assert.deepEqual(await unready.json(), { ready: false, checks })
    readiness = { ready: true, checks: [] }
    assert.equal((await fetch(`${origin}/readyz`)).status, 200)
  })

  it('logs a change of readiness once, with what fails', async () => {
    const probe = async (now: Readiness): Promise<string[]> => {
      readiness = now
      const before = lines.length
      await (await fetch(`${origin}/readyz`)).text()
      const messages = lines.slice(before).filter((line) => line.includes('this replica'))
      return messages.map((line) => (JSON.parse(line) as { msg: string; failing?: unknown }).msg)
    }
    const since = '2026-11-22T11:55:00.000Z'
    const stale = { name: 'watch:secrets', ok: false, detail: 'silent for 300 s', since }
    const unready = { ready: false, checks: [{ name: 'lease', ok: true, detail: 'held' }, stale] }
    assert.deepEqual(await probe({ ready: true, checks: [] }), [])
    assert.deepEqual(await probe(unready), ['this replica is not ready any more'])
    assert.match(lines.join(''), /"failing":\[\{"name":"watch:secrets",[^\]]*"since":"2026-11-22T11:55/)
    assert.deepEqual(await probe(unready), [])
    assert.deepEqual(await probe({ ready: true, checks: [] }), ['this replica is ready'])
  })

  it('answers unknown paths and methods with problem+json', async () => {
    const missing = await fetch(`${origin}/nowhere?password=x`)
    assert.equal(missing.status, 404)
    assert.match(String(missing.headers.get('content-type')), /^application\/problem\+json/)
    assert.equal(((await missing.json()) as { code: string }).code, 'NotFound')
    const posted = await fetch(`${origin}/healthz`, { method: 'POST', body: '{}' })
    assert.equal(posted.status, 405)
    assert.equal(posted.headers.get('allow'), 'GET, HEAD')
  })

  it('logs neither cookies nor queries', async () => {
    await fetch(`${origin}/readyz?token=canary-query`, { headers: { cookie: 'R_SESS=canary-cookie' } })
    const log = lines.join('')
    assert.match(log, /"path":"\/readyz"/)
    assert.doesNotMatch(log, /canary/)
  })
})

describe('createKoa', () => {
  it('hides cookies from handlers', async (t) => {
    const app = createKoa(logger, {
      '/see': (ctx) => {
        ctx.body = { headers: ctx.req.headers, raw: ctx.req.rawHeaders, parsed: ctx.cookies.get('R_SESS') }
      },
    })
    const server = await listen(app, { host: '127.0.0.1', port: 0 })
    t.after(() => server.close())
    const answer = await fetch(`http://127.0.0.1:${server.port}/see`, {
      headers: { Cookie: 'R_SESS=canary' },
    })
    assert.doesNotMatch(await answer.text(), /canary/)
  })

  it('gives a fixed text for unknown errors and the code for known ones', async (t) => {
    const app = createKoa(logger, {
      '/defect': () => {
        throw new Error('canary-internal')
      },
      '/limited': () => Promise.reject(new RegistryError('RateLimited', 'slow down', { retryAfterMs: 1500 })),
    })
    const server = await listen(app, { host: '127.0.0.1', port: 0 })
    t.after(() => server.close())
    const defect = await fetch(`http://127.0.0.1:${server.port}/defect`)
    assert.equal(defect.status, 500)
    assert.doesNotMatch(await defect.text(), /canary/)
    assert.match(lines.join(''), /canary-internal/)
    const limited = await fetch(`http://127.0.0.1:${server.port}/limited`)
    assert.equal(limited.status, 429)
    assert.equal(limited.headers.get('retry-after'), '2')
    assert.deepEqual(await limited.json(), {
      type: 'urn:tokenregistries:problem:RateLimited',
      title: 'Rate Limited',
      status: 429,
      code: 'RateLimited',
      detail: 'slow down',
    })
  })
})

describe('listen', () => {
  it('names the address when the port is taken', async (t) => {
    const app = createKoa(logger, {})
    const first = await listen(app, { host: '127.0.0.1', port: 0 })
    t.after(() => first.close())
    await assert.rejects(listen(app, { host: '127.0.0.1', port: first.port }), {
      code: 'EADDRINUSE',
      message: new RegExp(`127.0.0.1:${first.port}`),
    })
  })

  it('lets a running request end, then closes; cuts what outlives the grace', async () => {
    let release = (): void => undefined
    const app = createKoa(logger, {
      '/slow': async (ctx) => {
        await new Promise<void>((resolve) => (release = resolve))
        ctx.body = 'done'
      },
      '/never': () => new Promise(() => undefined),
    })
    const server = await listen(app, { host: '127.0.0.1', port: 0, graceMs: 100 })
    const slow = fetch(`http://127.0.0.1:${server.port}/slow`).then((answer) => answer.text())
    const never = new Promise((resolve) => {
      request({ port: server.port, path: '/never' }).on('error', resolve).end()
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    const closed = server.close()
    release()
    assert.equal(await slow, 'done')
    assert.equal(((await never) as { code: string }).code, 'ECONNRESET')
    await closed
  })
})
