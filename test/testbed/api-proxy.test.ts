import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startApiProxy } from '../fakes/api-proxy.ts'
import { eventually } from '../integration/harness.ts'

test('a request is held as a whole when its body is there, not when its headers are', async (t) => {
  // What is held never comes as far as an API server.
  const folder = await mkdtemp(join(tmpdir(), 'api-proxy-'))
  const proxy = await startApiProxy({ url: 'https://127.0.0.1:1', ca: '', folder })
  t.after(async () => {
    await proxy.close()
    await rm(folder, { recursive: true })
  })
  proxy.inject('hold', { when: () => true, effect: { kind: 'hold' } })
  const path = '/api/v1/namespaces/shop/secrets/own'
  const sender = request(`${proxy.url}${path}`, {
    method: 'PATCH',
    ca: proxy.ca,
    headers: { 'content-length': '4' },
  })
  sender.on('error', () => undefined) // the proxy closes before an answer
  sender.write('{ ')
  await eventually('the headers', () => Promise.resolve(proxy.hits('hold') === 1 || undefined))
  assert.equal(proxy.held('hold'), 0)
  sender.end(' }')
  await eventually('the body', () => Promise.resolve(proxy.held('hold') === 1 || undefined))
})
