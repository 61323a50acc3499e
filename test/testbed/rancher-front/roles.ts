// What Rancher grants besides project roles: to nobody, to every user, to members of a cluster or project.
const group = 'rbac.authorization.k8s.io'
const management = 'management.cattle.io'
const read = ['get', 'list', 'watch']

/** A rule of RBAC. */
interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

/** Whom a role is bound to. */
export interface Subject {
  kind: 'User' | 'Group'
  name: string
}

const user = (name: string): Subject => ({ kind: 'User', name })

/** A role with its binding of the same name, for the whole cluster or one namespace. */
function grant(name: string, rules: Rule[], subjects: Subject[], namespace?: string): object[] {
  const metadata = { name, ...(namespace && { namespace }) }
  const kind = namespace ? 'Role' : 'ClusterRole'
  const apiVersion = `${group}/v1`
  return [{ apiVersion, kind, metadata, rules }, bind(name, { kind, name }, subjects, namespace)]
}

function bind(
  name: string,
  role: { kind: string; name: string },
  subjects: Subject[],
  namespace?: string,
): object {
  return {
    apiVersion: `${group}/v1`,
    kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name, ...(namespace && { namespace }) },
    roleRef: { apiGroup: group, ...role },
    subjects: subjects.map((subject) => ({ apiGroup: group, ...subject })),
  }
}

const openSettings = [
  ...['first-login', 'ui-banner-footer', 'ui-banner-header', 'ui-banner-login-consent', 'ui-banners'],
  ...['ui-brand', 'ui-favicon', 'ui-link-color', 'ui-login-background-dark', 'ui-login-background-light'],
  ...['ui-pl', 'ui-primary-color'],
]

/** The login page's settings, readable by everybody. */
export function loggedOutRoles(): object[] {
  const rules = [
    { apiGroups: [management], resources: ['settings'], resourceNames: openSettings, verbs: ['get'] },
  ]
  return grant('cattle-unauthenticated', rules, [{ kind: 'Group', name: 'system:unauthenticated' }])
}

/** Of the global role `user` what the Dashboard asks for: no rights in any cluster. */
export function userRoles(ids: string[]): object[] {
  const rules = [
    { apiGroups: [management], resources: ['settings', 'features'], verbs: read },
    { apiGroups: ['catalog.cattle.io'], resources: ['clusterrepos'], verbs: read },
    { apiGroups: [management, 'provisioning.cattle.io'], resources: ['clusters'], verbs: ['create'] },
  ]
  const everybody = ids.length > 0 ? grant('cattle-globalrole-user', rules, ids.map(user)) : []
  const own = ids.flatMap((id) => {
    const self = [{ apiGroups: [management], resources: ['users'], resourceNames: [id], verbs: ['get'] }]
    return grant(`${id}-view`, self, [user(id)])
  })
  return [...everybody, ...own]
}

/** The global role `admin`, in one cluster. */
export function adminRoles(ids: string[]): object[] {
  const role = { kind: 'ClusterRole', name: 'cluster-admin' }
  return ids.map((id) => bind(`globaladmin-${id}`, role, [user(id)]))
}

/** Where a cluster's objects lie in the management cluster. */
export interface ClusterObjects {
  id: string
  /** Namespace and name of the provisioning cluster. */
  workspace: string
  name: string
}

/** Membership of a cluster: reading its objects, which is also what lets somebody reach it. */
export function clusterMemberRoles({ id, workspace, name }: ClusterObjects, ids: string[]): object[] {
  const get = { verbs: ['get'] }
  const cluster = [{ apiGroups: [management], resources: ['clusters'], resourceNames: [id], ...get }]
  const objects = [
    { apiGroups: ['provisioning.cattle.io'], resources: ['clusters'], resourceNames: [name], ...get },
    { apiGroups: ['fleet.cattle.io'], resources: ['clusters'], resourceNames: [name], ...get },
  ]
  const subjects = ids.map(user)
  return [
    ...grant(`${id}-clustermember`, cluster, subjects),
    ...grant(`r-cluster-${name}-view`, objects, subjects, workspace),
  ]
}

/** Reading a Project object, which lies in the namespace named after the cluster. */
export function projectMemberRoles(clusterId: string, projectId: string, ids: string[]): object[] {
  const rules = [
    { apiGroups: [management], resources: ['projects'], resourceNames: [projectId], verbs: ['get'] },
  ]
  return grant(`${projectId}-projectmember`, rules, ids.map(user), clusterId)
}
