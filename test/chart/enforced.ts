// A policy needs some seconds to become active. Whether it is, only a request that it must refuse can tell.
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeResponse } from '../testbed/kube-client.ts'
import { clusterRegistryPath, clusterTokenRegistry, corePath, ecr, opaqueSecret } from './objects.ts'
import { registryPath, tokenRegistry } from './objects.ts'
import { until } from './until.ts'

/** A request that the policy must refuse; sent as dry run. */
interface Probe {
  policy: string
  send: () => Promise<KubeResponse<{ message?: string }>>
}

const probeUser = 'chart-probe'
const dryRun = '?dryRun=All'

/** Waits until each policy of the chart refuses what it must refuse. @throws Error that names the one that does not */
export async function waitUntilEnforced(cp: ControlPlane, serverToken: string): Promise<void> {
  await allowProbeUser(cp)
  await Promise.all(
    probes(cp, serverToken).map(({ policy, send }) =>
      until(`policy ${policy} to be in force`, async () => {
        const { status, body } = await send()
        if (status < 400) throw new Error(`still answered with ${status}`)
        // Without rbac.serviceAccountTokens, or with narrow rights, the server's role refuses before any policy is asked.
        if (
          body.message?.includes(`'${policy}'`) ||
          /cannot (create|patch) resource/.test(body.message ?? '')
        )
          return true
        throw new Error(body.message)
      }),
    ),
  )
}

function probes(cp: ControlPlane, serverToken: string): Probe[] {
  const server = cp.client(serverToken)
  const badEndpoint = ecr({ endpoint: 'https://probe.invalid' })
  const as = { 'impersonate-user': probeUser }
  const registry = (spec: Record<string, unknown>, headers?: Record<string, string>) =>
    cp.admin.request<{ message?: string }>(
      'POST',
      registryPath('default') + dryRun,
      tokenRegistry('probe', spec),
      headers,
    )
  const clusterRegistry = (spec: Record<string, unknown>, headers?: Record<string, string>) =>
    cp.admin.request<{ message?: string }>(
      'POST',
      clusterRegistryPath() + dryRun,
      clusterTokenRegistry('probe', spec),
      headers,
    )
  return [
    { policy: 'token-registries-references', send: () => registry({}, as) },
    { policy: 'token-registries-cluster-references', send: () => clusterRegistry({}, as) },
    { policy: 'token-registries-limits', send: () => registry(badEndpoint) },
    { policy: 'token-registries-cluster-limits', send: () => clusterRegistry(badEndpoint) },
    { policy: 'token-registries-project', send: () => registry({ target: { project: 'c-probe:p-probe' } }) },
    {
      policy: 'token-registries-own-secrets',
      send: () => server.request('POST', corePath('default', 'secrets') + dryRun, opaqueSecret('probe')),
    },
    {
      policy: 'token-registries-own-serviceaccounts',
      send: () =>
        server.request('PATCH', corePath('default', 'serviceaccounts', 'default') + dryRun, {
          metadata: { labels: { probe: 'probe' } },
        }),
    },
    {
      policy: 'token-registries-own-tokens',
      send: () =>
        server.request('POST', `${corePath('default', 'serviceaccounts', 'default')}/token${dryRun}`, {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {},
        }),
    },
  ]
}

/** Somebody who may create registries and nothing else, so that the reference policies have something to refuse. */
async function allowProbeUser(cp: ControlPlane): Promise<void> {
  const resources = ['tokenregistries', 'clustertokenregistries']
  await cp.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: probeUser },
          rules: [{ apiGroups: ['tokenregistries.io'], resources, verbs: ['create'] }],
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: probeUser },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: probeUser },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: probeUser }],
        },
      ],
    }),
  )
}
