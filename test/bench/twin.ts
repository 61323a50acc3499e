// Somebody with the rights of the server: what a bare client under the same rules gets from the API server.
import { until } from '../chart/until.ts'
import { corePath, opaqueSecret } from '../chart/objects.ts'
import { benchLabels, type Bed } from './bed.ts'
import type { YardstickSettings } from './yardstick.ts'

const twin = 'bench-twin'
const policy = 'token-registries-own-secrets'
const rbac = 'rbac.authorization.k8s.io'
const admission = 'admissionregistration.k8s.io/v1'

interface Policy {
  readonly spec: unknown
}

/**
 * Makes a ServiceAccount that is bound to the server's ClusterRole and whose writes of Secrets a copy of the server's
 * admission policy looks at. It has a label of its own, so that the server never sees its Secrets.
 * @returns settings for `Bed.startReference`
 */
export async function makeTwin(bed: Bed): Promise<Pick<YardstickSettings, 'name' | 'token' | 'labels'>> {
  const { cp, chart } = bed
  const { namespace } = chart
  const { spec } = await cp.admin.get<Policy>(`/apis/${admission}/validatingadmissionpolicies/${policy}`)
  const metadata = { name: twin }
  const own = JSON.stringify(spec)
    .replaceAll(userOf(namespace, chart.serviceAccount), userOf(namespace, twin))
    .replaceAll("'token-registries'", `'${twin}'`)
  await cp.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, namespace } },
        {
          apiVersion: `${rbac}/v1`,
          kind: 'ClusterRoleBinding',
          metadata,
          roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'token-registries-server' },
          subjects: [{ kind: 'ServiceAccount', name: twin, namespace }],
        },
        {
          apiVersion: admission,
          kind: 'ValidatingAdmissionPolicy',
          metadata,
          spec: JSON.parse(own) as unknown,
        },
        {
          apiVersion: admission,
          kind: 'ValidatingAdmissionPolicyBinding',
          metadata,
          spec: { policyName: twin, validationActions: ['Deny'] },
        },
      ],
    }),
  )
  const token = await cp.serviceAccountToken(namespace, twin, { expirationSeconds: 86_400 })
  await untilEnforced(bed, token)
  return { name: 'twin', token, labels: { ...benchLabels, 'app.kubernetes.io/managed-by': twin } }
}

function userOf(namespace: string, serviceAccount: string): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`
}

/** The copy is in force when it refuses what it must: otherwise the reference would be quicker than it may be. */
function untilEnforced({ cp }: Bed, token: string): Promise<unknown> {
  // Stricter than the chart's own probe: without its role yet, the twin is refused too, but not by the policy.
  const client = cp.client(token)
  return until(`policy ${twin} to be in force`, async () => {
    const path = `${corePath('default', 'secrets')}?dryRun=All`
    const { status, body } = await client.request<{ message?: string }>('POST', path, opaqueSecret('probe'))
    if (status === 403 && body.message?.includes(`'${twin}'`) === true) return true
    throw new Error(`answered with ${status}: ${body.message ?? ''}`)
  })
}
