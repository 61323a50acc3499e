import { isFromFuture, isLive, issueRank } from '../core/decide.ts'
import { verifyMac } from '../core/mac.ts'
import { annotations } from '../core/names.ts'
import type { Registry } from '../core/registry.ts'
import { parseDockerConfig, type Credential } from '../core/render.ts'
import type { KnownSecret } from '../core/decide-target.ts'
import type { KubeClient } from '../kube/client.ts'
import { secretPath } from '../kube/paths.ts'
import type { Secret } from '../kube/types.ts'
import { hashSecret, ownerUidOf, payloadOf } from './secret-cache.ts'
import type { World } from './world.ts'

/** Where copies are looked for, and the key and time by which they are trusted. */
export interface TakeBackOptions {
  readonly client: KubeClient
  readonly world: World
  readonly macKey: Buffer
  readonly now: () => Date
}

/** Copies of distinct content that are tried; more than one is only there when somebody tampers. */
const maxReads = 3

/** A credential with the identity that it was issued to and the hosts that it was written for. */
export interface TakenBack {
  readonly credential: Credential
  readonly identityTag: string
  readonly hosts: readonly string[]
}

/**
 * Finds the running credential of a registry in one of our Secrets, so that a restart asks nobody. Only a copy
 * whose mac verifies for this owner counts, and none that is older than what status (which tenants cannot write)
 * says was issued last: a replayed old copy is repaired, never a source.
 * @throws KubeError
 */
export async function takeBack(registry: Registry, options: TakeBackOptions): Promise<TakenBack | undefined> {
  const now = options.now()
  const rank = (known: KnownSecret): number => issueRank(new Date(issuedAt(known)), now)
  const good = [...options.world.secrets.ofOwner(registry.owner)]
    .filter((known) => isTrustworthy(known, registry, options))
    .sort((a, b) => rank(b) - rank(a))
  const distinct = [...new Map(good.map((known) => [known.payloadHash, known])).values()].slice(0, maxReads)
  for (const known of distinct) {
    const found = await readCopy(known, options)
    if (found !== undefined)
      return { ...found, credential: { ...found.credential, principal: principalOf(known, registry) } }
  }
  return undefined
}

function isTrustworthy(known: KnownSecret, registry: Registry, { macKey, now }: TakeBackOptions): boolean {
  const {
    [annotations.expiresAt]: expiresAt,
    [annotations.mac]: mac,
    [annotations.identity]: tag,
  } = known.annotations
  if (known.payloadHash === undefined || mac === undefined || expiresAt === undefined || tag === undefined)
    return false
  if (ownerUidOf(known) !== registry.uid) return false
  if (issuedAt(known) < issuedLast(registry, now())) return false
  if (!isLive({ expiresAt: parseEnd(expiresAt) }, now())) return false
  const { owner, uid: ownerUid } = registry
  const { payloadHash } = known
  return verifyMac(
    macKey,
    { owner, ownerUid, identityTag: tag, payloadHash, issuedAt: issuedAt(known), expiresAt },
    mac,
  )
}

async function readCopy(known: KnownSecret, { client }: TakeBackOptions): Promise<TakenBack | undefined> {
  const secret = await client.request<Secret>({
    method: 'GET',
    path: secretPath(known.namespace, known.name),
  })
  if (hashSecret(secret) !== known.payloadHash) return undefined // changed since; its event repairs it
  const parsed = parseDockerConfig(payloadOf(secret))
  if (parsed === undefined) return undefined
  const { username, password, hosts } = parsed
  const expiresAt = parseEnd(known.annotations[annotations.expiresAt] ?? '')
  return {
    credential: { username, password, issuedAt: new Date(issuedAt(known)), expiresAt },
    identityTag: known.annotations[annotations.identity] ?? '',
    hosts,
  }
}

/** Who upstream said we are is not in the Secret, but in status if that tells of the same credential. */
function principalOf(known: KnownSecret, { status }: Registry): string | undefined {
  return status?.issuedAt === issuedAt(known) ? status.identity : undefined
}

/** As status has it, unless a clock was wrong when it was written: then no copy is old enough to be refused. */
function issuedLast({ status }: Registry, now: Date): string {
  const told = status?.issuedAt ?? ''
  return isFromFuture(new Date(told), now) ? '' : told
}

/** RFC 3339 in UTC with whole seconds sorts as text. */
function issuedAt(known: KnownSecret): string {
  return known.annotations[annotations.issuedAt] ?? ''
}

function parseEnd(text: string): Date | null {
  return text === '' ? null : new Date(text)
}
