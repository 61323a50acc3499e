// Projects as a running Rancher has them: the marks in their cluster, and the object and rights in `local`.
import type { ControlPlane } from '../control-plane.ts'
import { addMember, createProject, removeMember, type Project, type ProjectRole } from '../rancher.ts'
import type { Cluster, Rancher } from './options.ts'
import { clusterMemberRoles, projectMemberRoles } from './roles.ts'
import { applyObjects, placeOf } from './seed.ts'

/** Members of clusters that are so by themselves, by cluster object. */
const direct = new WeakMap<Cluster, Set<string>>()
const projects = new WeakMap<Cluster, Set<Project>>()

/**
 * Makes a project with its object, which lies in the management cluster whatever the project's cluster is.
 * Namespaces join it by `createNamespace(cluster.plane, name, { project })`.
 */
export async function addProject(
  rancher: Rancher,
  clusterId: string,
  { projectId, displayName = projectId }: { projectId: string; displayName?: string },
): Promise<Project> {
  const cluster = clusterOf(rancher, clusterId)
  const project = await createProject(cluster.plane, { clusterId, projectId })
  projects.set(cluster, (projects.get(cluster) ?? new Set()).add(project))
  await applyObjects(managementPlane(rancher), [
    {
      apiVersion: 'management.cattle.io/v3',
      kind: 'Project',
      metadata: { name: projectId, namespace: clusterId },
      spec: { displayName, clusterName: clusterId, description: '' },
      status: { backingNamespace: `${clusterId}-${projectId}` },
    },
    ...projectMemberRoles(clusterId, projectId, []),
  ])
  return project
}

/** Gives a user a role in a project, in place of one they have, and with it membership of the cluster. */
export async function addProjectMember(
  rancher: Rancher,
  project: Project,
  user: string,
  role: ProjectRole,
): Promise<void> {
  await addMember(project, user, role)
  await writeMembers(rancher, project)
}

/** Takes a user's role in a project away. */
export async function removeProjectMember(rancher: Rancher, project: Project, user: string): Promise<void> {
  await removeMember(project, user)
  await writeMembers(rancher, project)
}

/** Makes a user a member of a cluster without a project: they see it, and have in it what other bindings give. */
export async function addClusterMember(rancher: Rancher, clusterId: string, user: string): Promise<void> {
  const cluster = clusterOf(rancher, clusterId)
  const { id } = cluster.plane.user(user)
  direct.set(cluster, (direct.get(cluster) ?? new Set()).add(id))
  await writeClusterMembers(rancher, cluster)
}

async function writeMembers(rancher: Rancher, project: Project): Promise<void> {
  const { clusterId, projectId, members } = project
  await applyObjects(managementPlane(rancher), projectMemberRoles(clusterId, projectId, [...members.keys()]))
  await writeClusterMembers(rancher, clusterOf(rancher, clusterId))
}

async function writeClusterMembers(rancher: Rancher, cluster: Cluster): Promise<void> {
  const ids = new Set(direct.get(cluster))
  for (const { members } of projects.get(cluster) ?? []) for (const id of members.keys()) ids.add(id)
  await applyObjects(managementPlane(rancher), clusterMemberRoles(placeOf(cluster), [...ids]))
}

function clusterOf(rancher: Rancher, id: string): Cluster {
  const cluster = rancher.clusters.get(id)
  if (cluster) return cluster
  throw new Error(`no cluster "${id}"; known: ${[...rancher.clusters.keys()].join(', ')}`)
}

function managementPlane(rancher: Rancher): ControlPlane {
  return clusterOf(rancher, 'local').plane
}
