// By what rows see that a fault has struck, in the words of those whom it struck.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { AuditEvent } from '../../testbed/audit.ts'
import type { Replica } from '../replica.ts'
import type { Site } from '../site.ts'

/** How many lines of a replica's log hold all of these texts. */
export function logged({ log }: Replica, ...texts: readonly string[]): number {
  return log.filter((line) => texts.every((text) => line.includes(text))).length
}

/** How often a replica could not reach the API server, or was refused by it, when it listed or watched. */
export function failedWatches(replica: Replica, ...texts: readonly string[]): number {
  return logged(replica, '"msg":"list or watch failed', ...texts)
}

/** Requests that the API server has answered, as its audit log has them. @param sinceMs default: the site's whole life */
export function audited(
  { cp, openedAt }: Site,
  where: (event: AuditEvent) => boolean,
  sinceMs = openedAt,
): Promise<AuditEvent[]> {
  const received = (event: AuditEvent): number => Date.parse(event.requestReceivedTimestamp)
  return cp.auditEvents({ where: (event) => received(event) >= sinceMs && where(event) })
}

/** Whether a request was one of the server's that was refused since nobody believed its token. */
export function isUnauthorized({ userAgent = '', responseStatus }: AuditEvent): boolean {
  return responseStatus?.code === 401 && userAgent.startsWith('token-registries/')
}

/** What the API server's audit log calls the bearer of a replica's present token. */
export async function credentialId({ tokenFile }: Replica): Promise<string> {
  const [, claims = ''] = (await readFile(tokenFile, 'utf8')).split('.')
  const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: string }
  return `JTI=${jti}`
}

/** Whether a request came with a certain token. */
export function isOf(id: string, { user }: AuditEvent): boolean {
  return user.extra?.['authentication.kubernetes.io/credential-id']?.includes(id) === true
}

/** For faults that the process is to live through. @throws AssertionError */
export function assertNoRestart(site: Site): Promise<void> {
  for (const { name, restarts } of site.replicas) assert.equal(restarts, 0, `${name} needed a restart`)
  return Promise.resolve()
}
