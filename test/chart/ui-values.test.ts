// Every value of the page's chart: it is in the schema, it renders, and switching it changes what it should.
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { before, describe, it } from 'node:test'
import { runPartOrThrow } from '../testbed/commands.ts'
import { leaves, parseRendered, valueAt } from './render.ts'
import { readChartFile, template, uiChartFolder } from './ui-chart.ts'

const digest = `sha256:${'0'.repeat(64)}`

/** Path of a value -> another value than the default, and a text that must then be in the output. */
const switched: Record<string, [value: unknown, appears: string]> = {
  'global.cattle.systemDefaultRegistry': ['r.example.com/', 'image: "r.example.com/token-registries/server:'],
  'global.imagePullSecrets': [['pull', { name: 'pull-2' }], '- name: pull-2'],
  'image.repository': ['mirror/server', 'image: "mirror/server:'],
  'image.tag': ['9.9.9', 'server:9.9.9"'],
  'image.digest': [digest, `server@${digest}"`],
  'image.pullPolicy': ['Always', 'imagePullPolicy: Always'],
  replicas: [3, 'replicas: 3'],
  'resources.requests.cpu': ['33m', 'cpu: 33m'],
  'resources.requests.memory': ['77Mi', 'memory: 77Mi'],
  'resources.limits.memory': ['333Mi', 'memory: 333Mi'],
  'nodeSelector.kubernetes.io/os': ['windows', 'kubernetes.io/os: windows'],
  tolerations: [[{ operator: 'Exists' }], 'operator: Exists'],
  affinity: [{ nodeAffinity: {} }, 'nodeAffinity: {}'],
  topologySpreadConstraints: [[{ maxSkew: 1 }], 'maxSkew: 1'],
  priorityClassName: ['system-cluster-critical', 'priorityClassName: system-cluster-critical'],
  podAnnotations: [{ 'example.com/a': 'b' }, 'example.com/a: b'],
  podLabels: [{ 'example.com/l': 'm' }, 'example.com/l: m'],
  logLevel: ['debug', 'value: debug'],
  'networkPolicy.enabled': [false, ''],
  'podDisruptionBudget.enabled': [false, ''],
}

/** What must be gone from the output when the value is switched. */
const disappears: Record<string, string> = {
  'networkPolicy.enabled': 'kind: NetworkPolicy',
  'podDisruptionBudget.enabled': 'kind: PodDisruptionBudget',
}

/** Values whose key has a dot in it. */
const needs: Record<string, Record<string, unknown>> = {
  'nodeSelector.kubernetes.io/os': { nodeSelector: { 'kubernetes.io/os': 'windows' } },
}

/** What the schema must refuse, and the text that names the place. */
const refused: [values: Record<string, unknown>, says: RegExp][] = [
  [{ replica: 3 }, /additional propert.*replica/s],
  [{ image: { registry: 'x' } }, /image.*registry/s],
  [{ image: { digest: 'latest' } }, /image\/digest/],
  [{ image: { repository: '' } }, /image\/repository/],
  [{ replicas: '2' }, /replicas/],
  [{ logLevel: 'trace' }, /logLevel/],
  [{ networkPolicy: { enabled: 'yes' } }, /networkPolicy\/enabled/],
  [{ networkPolicy: { extraEgress: [] } }, /networkPolicy.*extraEgress/s],
  [{ serviceAccount: { name: 'x' } }, /serviceAccount/],
  [{ global: { imagePullSecrets: [{ nam: 'x' }] } }, /global\/imagePullSecrets/],
]

describe("values of the page's chart", () => {
  let standard = ''
  let defaults: Record<string, unknown> = {}
  before(async () => {
    standard = (await template()).text
    defaults = await readChartFile('values.yaml')
  })

  it('passes helm lint', async () => {
    await runPartOrThrow('helm', ['lint', '--strict', uiChartFolder], { home: tmpdir() })
  })

  it('has a switch in this test for every value', () => {
    assert.deepEqual(Object.keys(switched).sort(), [...leaves(defaults)].sort())
  })

  for (const [path, [value, appears]] of Object.entries(switched)) {
    it(`${path} does what it says`, async () => {
      const { text, refusal } = await template(needs[path] ?? valueAt(path, value))
      assert.equal(refusal, '')
      assert.ok(parseRendered(text).length > 0)
      assert.notEqual(text, standard)
      if (appears !== '') assert.ok(text.includes(appears), `${appears} is missing`)
      assert.ok(appears === '' || !standard.includes(appears), `${appears} is always there`)
      const gone = disappears[path]
      if (gone !== undefined) assert.deepEqual([standard.includes(gone), text.includes(gone)], [true, false])
    })
  }

  for (const [values, says] of refused) {
    it(`refuses ${JSON.stringify(values)}`, async () => {
      assert.match((await template(values)).refusal, says)
    })
  }

  it('refuses a namespace where Rancher would not look, and says which it is', async () => {
    const { refusal } = await template({}, 'default')
    assert.match(refusal, /install with --namespace cattle-ui-plugin-system instead of default/)
  })

  it('takes whatever Rancher writes under global', async () => {
    const cattle = { clusterId: 'local', systemProjectId: 'p-x', windows: { enabled: false } }
    assert.equal((await template({ global: { cattle, systemDefaultRegistry: '' } })).refusal, '')
  })

  it('needs no budget for a single replica', async () => {
    assert.doesNotMatch((await template({ replicas: 1 })).text, /PodDisruptionBudget/)
  })

  it('asks in the form only for values that there are, with their defaults', async () => {
    const { questions } = await readChartFile<{ questions: { variable: string; default: unknown }[] }>(
      'questions.yaml',
    )
    assert.ok(questions.length > 0)
    for (const { variable, default: asked } of questions) {
      const found = variable
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], defaults)
      assert.deepEqual(asked, found, variable)
    }
  })
})
