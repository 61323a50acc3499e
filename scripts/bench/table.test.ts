import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Figure } from './figures.ts'
import { summarize } from './statistics.ts'
import { markdownTable, textTable } from './table.ts'

const runs: Figure = {
  id: 'fan-out',
  part: 'b',
  what: 'time | of a refresh',
  unit: 's',
  of: 'runs',
  ours: summarize([9, 8, 10]),
  reference: { what: 'bare client', value: summarize([4]) },
  goals: [{ of: 'median', relation: 'at most', value: 10 }],
}
const samples: Figure = {
  id: 'latency',
  part: 'c',
  what: 'latency',
  unit: 'ms',
  of: 'samples',
  ours: summarize([10, 12, 40]),
  goals: [
    { of: 'median', relation: 'at most', value: 15 },
    { of: 'p99', relation: 'at most', value: 25 },
  ],
}

describe('textTable', () => {
  it('shows median and extremes of runs, percentiles of samples, and marks each goal that is missed', () => {
    assert.deepEqual(textTable([runs, samples]), [
      'what                 ours                           reference         goal',
      '-------------------  -----------------------------  ----------------  --------------------------',
      'time | of a refresh  9 s (8 to 10)                  4 s: bare client  ≤ 10 s',
      'latency              p50 12, p99 40, max 40 ms (3)                    p50 ≤ 15 ms, p99 ≤ 25 ms !',
    ])
  })
})

describe('markdownTable', () => {
  it('counts one call and two calls', () => {
    const goals = [{ of: 'max', relation: 'at most', value: 1 }] as const
    const [, , row] = markdownTable([{ ...runs, what: 'asked', unit: 'calls', ours: summarize([1]), goals }])
    assert.equal(row, '| asked | 1 call | 4 calls: bare client | max ≤ 1 call |')
  })

  it('has one row for each figure, with its own bars escaped', () => {
    assert.deepEqual(
      markdownTable([runs, { ...samples, goals: [{ of: 'median', relation: 'at least', value: 13 }] }]),
      [
        '| what | ours | reference | goal |',
        '| --- | --- | --- | --- |',
        '| time \\| of a refresh | 9 s (8 to 10) | 4 s: bare client | ≤ 10 s |',
        '| latency | p50 12, p99 40, max 40 ms (3) |  | p50 ≥ 13 ms (missed) |',
      ],
    )
  })
})
