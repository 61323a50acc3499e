// Namespaces, projects and people of the tests, with Rancher's marks and rights but without Rancher.
import type { ControlPlane } from '../testbed/control-plane.ts'

const rbac = 'rbac.authorization.k8s.io'

/** Makes a namespace, with the project marks that Rancher sets: the annotation counts, the label can be forged. */
export async function makeNamespace(
  cp: ControlPlane,
  name: string,
  marks: { project?: string; projectLabel?: string; labels?: Record<string, string> } = {},
): Promise<void> {
  const { project, projectLabel = project?.split(':')[1] } = marks
  const annotations = project === undefined ? {} : { 'field.cattle.io/projectId': project }
  const labels = { ...marks.labels, ...(projectLabel && { 'field.cattle.io/projectId': projectLabel }) }
  await cp.admin.create('/api/v1/namespaces', { metadata: { name, annotations, labels } })
  await cp.admin.waitFor(`/api/v1/namespaces/${name}/serviceaccounts/default`, () => true)
}

/** Binds a ClusterRole to a user in one namespace. */
export async function grant(
  cp: ControlPlane,
  user: string,
  clusterRole: string,
  namespace: string,
): Promise<void> {
  await cp.admin.create(`/apis/${rbac}/v1/namespaces/${namespace}/rolebindings`, {
    metadata: { name: `${user}-${clusterRole}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: clusterRole },
    subjects: [{ apiGroup: rbac, kind: 'User', name: cp.user(user).id }],
  })
}

/** One rule of RBAC. */
export interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

/** Gives a user these rights in the whole cluster, by a ClusterRole of its own. */
export async function grantCluster(
  cp: ControlPlane,
  user: string,
  name: string,
  rules: Rule[],
): Promise<void> {
  await cp.admin.create(`/apis/${rbac}/v1/clusterroles`, { metadata: { name }, rules })
  await cp.admin.create(`/apis/${rbac}/v1/clusterrolebindings`, {
    metadata: { name: `${user}-${name}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
    subjects: [{ apiGroup: rbac, kind: 'User', name: cp.user(user).id }],
  })
}

/** Makes a user a member of a project, by the right that Rancher gives to owners and members. */
export async function makeProjectMember(cp: ControlPlane, user: string, projectId: string): Promise<void> {
  await grantCluster(cp, user, `${projectId}-namespaces-edit`, [
    {
      apiGroups: ['management.cattle.io'],
      resources: ['projects'],
      resourceNames: [projectId],
      verbs: ['manage-namespaces'],
    },
  ])
}

/** A question to the API server's authorizer. */
export interface Access {
  verb: string
  resource: string
  group?: string
  subresource?: string
  namespace?: string
  name?: string
}

/** Whether somebody (a user's short name or a token) may do that. */
export async function may(cp: ControlPlane, who: string, access: Access): Promise<boolean> {
  const review = await cp
    .client(who)
    .create<{ status: { allowed: boolean } }>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: access },
    })
  return review.status.allowed
}
