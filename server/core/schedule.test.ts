import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration } from '../api/schema/formats.ts'
import { rfc3339 } from './render.ts'
import { backoffMs, durationMs, nextRefresh, stableFraction, truncateToSecond } from './schedule.ts'
import { after, day, hour, minute, noon, second } from './test-objects.ts'

const jitterKeys = Array.from({ length: 1000 }, (_, i) => `identity-${i}`)
const limits = { minMs: 15 * second, maxMs: 15 * minute }
const wholeSecond = fc
  .integer({ min: 0, max: 4_102_444_800 })
  .map((seconds) => new Date(Math.max(1, seconds) * 1000))

function dueAfter(life: number | null, interval: number | undefined, key: string): number {
  const due = nextRefresh({ issuedAt: noon, expiresAt: life === null ? null : after(life) }, interval, key)
  assert.ok(due)
  return due.getTime() - noon.getTime()
}

test('a refresh comes at two thirds of the life or up to a tenth earlier, never later', () => {
  fc.assert(
    fc.property(wholeSecond, fc.integer({ min: 8, max: 31 * 86_400 }), fc.string(), (start, life, key) => {
      const ideal = (life * second * 2) / 3
      const due = nextRefresh({ issuedAt: start, expiresAt: after(life * second, start) }, undefined, key)
      assert.ok(due)
      const wait = due.getTime() - start.getTime()
      assert.ok(wait <= ideal, `${wait} ms is later than two thirds`)
      assert.ok(wait > ideal * 0.9 - second, `${wait} ms is more than a tenth early`)
      assert.equal(due.getMilliseconds(), 0)
    }),
  )
})

test('a restart that knows only what the annotations store computes the same due time', () => {
  fc.assert(
    fc.property(wholeSecond, fc.integer({ min: 1, max: 86_400 }), fc.string(), (issuedAt, life, key) => {
      const expiresAt = after(life * second, issuedAt)
      const stored = {
        issuedAt: new Date(rfc3339(issuedAt)),
        expiresAt: new Date(rfc3339(expiresAt)),
      }
      assert.deepEqual(
        nextRefresh(stored, undefined, key),
        nextRefresh({ issuedAt, expiresAt }, undefined, key),
      )
    }),
  )
})

test('a thousand identities that were issued in one second do not fall due in one second', () => {
  const dues = jitterKeys.map((key) => dueAfter(12 * hour, undefined, key))
  assert.ok(new Set(dues).size > 500, `${new Set(dues).size} different seconds`)
  const spread = Math.max(...dues) - Math.min(...dues)
  assert.ok(spread > 0.095 * 8 * hour, `spread over ${spread / minute} minutes`)
})

test('a credential that lives for 8 s is refreshed after 4 or 5 s', () => {
  const waits = new Set(jitterKeys.map((key) => dueAfter(8 * second, undefined, key)))
  assert.deepEqual([...waits].sort(), [4 * second, 5 * second])
})

test('without a stated end the interval rules, likewise up to a tenth earlier', () => {
  for (const wait of jitterKeys.map((key) => dueAfter(null, 10 * hour, key))) {
    assert.ok(wait > 9 * hour - second && wait <= 10 * hour, String(wait))
  }
})

test('a stated end beats the interval, whichever is shorter', () => {
  assert.ok(dueAfter(12 * hour, 5 * minute, 'key') > 7 * hour)
  assert.ok(dueAfter(12 * hour, 30 * day, 'key') <= 8 * hour)
})

test('with neither end nor interval there is no due time', () => {
  assert.equal(nextRefresh({ issuedAt: noon, expiresAt: null }, undefined, 'key'), undefined)
})

test('the jitter fraction is stable, differs by text and stays below one', () => {
  assert.equal(stableFraction('a'), stableFraction('a'))
  assert.notEqual(stableFraction('a'), stableFraction('b'))
  fc.assert(fc.property(fc.string(), (text) => stableFraction(text) >= 0 && stableFraction(text) < 1))
})

test('stored times are cut to the second, never rounded up', () => {
  assert.equal(truncateToSecond(1999), 1000)
  assert.equal(truncateToSecond(2000), 2000)
})

test('the back-off doubles from 15 s to 15 min and stays there', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100, 5000].map((n) => backoffMs(n, limits, 0) / second)
  assert.deepEqual(waits, [15, 30, 60, 120, 240, 480, 900, 900, 900, 900])
})

test('chance takes up to a fifth off the back-off and never adds to it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, random) => {
        const full = backoffMs(attempts, limits, 0)
        const wait = backoffMs(attempts, limits, random)
        assert.ok(wait <= full && wait >= Math.floor(full * 0.8), `${wait} of ${full}`)
      },
    ),
  )
  assert.equal(backoffMs(1, limits, 1), 12 * second)
})

test('what upstream asked for is a lower bound of the back-off, not its replacement', () => {
  assert.equal(backoffMs(1, limits, 1, hour), hour)
  assert.equal(backoffMs(1, limits, 1, second), 12 * second)
})

test('durations mean the same here as in the schema', () => {
  assert.equal(durationMs('1h30m'), 90 * minute)
  assert.equal(durationMs('90m'), 90 * minute)
  assert.equal(durationMs('12h'), 12 * hour)
  fc.assert(
    fc.property(fc.nat(999), fc.nat(99_999), (h, m) => {
      const text = `${h === 0 ? '' : `${h}h`}${m === 0 ? '' : `${m}m`}`
      fc.pre(text !== '')
      assert.equal(durationMs(text), parseDuration(text))
    }),
  )
})
