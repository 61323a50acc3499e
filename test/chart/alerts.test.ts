// The chart's alerts: Prometheus takes them, they fire when they shall, and each leads to a page that helps.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promtool } from '../testbed/promtool.ts'
import { alertCases, type AlertCase } from './alert-cases.ts'
import { unknownNames } from './promql.ts'
import { find, render } from './render.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Groups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

const pages = join(import.meta.dirname, '../../docs/runbooks')
const rendered = await render({ metrics: { prometheusRule: { enabled: true } } })
const spec = find(rendered, 'PrometheusRule')['spec'] as Groups
const rules = spec.groups.flatMap((group) => group.rules)

describe('the alerts of the chart', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alerts-'))
    await writeFile(join(folder, 'alerts.json'), JSON.stringify(spec))
    await writeFile(join(folder, 'summaries.json'), JSON.stringify(onlySummaries(spec)))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('are rules as Prometheus knows them', async () => {
    const { ok, output } = await promtool(
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      join(folder, 'alerts.json'),
    )
    assert.ok(ok, output)
    assert.match(output, new RegExp(`SUCCESS: ${rules.length} rules found`))
  })

  for (const { alert, expr, labels, annotations } of rules) {
    it(`${alert} names only metrics and labels that there are`, () => {
      assert.deepEqual(unknownNames(expr), [])
    })

    it(`${alert} says how bad it is, what it is, and where to read on`, () => {
      assert.match(alert, /^TokenRegistr(y|ies)[A-Z]\w+$/)
      assert.ok(['critical', 'warning', 'info'].includes(labels['severity'] ?? ''))
      assert.deepEqual(Object.keys(annotations).sort(), ['description', 'runbook_url', 'summary'])
      assert.equal(annotations['runbook_url'], `docs/runbooks/${alert}.md`)
      assert.match(annotations['description'] ?? '', /\.$/)
      assert.doesNotMatch(annotations['summary'] ?? '', /\.$/)
    })

    it(`${alert} has a page with meaning, impact, diagnosis by commands, and mitigation`, async () => {
      const text = await readFile(join(pages, `${alert}.md`), 'utf8')
      assert.ok(text.startsWith(`# ${alert}\n`))
      const parts = text.split(/^## /m).slice(1)
      const headings = parts.map((part) => part.split('\n')[0])
      assert.deepEqual(headings, ['Meaning', 'Impact', 'Diagnosis', 'Mitigation'])
      for (const part of parts) assert.ok(part.split('\n').slice(1).join(' ').trim().length > 80, part)
      assert.match(parts[2] ?? '', /^```sh\nkubectl [^`]+^```$/m)
    })
  }

  it('can tell a registry from the server: the ServiceMonitor keeps the namespace that a series has', async () => {
    const objects = await render({ metrics: { serviceMonitor: { enabled: true } } })
    const [endpoint] = find(objects, 'ServiceMonitor')['spec'].endpoints as { honorLabels?: boolean }[]
    assert.equal(endpoint?.honorLabels, true)
  })

  it('have no page without an alert', async () => {
    assert.deepEqual(
      (await readdir(pages)).filter((name) => name !== 'README.md').sort(),
      rules.map(({ alert }) => `${alert}.md`).sort(),
    )
  })

  it('each have a case in which they fire and one in which they do not', () => {
    const names = rules.map(({ alert }) => alert).sort()
    for (const firing of [true, false]) {
      const cases = alertCases.filter(({ fires }) => (fires !== undefined) === firing)
      assert.deepEqual([...new Set(cases.map(({ alert }) => alert))].sort(), names, `firing: ${firing}`)
    }
  })

  for (const [index, story] of alertCases.entries()) {
    const { alert, when, fires } = story
    it(`${alert} ${fires === undefined ? 'is silent' : 'fires'} when ${when}`, async () => {
      const file = join(folder, `case-${index}.json`)
      await writeFile(file, JSON.stringify(unitTest(story)))
      const { ok, output } = await promtool('test', 'rules', file)
      assert.ok(ok, output)
    })
  }
})

/** A case as `promtool test rules` reads it. */
function unitTest({ alert, series, at, fires = [] }: AlertCase): object {
  return {
    rule_files: ['summaries.json'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          {
            eval_time: `${at}m`,
            alertname: alert,
            exp_alerts: fires.map(({ labels, summary }) => ({
              exp_labels: labels,
              exp_annotations: { summary },
            })),
          },
        ],
      },
    ],
  }
}

/** promtool compares all annotations; the summary is the one that must name the right object. */
function onlySummaries({ groups }: Groups): Groups {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        annotations: { summary: rule.annotations['summary'] ?? '' },
      })),
    })),
  }
}
