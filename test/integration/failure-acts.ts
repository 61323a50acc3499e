// What people and AWS do to a site: ask for a refresh, change keys, take rights away; and how often AWS was asked.
import assert from 'node:assert/strict'
import type { FakeAws } from '../fakes/aws/index.ts'
import { registryName } from './failure-bed.ts'
import type { Site } from './failure-cases.ts'
import { registries, type RegistryView } from './harness.ts'

/** The call that counts. */
export const call = 'GetAuthorizationToken'

export function attemptsOf({ status }: RegistryView): number | undefined {
  return status?.attempts
}

export function readRegistry({ cp, namespace }: Site): Promise<RegistryView> {
  return cp.admin.get(registries.path(namespace, registryName))
}

export function patchRegistry({ cp, namespace }: Site, patch: object): Promise<unknown> {
  return cp.admin.patch(registries.path(namespace, registryName), patch)
}

export function askForRefresh(site: Site, value: string): Promise<unknown> {
  const annotations = { 'tokenregistries.io/refresh-requested-at': value }
  return patchRegistry(site, { metadata: { annotations } })
}

export function keysPath({ namespace }: Site): string {
  return `/api/v1/namespaces/${namespace}/secrets/aws-keys`
}

export function writeKey(site: Site, name: string, value: string): Promise<unknown> {
  return site.cp.admin.patch(keysPath(site), { stringData: { [name]: value } })
}

/** From now on AWS knows another secret for the key than the cluster's Secret holds. */
export function spoilSecretKey({ aws, key }: Site): void {
  aws.world.keys.set(key.accessKeyId, { ...key, secretAccessKey: `rotated-${key.secretAccessKey}` })
}

export function currentSecretKey({ aws, key }: Site): string {
  return aws.world.keys.get(key.accessKeyId)?.secretAccessKey ?? ''
}

export function denyTokens({ aws, key }: Site): void {
  aws.world.keys.set(key.accessKeyId, { ...key, principal: { ...key.principal, allow: new Set() } })
}

export function allowTokens({ aws, key }: Site): void {
  aws.world.keys.set(key.accessKeyId, key)
}

/**
 * Compares the times at which calls arrived. The server counts from the start of a call, which is earlier than its
 * arrival by no more than the call lasted.
 */
export function assertApart(
  { log }: FakeAws,
  calls: number,
  leastMs: number,
  history: readonly { durationMs?: number | undefined }[],
): void {
  const arrivals = log.entries.filter(({ action }) => action === call).map(({ time }) => Date.parse(time))
  assert.equal(arrivals.length, calls)
  for (const [index, arrival] of arrivals.slice(1).entries()) {
    const apart = arrival - arrivals[index]!
    const slack = history[index]?.durationMs ?? 0
    assert.ok(apart >= leastMs - slack, `call ${index + 2} came ${apart} ms after the one before`)
  }
}
