// The conventions of Prometheus that can be checked by machine: https://prometheus.io/docs/practices/naming/
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { metricTable, type MetricEntry } from './metric-table.ts'

/** What may differ between objects of tenants; everything else has few values. */
const unbounded = new Set(['namespace', 'name'])

describe('metricTable', () => {
  it('has each name once', () => {
    const names = metricTable.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })

  for (const entry of metricTable as readonly MetricEntry[]) {
    const { name, type, help, labels, buckets } = entry
    it(`${name} is named as Prometheus recommends`, () => {
      assert.match(name, /^(token_registries|process|nodejs)(_[a-z]+)+$/)
      assert.equal(name.endsWith('_total'), type === 'counter', 'counters end in _total, others do not')
      assert.doesNotMatch(name, /_(milliseconds|ms|minutes|hours|mb|kb|percent)(_|$)/, 'base units')
      assert.match(help, /^[A-Z1].*\.$/, 'help is a sentence')
      assert.equal(type === 'histogram', buckets !== undefined)
      for (const label of Object.keys(labels)) {
        assert.match(label, /^[a-z]+$/)
        assert.ok(
          !['job', 'instance', 'pod', 'le', 'quantile'].includes(label),
          `${label} is Prometheus' own`,
        )
      }
    })

    it(`${name} names objects only where there is one series per registry`, () => {
      const names = Object.keys(labels).filter((label) => unbounded.has(label))
      assert.deepEqual(names, name.startsWith('token_registries_registry_') ? ['namespace', 'name'] : [])
    })
  }
})
