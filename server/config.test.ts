import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, loadConfig, serviceAccountTokenFile, type ConfigInput } from './config.ts'

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'cattle-tokens', POD_NAME: 'server-1' }
const files = new Set([serviceAccountTokenFile, '/home/me/config'])
const outside = ['--kubeconfig', '/home/me/config', '--context', 'dev']

const load = (env: ConfigInput['env'], argv: readonly string[] = []) =>
  loadConfig({ env, argv, fileExists: (path) => files.has(path) })

function problemsOf(env: ConfigInput['env'], argv: readonly string[] = []) {
  try {
    load(env, argv)
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError)
    assert.equal(thrown.exitCode, 2)
    for (const { variable, remedy } of thrown.problems) {
      assert.ok(thrown.message.includes(variable) && thrown.message.includes(remedy))
    }
    return thrown.problems
  }
  return assert.fail('the configuration was taken')
}

describe('loadConfig', () => {
  it('needs nothing but the namespace in a pod', () => {
    const config = load({ ...inPod, SOMETHING_ELSE: 'x', WORKERS: '' })
    assert.deepEqual(config.cluster, { kind: 'inCluster' })
    assert.equal(config.podNamespace, 'cattle-tokens')
    assert.equal(config.podName, 'server-1')
    assert.equal(config.httpHost, undefined)
    assert.equal(config.httpPort, 8080)
    assert.equal(config.metricsPort, null)
    assert.equal(config.metricsAuth, 'token')
    assert.equal(config.workers, 16)
    assert.equal(config.writeBudgetPerSecond, 150)
    assert.deepEqual(
      [config.leaseDurationSeconds, config.renewDeadlineSeconds, config.retryPeriodSeconds],
      [14, 10, 2],
    )
  })

  it('takes what the chart sets', () => {
    const config = load({
      ...inPod,
      METRICS_PORT: '8081',
      METRICS_AUTH: 'false',
      LOG_LEVEL: 'debug',
      WORKERS: '4',
    })
    assert.equal(config.metricsPort, 8081)
    assert.equal(config.metricsAuth, 'none')
    assert.equal(config.logLevel, 'debug')
    assert.equal(config.workers, 4)
    assert.equal(load({ ...inPod, METRICS_PORT: 'off' }).metricsPort, null)
  })

  it('takes what the chart grants on Secrets', () => {
    assert.deepEqual(load(inPod).secretAccess, { mode: 'cluster' })
    const some = { ...inPod, SECRET_ACCESS: 'namespaces', SECRET_NAMESPACES: 'shop  tools ' }
    assert.deepEqual(load(some).secretAccess, {
      mode: 'namespaces',
      namespaces: new Set(['shop', 'tools']),
    })
    const named = { ...inPod, SECRET_ACCESS: 'named', NAMED_PULL_SECRETS: 'shop/a tools/b' }
    assert.deepEqual(load(named).secretAccess, {
      mode: 'named',
      pullSecrets: new Set(['shop/a', 'tools/b']),
      credentials: new Set(),
      serviceAccounts: new Set(),
    })
    const wrong = problemsOf({ ...named, SECRET_NAMESPACES: 'shop,tools', NAMED_CREDENTIALS: 'a/b/c' })
    assert.deepEqual(
      wrong.map(({ variable }) => variable),
      ['SECRET_NAMESPACES', 'NAMED_CREDENTIALS'],
    )
  })

  it('works on a named context of a file, reachable from this machine only', () => {
    const config = load({ KUBECONFIG: '/else' }, outside)
    assert.deepEqual(config.cluster, { kind: 'kubeconfig', file: '/home/me/config', context: 'dev' })
    assert.equal(config.podNamespace, 'token-registries-system')
    assert.equal(config.httpHost, '127.0.0.1')
    assert.equal(load({}, [...outside, '--namespace', 'mine']).podNamespace, 'mine')
  })

  it('prefers flags over the pod that it runs in', () => {
    assert.equal(load(inPod, outside).cluster.kind, 'kubeconfig')
  })

  it('refuses KUBECONFIG alone, naming the two flags', () => {
    const problems = problemsOf({ KUBECONFIG: '/home/me/config' })
    assert.equal(problems.length, 1)
    assert.equal(problems[0]?.variable, 'KUBECONFIG')
    assert.match(problems[0].remedy, /--kubeconfig FILE and --context NAME/)
  })

  for (const [name, argv, variable] of [
    ['half of the flags', ['--kubeconfig', '/home/me/config'], '--context'],
    ['the other half', ['--context', 'dev'], '--kubeconfig'],
    ['a file that does not exist', ['--kubeconfig', '/none', '--context', 'dev'], '--kubeconfig'],
    ['an unknown flag', ['--kubeconfg', '/home/me/config'], 'arguments'],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.deepEqual(
        problemsOf({}, argv).map((problem) => problem.variable),
        [variable],
      )
    })
  }

  it('names all problems at once, with value and remedy', () => {
    const problems = problemsOf({
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      POD_NAMESPACE: 'Bad_Name',
      WORKERS: '0',
      HTTP_PORT: '80800',
      LOG_LEVEL: 'loud',
      SWEEP_PERCENT: '1.5',
      METRICS_AUTH: 'maybe',
      METRICS_PORT: '70000',
    })
    const variables = problems.map((problem) => problem.variable)
    assert.deepEqual(variables, [
      'POD_NAMESPACE',
      'HTTP_PORT',
      'METRICS_PORT',
      'METRICS_AUTH',
      'LOG_LEVEL',
      'WORKERS',
      'SWEEP_PERCENT',
    ])
    assert.equal(problems.find((problem) => problem.variable === 'WORKERS')?.value, '0')
    assert.match(String(problems.find((problem) => problem.variable === 'WORKERS')?.remedy), /1 to 256.*16/)
  })

  it('wants the namespace in a pod', () => {
    const problems = problemsOf({ ...inPod, POD_NAMESPACE: undefined })
    assert.deepEqual(problems.length, 1)
    assert.match(String(problems[0]?.remedy), /metadata\.namespace/)
  })

  it('checks fields against each other', () => {
    const env = {
      ...inPod,
      BACKOFF_MIN_SECONDS: '60',
      BACKOFF_MAX_SECONDS: '30',
      LEASE_DURATION_SECONDS: '10',
    }
    assert.deepEqual(
      problemsOf(env).map((problem) => problem.variable),
      ['BACKOFF_MIN_SECONDS', 'RENEW_DEADLINE_SECONDS'],
    )
    assert.equal(problemsOf({ ...inPod, RETRY_PERIOD_SECONDS: '10' }).length, 1)
    assert.equal(load({ ...inPod, BACKOFF_MIN_SECONDS: '5', BACKOFF_MAX_SECONDS: '5' }).backoffMaxSeconds, 5)
  })
})
