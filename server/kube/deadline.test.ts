import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mock, suite, test } from 'node:test'
import { Deadline, TimeoutReached } from './deadline.ts'
import { errorOfTransport, isBrokenConnection, isTlsFailure } from './transport-errors.ts'

const never = new Promise<never>(() => undefined)

suite('Deadline', () => {
  test('aborts after its time', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const deadline = new Deadline(undefined, 1000)
    const race = deadline.race(never)
    mock.timers.tick(1000)
    await assert.rejects(race, TimeoutReached)
    await assert.rejects(deadline.race(Promise.resolve()), TimeoutReached)
  })

  test('follows the caller, also one who aborted before', async () => {
    for (const early of [true, false]) {
      const caller = new AbortController()
      if (early) caller.abort(new Error('enough'))
      const deadline = new Deadline(caller.signal, 1000)
      const race = deadline.race(never)
      caller.abort(new Error('enough'))
      await assert.rejects(race, /enough/)
      deadline.close()
    }
  })

  test('leaves nothing on the signal of a caller who lives long', async () => {
    const caller = new AbortController()
    for (let index = 0; index < 20; index += 1) {
      const deadline = new Deadline(caller.signal, 1000)
      await deadline.race(Promise.resolve())
      deadline.close()
    }
    assert.equal(getEventListeners(caller.signal, 'abort').length, 0)
  })

  test('cancelled, ends what runs under it', async () => {
    const deadline = new Deadline(undefined, 1000)
    const race = deadline.race(never)
    deadline.cancel()
    await assert.rejects(race)
  })
})

suite('errorOfTransport', () => {
  const coded = (code: string, message = '') => Object.assign(new Error(message), { code })
  const cases: [what: string, error: unknown, reason: string, message: RegExp][] = [
    ['our deadline', new TimeoutReached('no answer within 5 ms'), 'Timeout', /no answer within 5 ms/],
    [
      'no connection in time',
      coded('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error'),
      'Timeout',
      /Connect/,
    ],
    [
      'nobody there',
      coded('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:443'),
      'Network',
      /10\.0\.0\.1:443/,
    ],
    ['nobody at several addresses', new AggregateError([coded('ECONNREFUSED')]), 'Network', /ECONNREFUSED/],
    ['something else thrown', 'text', 'Network', /failed/],
  ]
  for (const [what, error, reason, message] of cases) {
    test(what, () => {
      const mapped = errorOfTransport('GET /x', error, undefined)
      assert.deepEqual([mapped.status, mapped.reason], [0, reason])
      assert.match(mapped.message, message)
      assert.ok(mapped.message.startsWith('GET /x: '))
    })
  }

  test('whatever broke because of the caller is his abort', () => {
    assert.equal(errorOfTransport('GET /x', coded('ECONNRESET'), AbortSignal.abort()).reason, 'Aborted')
  })

  test('tells broken connections and refused certificates', () => {
    const of = (code: string) => errorOfTransport('GET /x', coded(code), undefined)
    assert.ok(isBrokenConnection(of('UND_ERR_SOCKET')) && isBrokenConnection(of('ECONNRESET')))
    assert.ok(!isBrokenConnection(of('ECONNREFUSED')))
    const refused = ['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']
    for (const code of [...refused, 'ERR_TLS_CERT_ALTNAME_INVALID']) assert.ok(isTlsFailure(of(code)), code)
    assert.ok(!isTlsFailure(of('ECONNRESET')))
  })
})
