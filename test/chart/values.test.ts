// Every value of the chart: it is in the schema, it renders, and switching it changes what it should.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { runPartOrThrow } from '../testbed/commands.ts'
import { chartFolder } from './install.ts'
import { leaves, parseRendered, refusal, renderText, valueAt } from './render.ts'

/** Path of a value -> another value than the default, and a text that must then be in the output. */
const switched: Record<string, [value: unknown, appears: string]> = {
  'global.cattle.systemDefaultRegistry': ['registry.example.com', 'image: "registry.example.com/token-reg'],
  'global.imagePullSecrets': [['pull', { name: 'pull-2' }], '- name: pull-2'],
  'image.repository': ['mirror/server', 'image: "mirror/server:'],
  'image.tag': ['9.9.9', 'server:9.9.9"'],
  'image.digest': [`sha256:${'0'.repeat(64)}`, `server@sha256:${'0'.repeat(64)}"`],
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
  'serviceAccount.name': ['other', 'system:serviceaccount:token-registries-system:other'],
  'serviceAccount.annotations': [{ 'example.com/role': 'r' }, 'example.com/role: r'],
  'policy.allowedEndpoints': [['Vpce.example.com:443'], 'allowedEndpoints: "vpce.example.com:443"'],
  'policy.deniedCIDRs': [['10.0.0.0/8', 'fd00::/8'], String.raw`deniedCIDRs: "10.0.0.0/8\nfd00::/8"`],
  'policy.serverIdentity.namespaces': [{ shop: ['self'] }, 'serverIdentity.namespace.shop: "self"'],
  'policy.serverIdentity.projects': [{ 'c-m-x:p-y': ['*'] }, 'serverIdentity.project.c-m-x.p-y: "*"'],
  'policy.serverIdentity.cluster': [['self', 'arn:aws:iam::1:role/a*'], '"self\\narn:aws:iam::1:role/a*"'],
  'policy.tokens.serviceAccountPrefix': ['puller-', "request.name.startsWith('puller-')"],
  'policy.tokens.audiences': [['a.example', 'b'], String.raw`"[\"a.example\",\"b\"]"`],
  'refresh.writeBudgetPerSecond': [7, 'value: "7"'],
  'refresh.workers': [9, 'value: "9"'],
  logLevel: ['debug', 'value: debug'],
  'metrics.enabled': [false, ''],
  'metrics.port': [9090, 'containerPort: 9090'],
  'metrics.auth': [false, 'value: "false"'],
  'metrics.serviceMonitor.enabled': [true, 'kind: ServiceMonitor'],
  'metrics.serviceMonitor.interval': ['15s', 'interval: 15s'],
  'metrics.serviceMonitor.labels': [{ release: 'prometheus' }, 'release: prometheus'],
  'metrics.prometheusRule.enabled': [true, 'kind: PrometheusRule'],
  'metrics.prometheusRule.labels': [{ release: 'rules' }, 'release: rules'],
  'metrics.prometheusRule.runbookUrl': [
    'https://wiki.example.com/r/',
    'https://wiki.example.com/r/TokenRegistryExpired.md',
  ],
  'metrics.dashboard.enabled': [true, 'token-registries.json: |-'],
  'metrics.dashboard.namespace': ['grafana', 'namespace: grafana'],
  'metrics.dashboard.labels.grafana_dashboard': ['yes', 'grafana_dashboard: "yes"'],
  'metrics.dashboard.annotations': [{ grafana_folder: 'Registries' }, 'grafana_folder: Registries'],
  'networkPolicy.enabled': [false, ''],
  'networkPolicy.apiServerPorts': [[16443], 'port: 16443'],
  'networkPolicy.cloudMetadata': [false, ''],
  'networkPolicy.extraEgress': [[{ ports: [{ port: 8200 }] }], 'port: 8200'],
  'podDisruptionBudget.enabled': [false, ''],
  'rbac.aggregateToDefaultRoles': [false, ''],
  'rbac.serviceAccountTokens': [true, 'resources: [serviceaccounts/token]\n    verbs: [create]'],
  'rbac.secretAccess': ['namespaces', 'value: namespaces'],
  'rbac.namespaces': [['shop'], 'value: "shop"'],
  'rbac.named': [[{ namespace: 'shop', pullSecrets: ['a'] }], 'value: "shop/a"'],
  'rbac.createNamedSecrets': [false, 'resourceNames: ["a"]'],
  'crds.install': [false, ''],
  extraEnv: [[{ name: 'AWS_REGION', value: 'eu-west-1' }], 'name: AWS_REGION'],
}

