// The chart's dashboard: Grafana can load it, and its panels show metrics that there are.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { metricTable } from '../../server/telemetry/metric-table.ts'
import { promtool } from '../testbed/promtool.ts'
import { unknownNames, usesOf } from './promql.ts'
import { find, render } from './render.ts'

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: Place
  readonly datasource?: unknown
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly datasource: unknown
  }[]
}

interface Variable {
  readonly name: string
  readonly type: string
  readonly datasource?: unknown
  readonly definition?: string
}

interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly templating: { readonly list: readonly Variable[] }
  readonly panels: readonly Panel[]
}

const config = find(
  await render({ metrics: { dashboard: { enabled: true } } }),
  'ConfigMap',
  'token-registries-dashboard',
)
const dashboard = JSON.parse(String(config['data']['token-registries.json'])) as Dashboard
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** As Grafana fills variables in before Prometheus sees them. */
function filled(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', 'shop|tools')
}

describe('the dashboard of the chart', () => {
  it('lies where the sidecar of Rancher Monitoring looks, under a label that it looks for', () => {
    assert.equal(config.metadata.namespace, 'cattle-dashboards')
    assert.equal(config.metadata.labels?.['grafana_dashboard'], '1')
  })

  it('lies beside the server when no namespace is given', async () => {
    const objects = await render({ metrics: { dashboard: { enabled: true, namespace: '' } } })
    const { metadata } = find(objects, 'ConfigMap', 'token-registries-dashboard')
    assert.equal(metadata.namespace, 'token-registries-system')
  })

  it('asks whoever looks for the data source, and every panel takes that', () => {
    const source = dashboard.templating.list.find(({ name }) => name === 'datasource')
    assert.equal(source?.type, 'datasource')
    const wanted = { type: 'prometheus', uid: '${datasource}' }
    for (const { title, datasource, targets = [] } of panels) {
      assert.deepEqual(datasource, wanted, title)
      assert.ok(targets.length > 0, title)
      for (const target of targets) assert.deepEqual(target.datasource, wanted, title)
    }
    for (const variable of dashboard.templating.list.filter(({ type }) => type === 'query'))
      assert.deepEqual(variable.datasource, wanted, variable.name)
  })

  it('has panels with a title, a sentence and a number of their own', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    for (const { title, description = '' } of panels) assert.match(description, /\.$/, title)
    for (const { title, targets = [] } of panels) {
      const refs = targets.map(({ refId }) => refId)
      assert.equal(new Set(refs).size, refs.length, title)
    }
  })

  it('has panels that do not lie upon one another', () => {
    for (const [index, { title, gridPos: a }] of dashboard.panels.entries()) {
      assert.ok(a.x >= 0 && a.x + a.w <= 24, title)
      for (const { title: other, gridPos: b } of dashboard.panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        assert.ok(apart, `${title} and ${other}`)
      }
    }
  })

  it('uses only variables that it has', () => {
    const names = new Set(dashboard.templating.list.map(({ name }) => name))
    for (const expression of expressions)
      for (const [, name = ''] of expression.matchAll(/\$\{?(\w+)/g))
        assert.ok(names.has(name) || name === '__rate_interval', expression)
  })

  it('asks what Prometheus can answer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dashboard-'))
    try {
      const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr: filled(expr) }))
      const file = join(folder, 'panels.json')
      await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }))
      const { ok, output } = await promtool('check', 'rules', '--lint=none', file)
      assert.ok(ok, output)
      assert.match(output, new RegExp(`SUCCESS: ${expressions.length} rules found`))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('names only metrics and labels that there are', () => {
    const definitions = dashboard.templating.list.map(({ definition }) => definition)
    const queried = definitions.filter((text) => text !== undefined)
    const variables = queried.map((text) => /^label_values\((\w+), (\w+)\)$/.exec(text))
    const asked = variables.map((match) => `max by (${match?.[2]}) (${match?.[1]})`)
    for (const expression of [...expressions.map(filled), ...asked])
      assert.deepEqual(unknownNames(expression), [], expression)
  })

  it('shows every metric there is', () => {
    const shown = new Set(
      expressions.flatMap((expr) => usesOf(filled(expr)).selectors.map(({ metric }) => metric)),
    )
    const hidden = metricTable
      .map(({ name }) => name)
      .filter((name) => ![name, `${name}_bucket`].some((each) => shown.has(each)))
    // What these tell is in others: times left and to come, and what an owner has switched off himself.
    assert.deepEqual(hidden, [
      'token_registries_registry_expiry_timestamp_seconds',
      'token_registries_registry_issued_timestamp_seconds',
      'token_registries_registry_suspended',
    ])
  })
})

describe('the reader of expressions', () => {
  it('finds metrics, their labels and those that group', () => {
    const expression =
      'histogram_quantile(0.9, sum by (le, x) (rate(a_bucket{b=~"c{1,2}|d", e!="f,g"}[5m]))) > 0 and on (h) i unless bool j offset 5m'
    assert.deepEqual(usesOf(expression.replace('{1,2}', '')), {
      selectors: [
        { metric: 'a_bucket', labels: ['b', 'e'] },
        { metric: 'i', labels: [] },
        { metric: 'j', labels: [] },
      ],
      grouping: ['le', 'x', 'h'],
    })
  })

  it('tells what there is not', () => {
    assert.deepEqual(unknownNames('sum by (colour) (token_registries_targets{state="synced", mood="x"})'), [
      'token_registries_targets{mood}',
      'colour',
    ])
    assert.deepEqual(unknownNames('token_registries_target'), ['token_registries_target'])
    assert.deepEqual(unknownNames('token_registries_leader_bucket'), ['token_registries_leader_bucket'])
  })
})
