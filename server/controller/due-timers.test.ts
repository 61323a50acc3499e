import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { after, day, hour, minute, noon, second } from '../core/test-objects.ts'
import { DueTimers } from './due-timers.ts'

/** Timers over a clock that moves with them, and can be set apart from them. */
function bench(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: noon })
  const fired: [string, number][] = []
  let skew = 0
  const timers = new DueTimers<string>({
    now: () => Date.now() + skew,
    due: (key) => fired.push([key, Date.now() - noon.getTime()]),
  })
  return { timers, fired, setClock: (ms: number) => (skew += ms) }
}

test('a key is due at its time, once', (t) => {
  const { timers, fired } = bench(t)
  timers.set('key', after(minute))
  t.mock.timers.tick(minute - 1)
  assert.deepEqual(fired, [])
  t.mock.timers.tick(1)
  t.mock.timers.tick(day)
  assert.deepEqual(fired, [['key', minute]])
})

test('a wait of 30 days does not fire at once, but after an hour, so that its owner decides anew', (t) => {
  const { timers, fired } = bench(t)
  timers.set('key', after(30 * day))
  t.mock.timers.tick(hour - 1)
  assert.deepEqual(fired, [])
  t.mock.timers.tick(1)
  assert.deepEqual(fired, [['key', hour]])
})

test('an owner that sets the same time again after each hop is due at that time', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: noon })
  let fired = 0
  const at = after(30 * day)
  const timers: DueTimers<string> = new DueTimers<string>({
    now: () => Date.now(),
    due: (key) => {
      fired++
      if (Date.now() < at.getTime()) timers.set(key, at)
    },
  })
  timers.set('key', at)
  for (let i = 0; i < 29 * 24; i++) t.mock.timers.tick(hour)
  assert.equal(fired, 29 * 24)
  for (let i = 0; i < 48; i++) t.mock.timers.tick(hour)
  assert.equal(fired, 30 * 24)
})

test('a time in the past is due at once, but not within the call', (t) => {
  const { timers, fired } = bench(t)
  timers.set('key', after(-day))
  assert.deepEqual(fired, [])
  t.mock.timers.tick(1)
  assert.equal(fired.length, 1)
})

test('a new time takes the place of the old one, earlier or later', (t) => {
  const { timers, fired } = bench(t)
  timers.set('later', after(second))
  timers.set('later', after(minute))
  timers.set('earlier', after(minute))
  timers.set('earlier', after(second))
  t.mock.timers.tick(second)
  assert.deepEqual(fired, [['earlier', second]])
  t.mock.timers.tick(minute - second)
  assert.deepEqual(fired, [
    ['earlier', second],
    ['later', minute],
  ])
})

test('no time, or a cleared key, is never due', (t) => {
  const { timers, fired } = bench(t)
  timers.set('none', after(second))
  timers.set('none', undefined)
  timers.set('cleared', after(second))
  timers.clear('cleared')
  timers.clear('unknown')
  t.mock.timers.tick(day)
  assert.deepEqual(fired, [])
})

test('a key can be set again from within its own call', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: noon })
  const fired: number[] = []
  const timers: DueTimers<string> = new DueTimers<string>({
    now: () => Date.now(),
    due: (key) => {
      fired.push(Date.now() - noon.getTime())
      if (fired.length < 3) timers.set(key, after(fired.length * minute))
    },
  })
  timers.set('key', after(second))
  for (let i = 0; i < 10; i++) t.mock.timers.tick(minute)
  assert.equal(fired.length, 3)
})

test('when time is in doubt every key decides anew, once', (t) => {
  const { timers, fired, setClock } = bench(t)
  timers.set('a', after(minute))
  timers.set('b', after(30 * minute))
  setClock(-13 * hour)
  timers.fireAll()
  assert.deepEqual(
    fired.map(([key]) => key),
    ['a', 'b'],
  )
  t.mock.timers.tick(hour)
  assert.equal(fired.length, 2)
})

test('a clock that was set back delays by an hour at most', (t) => {
  const { timers, fired, setClock } = bench(t)
  setClock(-13 * hour)
  timers.set('key', after(minute))
  t.mock.timers.tick(hour)
  assert.equal(fired.length, 1)
})

test('a stop leaves nothing that fires', (t) => {
  const { timers, fired } = bench(t)
  timers.set('a', after(second))
  timers.set('b', after(minute))
  timers.stop()
  t.mock.timers.tick(day)
  timers.fireAll()
  assert.deepEqual(fired, [])
})