/** What must be gone from the output when the value is switched. */
const disappears: Record<string, string> = {
  'metrics.enabled': 'METRICS_PORT',
  'networkPolicy.enabled': 'kind: NetworkPolicy',
  'networkPolicy.cloudMetadata': '169.254.0.0/16',
  'podDisruptionBudget.enabled': 'kind: PodDisruptionBudget',
  'rbac.aggregateToDefaultRoles': 'aggregate-to-edit',
  'crds.install': 'kind: CustomResourceDefinition',
}

/** Values that show only together with another one. */
const needs: Record<string, Record<string, unknown>> = {
  'metrics.serviceMonitor.interval': { metrics: { serviceMonitor: { enabled: true, interval: '15s' } } },
  'metrics.serviceMonitor.labels': {
    metrics: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  },
  'metrics.prometheusRule.labels': withAlerts({ labels: { release: 'rules' } }),
  'metrics.prometheusRule.runbookUrl': withAlerts({ runbookUrl: 'https://wiki.example.com/r/' }),
  'metrics.dashboard.namespace': withDashboard({ namespace: 'grafana' }),
  'metrics.dashboard.labels.grafana_dashboard': withDashboard({ labels: { grafana_dashboard: 'yes' } }),
  'metrics.dashboard.annotations': withDashboard({ annotations: { grafana_folder: 'Registries' } }),
  'rbac.secretAccess': { rbac: { secretAccess: 'namespaces', namespaces: ['tools'] } },
  'rbac.namespaces': { rbac: { secretAccess: 'namespaces', namespaces: ['shop'] } },
  'rbac.named': { rbac: { secretAccess: 'named', named: [{ namespace: 'shop', pullSecrets: ['a'] }] } },
  'rbac.createNamedSecrets': {
    rbac: {
      secretAccess: 'named',
      named: [{ namespace: 'shop', pullSecrets: ['a'] }],
      createNamedSecrets: false,
    },
  },
  'nodeSelector.kubernetes.io/os': { nodeSelector: { 'kubernetes.io/os': 'windows' } },
}

/** Path and value that the schema must refuse, and the text that names the place. */
const refused: [values: Record<string, unknown>, says: RegExp][] = [
  [{ unknown: 1 }, /unknown/],
  [{ image: { registry: 'x' } }, /image.*registry/s],
  [{ image: { digest: 'latest' } }, /image\/digest/],
  [{ replicas: -1 }, /replicas/],
  [{ replicas: '2' }, /replicas/],
  [{ logLevel: 'trace' }, /logLevel/],
  [{ metrics: { port: 8080 } }, /metrics\/port/],
  [{ metrics: { enabled: 'yes' } }, /metrics\/enabled/],
  [{ metrics: { prometheusRule: { runbookUrl: 'wiki' } } }, /metrics\/prometheusRule\/runbookUrl/],
  [{ metrics: { dashboard: { namespace: 'No' } } }, /metrics\/dashboard\/namespace/],
  [{ policy: { allowedEndpoints: ['https://x.example.com'] } }, /policy\/allowedEndpoints/],
  [{ policy: { allowedEndpoints: ['x.example.com'] } }, /policy\/allowedEndpoints/],
  [{ policy: { deniedCIDRs: ['example.com'] } }, /policy\/deniedCIDRs/],
  [{ policy: { deniedCIDRs: ['10.0.0.0/8 fd00::/8'] } }, /policy\/deniedCIDRs/],
  [{ policy: { serverIdentity: { cluster: ['everything'] } } }, /policy\/serverIdentity\/cluster/],
  [{ policy: { serverIdentity: { cluster: ['arn:aws:iam::*:role/x'] } } }, /policy\/serverIdentity\/cluster/],
  [
    { policy: { serverIdentity: { namespaces: { Shop: ['self'] } } } },
    /policy\/serverIdentity\/namespaces.*Shop/s,
  ],
  [
    { policy: { serverIdentity: { projects: { 'p-1': ['self'] } } } },
    /policy\/serverIdentity\/projects.*p-1/s,
  ],
  [
    { policy: { serverIdentity: { cluster: 'self,arn:aws:iam::1:role/x' } } },
    /policy\/serverIdentity\/cluster/,
  ],
  [{ policy: { tokens: { serviceAccountPrefix: '' } } }, /policy\/tokens\/serviceAccountPrefix/],
  [{ policy: { tokens: { audiences: ["it's"] } } }, /policy\/tokens\/audiences/],
  [{ policy: { tokens: { audiences: ['kubernetes'] } } }, /a login to the cluster/],
  [{ policy: { tokens: { audiences: ['https://kubernetes.default.svc'] } } }, /a login to the cluster/],
  [{ refresh: { writeBudgetPerSecond: 0 } }, /refresh\/writeBudgetPerSecond/],
  [{ rbac: { clusterAdmin: true } }, /rbac.*clusterAdmin/s],
  [{ rbac: { secretAccess: 'none' } }, /rbac\/secretAccess/],
  [{ rbac: { secretAccess: 'namespaces' } }, /rbac\.namespaces is empty/],
  [{ rbac: { secretAccess: 'named' } }, /rbac\.named is empty/],
  [{ rbac: { named: [{ namespace: 'Shop' }] } }, /rbac\/named\/0\/namespace/],
  [{ rbac: { named: [{ namespace: 'shop', secrets: ['a'] }] } }, /rbac\/named\/0.*secrets/s],
  [
    { rbac: { secretAccess: 'named', serviceAccountTokens: true, named: [{ namespace: 'shop' }] } },
    /rbac\.serviceAccountTokens needs/,
  ],
  [{ extraEnv: [{ value: 'x' }] }, /extraEnv/],
  [{ serviceAccount: { name: "x' || true" } }, /serviceAccount\/name/],
]

