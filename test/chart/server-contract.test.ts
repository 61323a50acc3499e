// What the chart hands to the server is what the server reads: environment, policy ConfigMap, labels and names.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadConfig } from '../../server/config.ts'
import {
  adoptByAny,
  annotations,
  emptyPullEntry,
  labels,
  managedByValue,
  pullSecretKey,
  pullSecretType,
  stateSecretType,
} from '../../server/core/names.ts'
import { parsePolicy } from '../../server/core/policy.ts'
import { find, render, renderText, type Rendered } from './render.ts'

interface EnvVar {
  name: string
  value?: string
  valueFrom?: { fieldRef: { fieldPath: string } }
}

/** The container's environment as the kubelet would fill it. */
function environment(objects: Rendered[]): Record<string, string> {
  const env = find(objects, 'Deployment').spec.template.spec.containers[0].env as EnvVar[]
  const fields: Record<string, string> = {
    'metadata.namespace': 'token-registries-system',
    'metadata.name': 'pod-1',
  }
  return Object.fromEntries(
    env.map((e) => [e.name, e.value ?? fields[e.valueFrom?.fieldRef.fieldPath ?? ''] ?? '']),
  )
}

function configOf(objects: Rendered[]) {
  const env = { ...environment(objects), KUBERNETES_SERVICE_HOST: '10.0.0.1' }
  return loadConfig({ env, argv: [], fileExists: () => true })
}

describe('chart and server', () => {
  it('agree on the environment', async () => {
    const objects = await render({ logLevel: 'debug', refresh: { workers: 3, writeBudgetPerSecond: 7 } })
    const config = configOf(objects)
    assert.deepEqual(
      [config.podNamespace, config.podName, config.leaseName, config.policyConfigMap, config.stateSecret],
      [
        'token-registries-system',
        'pod-1',
        'token-registries',
        'token-registries-policy',
        'token-registries-state',
      ],
    )
    assert.deepEqual([config.httpPort, config.metricsPort, config.metricsAuth], [8080, 8081, 'token'])
    assert.deepEqual([config.logLevel, config.workers, config.writeBudgetPerSecond], ['debug', 3, 7])
    assert.ok(find(objects, 'ConfigMap', config.policyConfigMap))
    const [leases] = find(objects, 'Role', 'token-registries-server').rules.filter(
      (rule: { resourceNames?: string[] }) => rule.resourceNames?.includes(config.leaseName),
    )
    assert.ok(leases)
  })

  it("agree on Rancher's system project, with and without the cluster in its id", async () => {
    assert.equal(configOf(await render({})).systemProject, undefined)
    for (const systemProjectId of ['p-sys', 'c-m-1:p-sys']) {
      const cattle = { clusterId: 'c-m-1', systemProjectId }
      assert.equal(configOf(await render({ global: { cattle } })).systemProject, 'c-m-1:p-sys')
    }
  })

  it('agree on the rights on Secrets', async () => {
    assert.deepEqual(configOf(await render()).secretAccess, { mode: 'cluster' })
    const listed = { secretAccess: 'namespaces', namespaces: ['shop', 'tools'] }
    assert.deepEqual(configOf(await render({ rbac: listed })).secretAccess, {
      mode: 'namespaces',
      namespaces: new Set(['shop', 'tools']),
    })
    const named = [
      { namespace: 'shop', pullSecrets: ['a', 'b'], credentials: ['keys'] },
      { namespace: 'tools', pullSecrets: ['a'], serviceAccounts: ['default'] },
    ]
    assert.deepEqual(configOf(await render({ rbac: { secretAccess: 'named', named } })).secretAccess, {
      mode: 'named',
      pullSecrets: new Set(['shop/a', 'shop/b', 'tools/a']),
      credentials: new Set(['shop/keys']),
      serviceAccounts: new Set(['tools/default']),
    })
  })

  it('agree on an empty pull Secret', async () => {
    const named = [{ namespace: 'shop', pullSecrets: ['a'] }]
    const secret = find(await render({ rbac: { secretAccess: 'named', named } }), 'Secret', 'a')
    const { type, stringData, metadata } = secret as Rendered & { type: string; stringData: object }
    assert.deepEqual([type, stringData], [pullSecretType, { [pullSecretKey]: emptyPullEntry }])
    assert.deepEqual(metadata.annotations, {
      [annotations.adopt]: adoptByAny,
      'helm.sh/resource-policy': 'keep',
    })
  })

  it('agree on metrics', async () => {
    assert.equal(configOf(await render({ metrics: { enabled: false } })).metricsPort, null)
    const open = configOf(await render({ metrics: { auth: false, port: 9000 } }))
    assert.deepEqual([open.metricsPort, open.metricsAuth], [9000, 'none'])
  })

  it('agree on the policy, whether its lists are lists or texts', async () => {
    const arns = ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:role/b*']
    const serverIdentity = {
      namespaces: { shop: ['self', ...arns] },
      projects: { 'c-m-1:p-1': arns, 'local:p-2': 'self  arn:aws:iam::2:role/x' },
      cluster: [],
    }
    const allowedEndpoints = ['A.example.com:443', '[::1]:8443']
    const deniedCIDRs = ['10.0.0.0/8', 'fd00::/8']
    const objects = await render({ policy: { allowedEndpoints, deniedCIDRs, serverIdentity } })
    const { data } = find(objects, 'ConfigMap', 'token-registries-policy') as unknown as {
      data: Record<string, string>
    }
    assert.deepEqual(parsePolicy(data), {
      allowedEndpoints: ['a.example.com:443', '[::1]:8443'],
      deniedCIDRs,
      serverIdentity: {
        namespaces: new Map([['shop', ['self', ...arns]]]),
        projects: new Map([
          ['c-m-1:p-1', arns],
          ['local:p-2', ['self', 'arn:aws:iam::2:role/x']],
        ]),
        cluster: [],
      },
    })
    const { variables } = find(objects, 'ValidatingAdmissionPolicy', 'token-registries-limits').spec as {
      variables: { name: string; expression: string }[]
    }
    const literal = (name: string) =>
      JSON.parse(variables.find((v) => v.name === name)?.expression ?? '') as unknown
    assert.deepEqual(literal('byNamespace'), serverIdentity.namespaces)
    assert.deepEqual(literal('byProject'), {
      'c-m-1:p-1': arns,
      'local:p-2': ['self', 'arn:aws:iam::2:role/x'],
    })
    assert.deepEqual(literal('endpoints'), ['a.example.com:443', '[::1]:8443'])
  })

  it('agree on the marks that the policies look at', async () => {
    const text = await renderText()
    for (const word of [
      `labels[?'${labels.managedBy}'].orValue('') == '${managedByValue}'`,
      `'${pullSecretType}'`,
      `'${stateSecretType}'`,
      `annotations[?'${annotations.adopt}']`,
      `key == '${annotations.attached}'`,
    ]) {
      assert.ok(text.includes(word), word)
    }
  })
})
