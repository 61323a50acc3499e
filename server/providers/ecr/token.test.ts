import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitToken } from './token.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64')

test('a token is split at the first colon: a password may hold more of them', () => {
  assert.deepEqual(splitToken(encode('AWS:a:b:c')), { username: 'AWS', password: 'a:b:c' })
})

for (const text of ['', 'AWS', 'AWS:', ':password']) {
  test(`${JSON.stringify(text)} is no token`, () => assert.equal(splitToken(encode(text)), undefined))
}
