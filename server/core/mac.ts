import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What the `mac` annotation vouches for. Times as they stand in the annotations. */
export interface MacInput {
  readonly owner: string
  readonly ownerUid: string
  /** `identityTag` of the identity that the credential was issued to. */
  readonly identityTag: string
  /** Hash of the payload instead of the payload, so that a cache without payloads can verify. It covers the hosts. */
  readonly payloadHash: string
  readonly issuedAt: string
  readonly expiresAt: string
}

/** SHA-256 of a pull entry as text, in base64url. */
export function hashPayload(payload: string): string {
  return createHash('sha256').update(payload).digest('base64url')
}

/** Binds a Secret's content to its owner and identity with a key that only the server has. JSON keeps the fields apart. */
export function computeMac(key: Buffer, input: MacInput): string {
  const text = JSON.stringify([
    'v1',
    input.owner,
    input.ownerUid,
    input.identityTag,
    input.payloadHash,
    input.issuedAt,
    input.expiresAt,
  ])
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** Whether `mac` is right for the input. It may be any text: tenants can edit it. Takes constant time. */
export function verifyMac(key: Buffer, input: MacInput, mac: string): boolean {
  const expected = Buffer.from(computeMac(key, input))
  const given = Buffer.from(mac)
  return expected.length === given.length && timingSafeEqual(expected, given)
}

/**
 * Names an identity together with what is asked of upstream. Registries share one upstream call exactly when every
 * part is equal: all material, not an access key id or a role name, so that only equal proof shares.
 */
export function identityKey(
  key: Buffer,
  parts: {
    provider: string
    targetKey: string
    credentials: string
    material: Readonly<Record<string, string>>
  },
): string {
  const material = Object.entries(parts.material).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify(['identity', parts.provider, parts.targetKey, parts.credentials, material])
  return createHmac('sha256', key).update(text).digest('base64url')
}

/**
 * An identity key as one registry's Secrets show it: it tells the server which identity a copy belongs to, and tells
 * nobody that registries of several namespaces have the same one.
 */
export function identityTag(key: Buffer, ownerUid: string, identity: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['tag', ownerUid, identity]))
    .digest('base64url')
}
