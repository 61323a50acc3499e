import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  errorOfAnswer,
  errorOfStatus,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isNotFound,
  isTerminating,
  KubeError,
  parseRetryAfter,
} from './errors.ts'
import type { Status } from './types.ts'

const answer = (code: number, status: Status | string, retryAfter?: string): KubeError =>
  errorOfAnswer(
    'GET /x',
    code,
    typeof status === 'string' ? status : JSON.stringify({ kind: 'Status', ...status }),
    retryAfter,
  )

suite('errorOfAnswer', () => {
  test('takes reason, message and details from a Status', () => {
    const details = { name: 'x', causes: [{ reason: 'FieldValueInvalid', field: 'spec', message: 'no' }] }
    const error = answer(422, { reason: 'Invalid', message: 'x is invalid', details })
    assert.equal(error.message, 'GET /x: x is invalid')
    assert.deepEqual(
      [error.status, error.reason, error.details, error.causes],
      [422, 'Invalid', details, details.causes],
    )
  })

  test('does not pass on the body of anybody else', () => {
    for (const body of ['<html>secret</html>', '{"message":"secret"}', '"secret"', '', 'null', '[{}]']) {
      const error = answer(502, body)
      assert.deepEqual([error.message, error.reason], ['GET /x: HTTP 502', 'Unknown'])
    }
    assert.equal(answer(503, 'busy').reason, 'ServiceUnavailable')
  })

  test('cuts a message without end', () => {
    assert.ok(answer(400, { message: 'x'.repeat(1e6) }).message.length < 1100)
  })

  test('knows how long to wait, by header before body', () => {
    const busy: Status = { reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } }
    assert.equal(answer(429, busy).retryAfterMs, 3000)
    assert.equal(answer(429, busy, '7').retryAfterMs, 7000)
    assert.equal(answer(429, { details: { retryAfterSeconds: 0 } }).retryAfterMs, undefined)
  })
})

test('parseRetryAfter reads seconds and dates', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  assert.equal(parseRetryAfter('0', now), 0)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000)
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:10 GMT', now), 0)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(undefined, now), undefined)
})

suite('what an error means', () => {
  const predicates = { isAlreadyExists, isConflict, isForbidden, isGone, isNotFound, isTerminating }
  const terminating = { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] }
  const cases: [name: string, error: unknown, holds: (keyof typeof predicates)[]][] = [
    ['missing', answer(404, { reason: 'NotFound' }), ['isNotFound']],
    ['missing kind, in plain text', answer(404, '404 page not found'), ['isNotFound']],
    ['changed', answer(409, { reason: 'Conflict' }), ['isConflict']],
    ['there already', answer(409, { reason: 'AlreadyExists' }), ['isAlreadyExists']],
    ['RBAC', answer(403, { reason: 'Forbidden' }), ['isForbidden']],
    [
      'namespace going',
      answer(403, { reason: 'Forbidden', details: terminating }),
      ['isForbidden', 'isTerminating'],
    ],
    ['old version', answer(410, { reason: 'Expired' }), ['isGone']],
    [
      'old version in a watch',
      errorOfStatus('watch /x', { code: 410, reason: 'Expired', message: 'too old' }),
      ['isGone'],
    ],
    ['no answer', new KubeError({ status: 0, reason: 'Network', message: 'x' }), []],
    ['another error', new Error('404'), []],
    ['no error', undefined, []],
  ]
  for (const [name, error, holds] of cases) {
    test(name, () => {
      for (const [key, predicate] of Object.entries(predicates)) {
        assert.equal(predicate(error), holds.includes(key as keyof typeof predicates), key)
      }
    })
  }
})
