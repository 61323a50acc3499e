import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultBook, refusal, type ProxiedRequest } from './api-faults.ts'

const read: ProxiedRequest = {
  method: 'GET',
  path: '/api/v1/secrets',
  query: new URLSearchParams(),
  resource: 'secrets',
}
const write: ProxiedRequest = { ...read, method: 'PATCH' }
const effect = refusal(503, 'ServiceUnavailable')
const isWrite = ({ method }: ProxiedRequest): boolean => method === 'PATCH'

test('a fault hits what it is for, counted, until it is healed', () => {
  const book = new FaultBook()
  book.inject('storm', { when: isWrite, effect })
  assert.equal(book.take(read), undefined)
  assert.equal(book.take(write)?.effect, effect)
  book.heal('storm')
  assert.equal(book.take(write), undefined)
  assert.equal(book.hits('storm'), 1)
  book.inject('storm', { when: isWrite, effect })
  book.take(write)
  assert.equal(book.hits('storm'), 2, 'hits of both times')
  book.reset()
  assert.equal(book.hits('storm'), 0)
})

test('a fault for so many times leaves what comes after to the next one', () => {
  const book = new FaultBook()
  const second = refusal(500, 'InternalError')
  book.inject('first', { when: isWrite, effect, times: 2 })
  book.inject('second', { when: isWrite, effect: second })
  assert.deepEqual(
    [1, 2, 3].map(() => book.take(write)?.effect),
    [effect, effect, second],
  )
})

test('a share is taken by the random numbers that are given', () => {
  const book = new FaultBook()
  const numbers = [0.04, 0.05, 0.9]
  book.random = () => numbers.shift() ?? 1
  book.inject('rare', { when: () => true, effect, share: 0.05 })
  assert.deepEqual(
    [1, 2, 3].map(() => book.take(read) !== undefined),
    [true, false, false],
  )
})

test('what is held is let go by healing', async () => {
  const book = new FaultBook()
  book.inject('hold', { when: () => true, effect: { kind: 'hold' } })
  const held = book.take(write)?.healed
  book.healAll()
  await held
})

test('only a mute fault swallows bytes of open watches, and counts them', () => {
  const book = new FaultBook()
  book.inject('storm', { when: () => true, effect })
  assert.equal(book.mutes(read), false)
  book.inject('silence', { when: () => true, effect: { kind: 'mute' } })
  assert.equal(book.mutes(read), true)
  assert.equal(book.hits('silence'), 1)
})
