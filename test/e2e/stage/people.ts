// Who works on the stage's clusters, in which projects and namespaces.
import { grant } from '../../chart/people.ts'
import { addClusterMember, addProject, addProjectMember } from '../../testbed/rancher-front/projects.ts'
import type { Rancher, UserOptions } from '../../testbed/rancher-front/options.ts'
import { createNamespace, type Project } from '../../testbed/rancher.ts'

/** Everybody who can log in, by short name; the password is the same for all, `passwordOfAll`. */
export const people = {
  admin: 'administrator of everything',
  olga: 'owner of the project Web shop',
  dana: 'member of the project Web shop',
  rita: 'may only read in the project Web shop',
  nils: 'has the role edit in the namespace shop, and no project',
  mona: 'member of the project Billing',
  uma: 'sees the clusters, and has no rights in them',
} as const

/** Short name of somebody who can log in. */
export type Person = keyof typeof people

/** Of every user of a stage. It protects nothing: the stage listens on this machine only and goes when it is stopped. */
export const passwordOfAll = 'rancher-on-loopback'

/** The projects of each cluster. */
export interface Projects {
  /** Namespaces shop and shop-jobs. */
  readonly shop: Project
  /** Namespace billing. */
  readonly billing: Project
}

/** The people as Rancher is to know them. */
export function rancherUsers(): UserOptions[] {
  const names = Object.keys(people) as Person[]
  return names.map((name) => ({
    name,
    displayName: name[0]?.toUpperCase() + name.slice(1),
    password: passwordOfAll,
    globalRole: name === 'admin' ? 'admin' : 'user',
  }))
}

/** Makes the projects with their namespaces and members in one cluster. */
export async function settle(rancher: Rancher, clusterId: string): Promise<Projects> {
  const cluster = rancher.clusters.get(clusterId)
  if (!cluster) throw new Error(`no cluster "${clusterId}"`)
  const { plane } = cluster
  const shop = await addProject(rancher, clusterId, { projectId: 'p-shop', displayName: 'Web shop' })
  const billing = await addProject(rancher, clusterId, { projectId: 'p-bill', displayName: 'Billing' })
  await createNamespace(plane, 'shop', { project: shop })
  await createNamespace(plane, 'shop-jobs', { project: shop })
  await createNamespace(plane, 'billing', { project: billing })
  await addProjectMember(rancher, shop, 'olga', 'owner')
  await addProjectMember(rancher, shop, 'dana', 'member')
  await addProjectMember(rancher, shop, 'rita', 'read-only')
  await addProjectMember(rancher, billing, 'mona', 'member')
  for (const name of ['nils', 'uma']) await addClusterMember(rancher, clusterId, name)
  await grant(plane, 'nils', 'edit', 'shop')
  return { shop, billing }
}
