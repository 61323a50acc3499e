import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createRedactor } from '../telemetry/redact.ts'
import type { Authorize, Verdict } from './authorize.ts'
import { listen } from './listen.ts'
import { createMetricsApp } from './metrics-app.ts'

/** The app on a free port with an API server that is asked through `authorize`, on a clock that tests turn. */
async function start(t: TestContext, authorize: Authorize | null) {
  const clock = { ms: 0 }
  const lines: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  const logger = createLogger({ level: 'trace', redactor: createRedactor(), destination })
  const metrics = createMetrics({ version: '0' })
  const app = createMetricsApp({ logger, metrics, authorize, now: () => clock.ms })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const get = (token?: string) =>
    fetch(
      `http://127.0.0.1:${server.port}/metrics`,
      token ? { headers: { Authorization: `Bearer ${token}` } } : {},
    )
  return { get, clock, lines }
}

function answering(verdicts: Record<string, Verdict>) {
  const asked: string[] = []
  const authorize: Authorize = (token, attributes) => {
    asked.push(token)
    assert.deepEqual(attributes, { path: '/metrics', verb: 'get' })
    return Promise.resolve(verdicts[token] ?? 'unauthenticated')
  }
  return { authorize, asked }
}

describe('createMetricsApp', () => {
  it('shows the figures to who may get the path, and to nobody else', async (t) => {
    const { authorize } = answering({ prometheus: 'allowed', tenant: 'forbidden' })
    const { get, lines } = await start(t, authorize)
    const allowed = await get('prometheus')
    assert.equal(allowed.status, 200)
    assert.match(String(allowed.headers.get('content-type')), /^text\/plain; version=0\.0\.4/)
    assert.match(await allowed.text(), /token_registries_leader 0/)
    const forbidden = await get('tenant')
    assert.equal(forbidden.status, 403)
    assert.doesNotMatch(await forbidden.text(), /token_registries/)
    for (const unknown of [await get('stranger'), await get()]) {
      assert.equal(unknown.status, 401)
      assert.equal(unknown.headers.get('www-authenticate'), 'Bearer')
    }
    assert.doesNotMatch(lines.join(''), /prometheus|stranger/)
  })

  it('asks once a minute for an allowed token, every 10 s for others, once for callers at the same time', async (t) => {
    const { authorize, asked } = answering({ prometheus: 'allowed' })
    const { get, clock } = await start(t, authorize)
    await Promise.all([get('prometheus'), get('prometheus')])
    clock.ms = 59_999
    await get('prometheus')
    assert.equal(asked.length, 1)
    clock.ms = 60_000
    await get('prometheus')
    assert.equal(asked.length, 2)
    await get('stranger')
    clock.ms += 9_999
    await get('stranger')
    assert.equal(asked.length, 3)
    clock.ms += 1
    await get('stranger')
    assert.equal(asked.length, 4)
  })

  it('answers 503 when the API server cannot be asked, and asks again next time', async (t) => {
    let down = true
    const { get } = await start(t, () =>
      down ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve('allowed'),
    )
    const refused = await get('prometheus')
    assert.equal(refused.status, 503)
    assert.doesNotMatch(await refused.text(), /ECONNREFUSED/)
    down = false
    assert.equal((await get('prometheus')).status, 200)
  })

  it('bounds how many tokens are asked about at once', async (t) => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const { get } = await start(t, () => gate.then(() => 'allowed' as const))
    const waiting = Array.from({ length: 16 }, (_, index) => get(`token-${index}`))
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal((await get('one-too-many')).status, 429)
    release()
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200)
  })

  it('is open where authentication is switched off', async (t) => {
    const { get } = await start(t, null)
    assert.equal((await get()).status, 200)
  })
})
