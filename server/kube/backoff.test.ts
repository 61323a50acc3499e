import assert from 'node:assert/strict'
import { mock, suite, test } from 'node:test'
import { Backoff, wait } from './backoff.ts'

suite('Backoff', () => {
  const waits = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.nextMs())

  test('doubles up to its end', () => {
    const backoff = new Backoff({ minMs: 250, maxMs: 3000, random: () => 1 })
    assert.deepEqual(waits(backoff, 6), [250, 500, 1000, 2000, 3000, 3000])
  })

  test('takes off up to a half', () => {
    const backoff = new Backoff({ minMs: 1000, maxMs: 1000, random: () => 0 })
    assert.equal(backoff.nextMs(), 500)
  })

  test('begins anew after a reset', () => {
    const backoff = new Backoff({ minMs: 250, maxMs: 30_000, random: () => 1 })
    waits(backoff, 4)
    backoff.reset()
    assert.equal(backoff.nextMs(), 250)
  })

  test('waits at least as long as the server asks', () => {
    const backoff = new Backoff({ minMs: 250, maxMs: 1000, random: () => 1 })
    assert.equal(backoff.nextMs(60_000), 60_000)
    assert.equal(backoff.nextMs(10), 500)
  })

  test('stays a number after years of failures', () => {
    const backoff = new Backoff({ minMs: 250, maxMs: 30_000, random: () => 1 })
    assert.equal(waits(backoff, 5000).at(-1), 30_000)
  })
})

suite('wait', () => {
  test('ends with the time', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const waiting = wait(1000, new AbortController().signal)
    mock.timers.tick(1000)
    await waiting
  })

  test('ends with the signal, before and after it began', async () => {
    const abort = new AbortController()
    const waiting = wait(2 ** 31 - 1, abort.signal)
    abort.abort()
    await waiting
    await wait(2 ** 31 - 1, abort.signal)
  })
})