describe('values of the chart', () => {
  let standard = ''
  let defaults: Record<string, unknown> = {}

  before(async () => {
    standard = await renderText()
    defaults = parse(await readFile(join(chartFolder, 'values.yaml'), 'utf8')) as Record<string, unknown>
  })

  it('passes helm lint', async () => {
    await runPartOrThrow('helm', ['lint', '--strict', chartFolder], { home: tmpdir() })
  })

  it('has a switch in this test for every value', () => {
    assert.deepEqual(Object.keys(switched).sort(), [...leaves(defaults)].sort())
  })

  for (const [path, [value, appears]] of Object.entries(switched)) {
    it(`${path} does what it says`, async () => {
      const text = await renderText(needs[path] ?? valueAt(path, value))
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
      assert.match(await refusal(values), says)
    })
  }

  it('makes named Secrets only where it is told to', async () => {
    const rbac = { secretAccess: 'named', named: [{ namespace: 'shop', pullSecrets: ['a'] }] }
    const secrets = async (createNamedSecrets: boolean) =>
      parseRendered(await renderText({ rbac: { ...rbac, createNamedSecrets } }))
        .filter(({ kind }) => kind === 'Secret')
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
        .sort()
    const state = 'token-registries-system/token-registries-state'
    assert.deepEqual(await secrets(true), ['shop/a', state])
    assert.deepEqual(await secrets(false), [state])
  })

  it('takes whatever Rancher writes under global', async () => {
    const cattle = {
      clusterId: 'c-m-x',
      clusterName: 'x',
      systemProjectId: 'p-x',
      windows: { enabled: false },
    }
    assert.equal(await refusal({ global: { cattle, systemDefaultRegistry: '' } }), '')
  })

  it('asks in the form only for values that there are, with their defaults', async () => {
    const text = await readFile(join(chartFolder, 'questions.yaml'), 'utf8')
    const { questions } = parse(text) as { questions: Question[] }
    for (const { variable, default: standardValue } of questions.flatMap((q) => [
      q,
      ...(q.subquestions ?? []),
    ])) {
      const found = variable
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], defaults)
      assert.notEqual(found, undefined, `${variable} is not in values.yaml`)
      const asked: unknown =
        typeof found === 'object' && typeof standardValue === 'string' ? parse(standardValue) : standardValue
      if (standardValue !== undefined) assert.deepEqual(asked, found, `${variable} has another default`)
    }
  })
})

function withAlerts(values: object): Record<string, unknown> {
  return { metrics: { prometheusRule: { enabled: true, ...values } } }
}

function withDashboard(values: object): Record<string, unknown> {
  return { metrics: { dashboard: { enabled: true, ...values } } }
}

interface Question {
  variable: string
  default?: unknown
  subquestions?: Question[]
}
