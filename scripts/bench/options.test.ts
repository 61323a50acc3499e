import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOptions } from './options.ts'

describe('readOptions', () => {
  it('measures everything when nothing is said', () => {
    const { only, quick, runs } = readOptions([])
    assert.deepEqual([...only].join(''), 'abcdefgh')
    assert.deepEqual({ quick, runs }, { quick: false, runs: undefined })
  })
  it('takes letters, and numbers of runs', () => {
    const { only, quick, runs } = readOptions(['--only', 'a, c', '--quick', '--runs', '3'])
    assert.deepEqual([...only], ['a', 'c'])
    assert.deepEqual({ quick, runs }, { quick: true, runs: 3 })
  })
  for (const args of [['--only', 'z'], ['--only', ''], ['--runs', '0'], ['--runs', '1.5'], ['--fast'], ['c']])
    it(`refuses ${args.join(' ')}`, () => void assert.throws(() => readOptions(args)))
})
