// Marks namespaces and projects as Rancher does: annotation, label, roles and bindings, without Rancher.
import { createHash } from 'node:crypto'
import type { ControlPlane } from './control-plane.ts'
import type { KubeObject } from './kube-client.ts'

/** Rancher's roles in a project, with the Kubernetes ClusterRole that each brings into every namespace of it. */
const clusterRoles = { owner: 'admin', member: 'edit', 'read-only': 'view' } as const

/** A role in a project. */
export type ProjectRole = keyof typeof clusterRoles

/** A project: its ids, members and namespaces. Changed by the functions below. */
export interface Project {
  readonly plane: ControlPlane
  readonly clusterId: string
  readonly projectId: string
  /** `<clusterId>:<projectId>`, the value of the namespaces' annotation. */
  readonly ref: string
  /** Role by user id. */
  readonly members: Map<string, ProjectRole>
  readonly namespaces: Set<string>
}

/** The key of the annotation (`<cluster>:<project>`, the authority) and of the label (`<project>`). */
export const projectKey = 'field.cattle.io/projectId'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const rbacGroup = 'rbac.authorization.k8s.io'
const ownMark = 'testbed.example/project'
const known = new WeakMap<ControlPlane, Map<string, Project>>()

/** Makes a project with Rancher's ClusterRoles for it, and without namespaces or members. */
export async function createProject(
  plane: ControlPlane,
  { clusterId = 'c-m-test', projectId }: { clusterId?: string; projectId: string },
): Promise<Project> {
  const ref = `${clusterId}:${projectId}`
  const project: Project = { plane, clusterId, projectId, ref, members: new Map(), namespaces: new Set() }
  const projects = known.get(plane) ?? new Map<string, Project>()
  known.set(plane, projects.set(ref, project))
  await writeRoles(project)
  return project
}

/**
 * Gives somebody a role in a project, in place of one they have.
 * @param user short name of a user of the control plane
 */
export async function addMember(project: Project, user: string, role: ProjectRole): Promise<void> {
  const { id } = project.plane.user(user)
  await removeMember(project, user)
  project.members.set(id, role)
  const kind = role === 'read-only' ? 'readonly' : 'edit'
  await bindClusterRole(project, `${project.projectId}-namespaces-${kind}`, id)
  // Rancher lets owners and members make namespaces; they have no rights in those outside of a project.
  if (kind === 'edit') await bindClusterRole(project, 'create-ns', id)
  for (const name of project.namespaces) await writeBindings(project.plane, name, project)
}

/** Takes somebody's role in a project away. Does nothing for others. */
export async function removeMember(project: Project, user: string): Promise<void> {
  const { plane, projectId } = project
  const { id } = plane.user(user)
  if (!project.members.delete(id)) return
  const bindings = await list(plane, `${rbac}/clusterrolebindings?labelSelector=${ownMark}=${projectId}`)
  const own = bindings.filter((binding) => (binding.subjects as { name: string }[])[0]?.name === id)
  for (const { metadata } of own) await plane.admin.delete(`${rbac}/clusterrolebindings/${metadata?.name}`)
  for (const name of project.namespaces) await writeBindings(plane, name, project)
}

/** Marks of a new namespace. */
export interface NamespaceOptions {
  project?: Project
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** Makes a namespace, in a project or in none, and waits for its default ServiceAccount. */
export async function createNamespace(
  plane: ControlPlane,
  name: string,
  { project, labels = {}, annotations = {} }: NamespaceOptions = {},
): Promise<KubeObject> {
  const marks = project && { [projectKey]: project.ref }
  const label = project && { [projectKey]: project.projectId }
  await plane.admin.create('/api/v1/namespaces', {
    metadata: {
      name,
      annotations: { ...marks, 'lifecycle.cattle.io/create.namespace-auth': 'true', ...annotations },
      labels: { ...label, ...labels },
    },
  })
  await plane.admin.waitFor(`/api/v1/namespaces/${name}/serviceaccounts/default`, () => true)
  if (project) await join(project, name)
  return plane.admin.get(`/api/v1/namespaces/${name}`)
}

/** Moves a namespace into another project, or out of any with null: marks, roles and bindings. */
export async function moveNamespace(
  plane: ControlPlane,
  name: string,
  project: Project | null,
): Promise<KubeObject> {
  const path = `/api/v1/namespaces/${name}`
  await plane.admin.patch(path, {
    metadata: {
      annotations: { [projectKey]: project?.ref ?? null },
      labels: { [projectKey]: project?.projectId ?? null },
    },
  })
  for (const other of known.get(plane)?.values() ?? []) {
    if (other !== project && other.namespaces.delete(name)) await writeRoles(other)
  }
  if (project) await join(project, name)
  else await writeBindings(plane, name, null)
  return plane.admin.get(path)
}

async function join(project: Project, namespace: string): Promise<void> {
  project.namespaces.add(namespace)
  await writeRoles(project)
  await writeBindings(project.plane, namespace, project)
}

/** The roles that Rancher keeps per project: all on its namespaces and membership, or reading its namespaces. */
async function writeRoles({ plane, projectId, namespaces }: Project): Promise<void> {
  const membership = {
    apiGroups: ['management.cattle.io'],
    resources: ['projects'],
    resourceNames: [projectId],
    verbs: ['manage-namespaces'],
  }
  // Without names a rule means every namespace, so there is none before the first one joins.
  const onNamespaces = (verbs: string[]): object[] =>
    namespaces.size > 0
      ? [{ apiGroups: [''], resources: ['namespaces'], resourceNames: [...namespaces], verbs }]
      : []
  await writeRole(plane, `${projectId}-namespaces-edit`, [membership, ...onNamespaces(['*'])])
  await writeRole(plane, `${projectId}-namespaces-readonly`, onNamespaces(['get']))
  await writeRole(plane, 'create-ns', [{ apiGroups: [''], resources: ['namespaces'], verbs: ['create'] }])
}

async function writeRole(plane: ControlPlane, name: string, rules: object[]): Promise<void> {
  const role = { apiVersion: `${rbacGroup}/v1`, kind: 'ClusterRole', metadata: { name }, rules }
  await plane.admin.patch(`${rbac}/clusterroles/${name}?fieldManager=testbed&force=true`, role, 'apply')
}

async function bindClusterRole({ plane, projectId }: Project, role: string, user: string): Promise<void> {
  await plane.admin.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: bindingName(projectId, role, user), labels: { [ownMark]: projectId } },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: rbacGroup, kind: 'User', name: user }],
  })
}

/** Makes the namespace's RoleBindings those of the project's members, and removes those of any other project. */
async function writeBindings(plane: ControlPlane, namespace: string, project: Project | null): Promise<void> {
  const path = `${rbac}/namespaces/${namespace}/rolebindings`
  const present = new Set(
    (await list(plane, `${path}?labelSelector=${ownMark}`)).map(({ metadata }) => metadata?.name),
  )
  for (const [user, role] of project?.members ?? []) {
    const name = bindingName(project?.projectId ?? '', clusterRoles[role], user)
    if (present.delete(name)) continue
    await plane.admin.create(path, {
      metadata: { name, labels: { [ownMark]: project?.projectId } },
      roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: clusterRoles[role] },
      subjects: [{ apiGroup: rbacGroup, kind: 'User', name: user }],
    })
  }
  for (const name of present) await plane.admin.delete(`${path}/${name}`)
}

function bindingName(...parts: string[]): string {
  return `rb-${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 10)}`
}

async function list(plane: ControlPlane, path: string): Promise<KubeObject[]> {
  return (await plane.admin.get<{ items: KubeObject[] }>(path)).items
}
