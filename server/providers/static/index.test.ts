import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardThatLists } from '../../net/test-guard.ts'
import type { IssuedCredential } from '../provider.ts'
import { staticProvider } from './index.ts'

function issue(values: Record<string, string>): Promise<IssuedCredential> {
  return staticProvider.issue(
    { hosts: ['registry.example'] },
    {
      credentials: { kind: 'material', values, source: 'Secret shop/quay' },
      signal: new AbortController().signal,
      now: () => new Date('2026-01-01T00:00:00Z'),
      guard: guardThatLists(),
    },
  )
}

test('the values of the Secret become the credential, without an end', async () => {
  assert.deepEqual(await issue({ username: 'robot$shop', password: 'with:colon and space ' }), {
    username: 'robot$shop',
    password: 'with:colon and space ',
    issuedAt: new Date('2026-01-01T00:00:00Z'),
    expiresAt: null,
  })
})

test('a line break at the end is cut off', async () => {
  const { username, password } = await issue({ username: 'robot\n', password: 'CANARY\r\n' })
  assert.deepEqual([username, password], ['robot', 'CANARY'])
})

for (const [name, values, code, words] of [
  ['no username', { password: 'CANARY' }, 'ReferenceMissing', /Secret shop\/quay: key username/],
  ['an empty password', { username: 'robot', password: ' \n' }, 'ReferenceMissing', /key password/],
  [
    'a line break inside',
    { username: 'robot', password: 'CANARY\nsecond' },
    'CredentialsInvalid',
    /key password.*one line/,
  ],
  [
    'a colon in the user name',
    { username: 'robot:CANARY', password: 'x' },
    'CredentialsInvalid',
    /key username.*colon/,
  ],
] as const) {
  test(`${name} is ${code}`, async () => {
    await assert.rejects(issue(values), (error: Error & { code: string }) => {
      assert.equal(error.code, code)
      assert.match(error.message, words)
      assert.doesNotMatch(error.message, /CANARY/)
      return true
    })
  })
}
