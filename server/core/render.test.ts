import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashPayload, verifyMac } from './mac.ts'
import { annotations, labels } from './names.ts'
import { parseDockerConfig, renderDockerConfig, renderSecret, rfc3339 } from './render.ts'
import { aCredential, after, aRegistry, noon } from './test-objects.ts'

const keys = { macKey: Buffer.alloc(32, 1), identityTag: 'identity' }
const hosts = ['b.example', 'a.example:5000']

test('the pull entry is exactly what the kubelet reads: sorted hosts, user, password and padded base64', () => {
  assert.equal(
    renderDockerConfig(hosts, 'AWS', 'pw'),
    '{"auths":{"a.example:5000":{"username":"AWS","password":"pw","auth":"QVdTOnB3"},' +
      '"b.example":{"username":"AWS","password":"pw","auth":"QVdTOnB3"}}}',
  )
  assert.match(renderDockerConfig(['h'], 'AWS', 'p'), /"auth":"QVdTOnA="/) // padding stays
})

test('base64 with the standard alphabet carries any user and password', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (username, password) => {
      const { auths } = JSON.parse(renderDockerConfig(['h'], username, password)) as {
        auths: { h: { auth: string } }
      }
      assert.match(auths.h.auth, /^[A-Za-z0-9+/]*={0,2}$/)
      assert.equal(auths.h.auth.length % 4, 0)
      assert.equal(
        Buffer.from(auths.h.auth, 'base64').toString(),
        Buffer.from(`${username}:${password}`).toString(),
      )
    }),
  )
})

test('the order in which hosts come changes neither payload nor mac', () => {
  const render = (order: string[]) => renderSecret(aRegistry(), order, aCredential(), keys)
  assert.deepEqual(render([...hosts].reverse()), render(hosts))
  assert.deepEqual(hosts, ['b.example', 'a.example:5000'])
})

test('a rendered entry is read back whole', () => {
  const host = fc.stringMatching(/^[a-z0-9.:-]{1,20}$/)
  fc.assert(
    fc.property(fc.uniqueArray(host, { minLength: 1 }), fc.string(), fc.string(), (given, user, pass) => {
      assert.deepEqual(parseDockerConfig(renderDockerConfig(given, user, pass)), {
        hosts: [...given].sort(),
        username: user,
        password: pass,
      })
    }),
  )
})

const broken = [
  '',
  'not json',
  'null',
  '7',
  '[]',
  '{}',
  '{"auths":null}',
  '{"auths":{}}',
  '{"auths":"text"}',
  '{"auths":{"a.example":null}}',
  '{"auths":{"a.example":{"auth":"QVdTOnA="}}}',
  '{"auths":{"a.example":{"username":"AWS","password":7}}}',
]
for (const text of broken) {
  test(`a pull entry that we would not write is no source: ${text || 'nothing'}`, () => {
    assert.equal(parseDockerConfig(text), undefined)
  })
}

test('labels and annotations of the spec are written, and never win over ours', () => {
  const mine = Object.fromEntries(
    [...Object.values(labels), ...Object.values(annotations)].map((key) => [key, 'forged']),
  )
  const registry = aRegistry({
    labels: { ...mine, 'shop.example/team': 'checkout' },
    annotations: { ...mine, 'shop.example/contact': 'x' },
  })
  const secret = renderSecret(registry, hosts, aCredential(), keys)
  assert.equal(secret.labels[labels.managedBy], 'token-registries')
  assert.equal(secret.labels[labels.ownerUid], registry.uid)
  assert.equal(secret.labels['shop.example/team'], 'checkout')
  assert.equal(secret.annotations['shop.example/contact'], 'x')
  const { owner, issuedAt, expiresAt, deletionPolicy, mac } = annotations
  for (const key of [owner, issuedAt, expiresAt, deletionPolicy, mac])
    assert.notEqual(secret.annotations[key], 'forged', key)
})

test('what is rendered verifies: the mac vouches for owner, identity, hosts, payload and the written times', () => {
  const registry = aRegistry()
  const secret = renderSecret(registry, hosts, aCredential(), keys)
  assert.equal(secret.payloadHash, hashPayload(secret.payload))
  const input = {
    owner: registry.owner,
    ownerUid: registry.uid,
    identityTag: keys.identityTag,
    payloadHash: secret.payloadHash,
    hosts,
    issuedAt: secret.annotations[annotations.issuedAt] ?? '',
    expiresAt: secret.annotations[annotations.expiresAt] ?? '',
  }
  assert.equal(verifyMac(keys.macKey, input, secret.annotations[annotations.mac] ?? ''), true)
  assert.equal(secret.annotations[annotations.mac], secret.mac)
})

test('times are written with whole seconds in UTC; no stated end is an empty text', () => {
  assert.equal(rfc3339(after(999)), '2026-03-02T12:00:00Z')
  const endless = renderSecret(aRegistry(), hosts, aCredential({ expiresAt: null }), keys)
  assert.equal(endless.annotations[annotations.expiresAt], '')
  assert.equal(endless.annotations[annotations.issuedAt], rfc3339(noon))
})

test('the Secret says by itself what shall happen to it, also when its registry is gone', () => {
  const policy = (retain: boolean) =>
    renderSecret(aRegistry({ retain }), hosts, aCredential(), keys).annotations[annotations.deletionPolicy]
  assert.equal(policy(true), 'Retain')
  assert.equal(policy(false), 'Delete')
})

test('the Secret carries the name that the spec asks for', () => {
  assert.equal(renderSecret(aRegistry({ secretName: 'pull' }), hosts, aCredential(), keys).name, 'pull')
})
