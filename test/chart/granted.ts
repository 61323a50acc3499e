// What the chart grants the server, as the API server sees it, and what the server asked for.
import type { ControlPlane } from '../testbed/control-plane.ts'
import { find, type Rendered } from './render.ts'

/** What the installed Deployment tells the server about its rights. */
export async function accessEnvironment(
  cp: ControlPlane,
  namespace = 'token-registries-system',
): Promise<Record<string, string>> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/token-registries`
  const deployment = { ...(await cp.admin.get<Rendered>(path)), kind: 'Deployment' }
  const { env } = find([deployment], 'Deployment').spec.template.spec.containers[0] as {
    env: { name: string; value?: string }[]
  }
  const own = env.filter(({ name }) => /^(SECRET_ACCESS|SECRET_NAMESPACES|NAMED_)/.test(name))
  return Object.fromEntries(own.map(({ name, value = '' }) => [name, value]))
}

interface ResourceRule {
  verbs: string[]
  resources: string[]
  resourceNames?: string[]
}

const guarded = ['secrets', 'serviceaccounts', 'serviceaccounts/token', '*']

/** All rights on Secrets and ServiceAccounts of a namespace: `<resource> <names or *>` -> sorted verbs. */
export async function rightsOn(
  cp: ControlPlane,
  token: string,
  namespace: string,
): Promise<Record<string, string[]>> {
  const review = await cp
    .client(token)
    .create<{ status: { incomplete: boolean; resourceRules: ResourceRule[] } }>(
      '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
    )
  const rights = new Map<string, Set<string>>()
  for (const { verbs, resources, resourceNames = ['*'] } of review.status.resourceRules) {
    for (const resource of resources.filter((each) => guarded.includes(each))) {
      const key = [resource, ...[...resourceNames].sort()].join(' ')
      rights.set(key, new Set([...(rights.get(key) ?? []), ...verbs]))
    }
  }
  return Object.fromEntries([...rights].map(([key, verbs]) => [key, [...verbs].sort()]))
}

/** The requests for Secrets that the server's program has made since then. */
export async function secretRequests(
  cp: ControlPlane,
  since: Date,
): Promise<{ verb: string; code: number | undefined; uri: string }[]> {
  const events = await cp.auditEvents({
    resource: 'secrets',
    where: ({ userAgent = '', requestReceivedTimestamp }) =>
      userAgent.startsWith('token-registries/') && new Date(requestReceivedTimestamp) >= since,
  })
  return events.map(({ verb, responseStatus, requestURI }) => ({
    verb,
    code: responseStatus?.code,
    uri: requestURI,
  }))
}
