// What the bench puts into the cluster.
import type { AccessKey } from '../fakes/aws/index.ts'
import type { RegistryView } from '../integration/harness.ts'
import { isReady, registries } from '../integration/harness.ts'
import { benchLabels, type Bed } from './bed.ts'

/** `prefix-0` and so on. */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

/** Makes namespaces, and waits until Kubernetes has put its own objects into them: they would disturb a measurement. */
export async function makeNamespaces(
  bed: Bed,
  all: readonly string[],
  labels: Record<string, string>,
): Promise<void> {
  await bed.each(all, (name) => makeNamespace(bed, name, labels))
  await untilQuiet(bed)
}

/** Makes one, without waiting. */
export async function makeNamespace(bed: Bed, name: string, labels: Record<string, string>): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
  await bed.cp.admin.create('/api/v1/namespaces', object)
}

interface Page {
  items: unknown[]
  metadata: { remainingItemCount?: number }
}

/** Every namespace has its ServiceAccount and its certificate bundle. */
async function untilQuiet(bed: Bed): Promise<void> {
  const count = async (resource: string): Promise<number> => {
    const { items, metadata } = await bed.cp.admin.get<Page>(`/api/v1/${resource}?limit=1`)
    return items.length + (metadata.remainingItemCount ?? 0)
  }
  const wanted = await count('namespaces')
  for (const resource of ['serviceaccounts', 'configmaps'])
    await bed.cp.admin.waitFor<Page>(
      `/api/v1/${resource}?limit=1`,
      ({ items, metadata }) => items.length + (metadata.remainingItemCount ?? 0) >= wanted,
      { timeoutMs: 300_000, what: `${resource} of all namespaces` },
    )
}

/** An access key of a new identity, as the Secret that registries name. */
export async function makeKeys(bed: Bed, namespace: string, user: AccessKey | string): Promise<void> {
  const key = typeof user === 'string' ? bed.aws.world.addUser({ name: user }) : user
  const { accessKeyId, secretAccessKey } = key
  await bed.cp.admin.create(`/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'aws-keys', namespace },
    stringData: { accessKeyId, secretAccessKey },
  })
}

/** The same in the namespace of the server, for registries of the whole cluster. */
export function makeCentralKeys(bed: Bed): Promise<void> {
  return makeKeys(bed, bed.chart.namespace, 'central')
}

/** A registry for all namespaces with a label. Its Secret has its name. */
export async function makeClusterRegistry(
  bed: Bed,
  name: string,
  label: Record<string, string>,
): Promise<void> {
  const { spec } = registries.ecr('', name, bed)
  await bed.cp.admin.create(registries.clusterPath(), {
    apiVersion: 'tokenregistries.io/v1alpha1',
    kind: 'ClusterTokenRegistry',
    metadata: { name },
    spec: {
      ...(spec as object),
      secret: { labels: benchLabels },
      namespaces: { selector: { matchLabels: label }, trustLabelsAndNames: true },
    },
  })
}

/** A registry of one namespace, named `own`. */
export async function makeRegistry(bed: Bed, namespace: string): Promise<void> {
  const object = registries.ecr(namespace, 'own', bed, { secret: { labels: benchLabels } })
  await bed.cp.admin.create(registries.path(namespace), object)
}

let requests = 0

/** Asks for a refresh as the page does. @returns the value that status echoes when it is done */
export async function requestRefresh(bed: Bed, path: string): Promise<string> {
  const value = `bench-${++requests}`
  await bed.cp.admin.patch(path, {
    metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': value } },
  })
  return value
}

/**
 * Waits until a registry is Ready in all its namespaces and, when it is given, has answered a request. A request is
 * answered before the fan-out that follows from it: wait for the Secrets too.
 */
export async function untilDone(bed: Bed, path: string, request?: string): Promise<RegistryView> {
  const fits = (object: RegistryView): boolean => {
    const { targets, lastHandledRefreshRequest } = object.status ?? {}
    const answered = request === undefined || lastHandledRefreshRequest === request
    return isReady(object) && answered && targets?.synced === targets?.desired
  }
  return bed.cp.admin.waitFor<RegistryView>(path, fits, { what: 'Ready', timeoutMs: 300_000 })
}
