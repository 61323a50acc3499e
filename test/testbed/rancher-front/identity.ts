// Who asks, as Steve is told it. Nothing of it comes from the browser but the session.
import type { Account } from './options.ts'

/** A Kubernetes user to act as. */
export interface Identity {
  user: string
  groups: readonly string[]
}

/** Everybody who is not logged in; may read what ClusterRole cattle-unauthenticated and Kubernetes itself allow. */
export const nobody: Identity = { user: 'system:unauthenticated', groups: ['system:unauthenticated'] }

/** A logged-in user with the groups that Rancher gives to everyone. */
export function identityOf(account: Account): Identity {
  return { user: account.id, groups: ['system:authenticated', 'system:cattle:authenticated'] }
}

/** What the browser's headers may pass on. All that names a user, a host or a forwarded address is ours to set. */
const passed = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'user-agent',
])

/** What a websocket or another upgrade needs besides. */
const upgrade = ['connection', 'upgrade', 'sec-websocket-key', 'sec-websocket-version']
const passedOnUpgrade = new Set([
  ...passed,
  ...upgrade,
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'x-stream-protocol-version',
])

/** Headers as node:http has them. */
export type Headers = Record<string, string | string[] | undefined>

/** Where an answer's links are to point. */
export interface LinkBase {
  host: string
  /** `/k8s/clusters/<id>` of a downstream cluster, or empty. */
  prefix: string
}

/** The headers of a request to Steve. */
export function headersFor(
  incoming: Headers,
  { user, groups }: Identity,
  { host, prefix }: LinkBase,
): Record<string, string | string[]> {
  const allowed = incoming.upgrade === undefined ? passed : passedOnUpgrade
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(incoming)) {
    if (value !== undefined && allowed.has(name)) headers[name] = value
  }
  return {
    ...headers,
    'impersonate-user': user,
    'impersonate-group': [...groups],
    'x-api-host': host,
    'x-forwarded-proto': 'http',
    ...(prefix && { 'x-api-url-prefix': prefix }),
  }
}
