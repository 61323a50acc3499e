// Everything that a product on a control plane writes: outputs of its processes as they come, and at the end what it left in the API.
import { readFile } from 'node:fs/promises'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { CanaryWatch } from './watch.ts'

const watches = new WeakMap<ControlPlane, CanaryWatch>()

/** The watch of one control plane; processes, scrapes and answers are given to it. */
export function canariesOf(plane: ControlPlane): CanaryWatch {
  const watch = watches.get(plane) ?? new CanaryWatch()
  watches.set(plane, watch)
  return watch
}

/** Where no secret may stand. In Secrets they may: pull Secrets, the state Secret, and those of the users. */
const collections = {
  TokenRegistries: '/apis/tokenregistries.io/v1alpha1/tokenregistries',
  ClusterTokenRegistries: '/apis/tokenregistries.io/v1alpha1/clustertokenregistries',
  TokenRegistryServers: '/apis/tokenregistries.io/v1alpha1/tokenregistryservers',
  events: '/apis/events.k8s.io/v1/events',
  ServiceAccounts: '/api/v1/serviceaccounts',
  ConfigMaps: '/api/v1/configmaps',
  Leases: '/apis/coordination.k8s.io/v1/leases',
} as const

/**
 * The end of a bed, while the API server still answers. The audit log has the address of every request, and the bodies
 * of all statuses and events that ever were, also of those that were overwritten.
 * @throws AssertionError that names places and kinds, never a secret
 */
export async function checkCanaries(plane: ControlPlane): Promise<void> {
  const watch = canariesOf(plane)
  const lists = Object.entries(collections).map(async ([place, path]) => {
    const { status, body } = await plane.admin.request('GET', path)
    // Not every plane has our kinds: a chart that was removed, or was never there.
    if (status !== 404) watch.look(place, JSON.stringify(body))
  })
  const audit = readFile(plane.auditLog, 'utf8').then((text) => watch.look('the audit log', text))
  await Promise.all([...lists, audit])
  watch.assertNone()
}
