import { computeMac, hashPayload } from './mac.ts'
import { annotations, labels, managedByValue } from './names.ts'
import type { Registry } from './registry.ts'

/** A credential as the loop holds it: what a provider issued, or what was taken back from one of our Secrets. */
export interface Credential {
  readonly username: string
  readonly password: string
  readonly issuedAt: Date
  readonly expiresAt: Date | null
  readonly principal?: string | undefined
}

/** What every target of a registry shall hold. Equal for all namespaces, so it is made once per credential. */
export interface RenderedSecret {
  readonly name: string
  readonly payload: string
  readonly payloadHash: string
  readonly mac: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
export function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

/** The kubelet reads `auth` first and other tools only username and password: all three are written. */
export function renderDockerConfig(hosts: readonly string[], username: string, password: string): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  return JSON.stringify({
    auths: Object.fromEntries([...hosts].sort().map((host) => [host, { username, password, auth }])),
  })
}

/** Reads a credential out of a pull Secret of ours; undefined when the text is not what we render. */
export function parseDockerConfig(
  payload: string,
): { hosts: string[]; username: string; password: string } | undefined {
  try {
    const { auths } = JSON.parse(payload) as {
      auths?: Record<string, { username?: unknown; password?: unknown }>
    }
    const hosts = Object.keys(auths ?? {}).sort()
    const first = hosts[0] === undefined ? undefined : auths?.[hosts[0]]
    if (typeof first?.username !== 'string' || typeof first.password !== 'string') return undefined
    return { hosts, username: first.username, password: first.password }
  } catch {
    return undefined // not JSON: somebody edited it
  }
}

/** Pure: the Secret's content and marks. User labels and annotations come first, ours win. */
export function renderSecret(
  registry: Registry,
  hosts: readonly string[],
  credential: Credential,
  keys: { macKey: Buffer; identityTag: string },
): RenderedSecret {
  const payload = renderDockerConfig(hosts, credential.username, credential.password)
  const payloadHash = hashPayload(payload)
  const issuedAt = rfc3339(credential.issuedAt)
  const expiresAt = credential.expiresAt === null ? '' : rfc3339(credential.expiresAt)
  const { owner, uid: ownerUid } = registry
  const mac = computeMac(keys.macKey, {
    owner,
    ownerUid,
    identityTag: keys.identityTag,
    payloadHash,
    issuedAt,
    expiresAt,
  })
  return {
    name: registry.secretName,
    payload,
    payloadHash,
    mac,
    labels: { ...registry.labels, [labels.managedBy]: managedByValue, [labels.ownerUid]: ownerUid },
    annotations: {
      ...registry.annotations,
      [annotations.owner]: owner,
      [annotations.issuedAt]: issuedAt,
      [annotations.expiresAt]: expiresAt,
      [annotations.deletionPolicy]: registry.retain ? 'Retain' : 'Delete',
      [annotations.identity]: keys.identityTag,
      [annotations.mac]: mac,
    },
  }
}
