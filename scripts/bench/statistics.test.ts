import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { percentile, readable, summarize } from './statistics.ts'

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)

  it('is the nearest rank', () => {
    const at = [0, 1, 50, 99, 99.1, 100].map((percent) => percentile(hundred, percent))
    assert.deepEqual(at, [1, 1, 50, 99, 100, 100])
  })
  it('of one value is that value, and p99 of few values is the largest', () => {
    assert.equal(percentile([7], 50), 7)
    assert.equal(percentile([1, 2, 3], 99), 3)
  })
  it('refuses nothing, and what is no percentage', () => {
    assert.throws(() => percentile([], 50), /nothing was measured/)
    assert.throws(() => percentile([1], 101), RangeError)
    assert.throws(() => percentile([1], -1), RangeError)
  })
})

describe('summarize', () => {
  it('sorts by number, not by text, and leaves its input alone', () => {
    const values = [100, 9, 20]
    assert.deepEqual(summarize(values), { count: 3, min: 9, median: 20, p99: 100, max: 100 })
    assert.deepEqual(values, [100, 9, 20])
  })
})

describe('readable', () => {
  it('keeps three digits', () => {
    const texts = [0, 0.41666, 9.806, 12.345, 99.99, 150.4, 1041.7].map(readable)
    assert.deepEqual(texts, ['0', '0.417', '9.81', '12.3', '100', '150', '1042'])
  })
})
