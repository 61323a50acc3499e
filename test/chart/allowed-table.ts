// What must pass beside the attacks: the same people and paths, within their rights.
import type { Attack } from './attack-table.ts'
import {
  clusterRegistryPath,
  clusterTokenRegistry,
  corePath,
  ecr,
  opaqueSecret,
  pullSecret,
} from './objects.ts'
import { group, registryPath, tokenRegistry } from './objects.ts'

/** Who sends what. */
export type Request = Omit<Attack, 'title' | 'policy' | 'says'>

const home = 'token-registries-system'
const asServer = { credentials: { serverIdentity: {} } }
const shopRole = ecr({ assumeRoles: [{ arn: 'arn:aws:iam::111111111111:role/pull-shop' }] })
const ourLabel = { 'app.kubernetes.io/managed-by': 'token-registries' }

function registry(who: string, namespace: string, spec: Record<string, unknown> = {}) {
  return { who, method: 'POST', path: registryPath(namespace), body: tokenRegistry('good', spec) } as const
}

function byServer(method: Attack['method'], path: string, body?: object) {
  return { who: 'server', method, path, ...(body && { body }) } as const
}

/** What must pass: the same people and paths, within their rights. */
export const allowed: Record<string, Request> = {
  'alice uses a Secret that she can read': registry('alice', 'shop'),
  'alice attaches to all ServiceAccounts': registry('alice', 'shop', { serviceAccounts: { attach: 'All' } }),
  'frank attaches to the one ServiceAccount that he may change': registry('frank', 'shop', {
    serviceAccounts: { attach: 'Named', names: ['builder'] },
  }),
  'mallory serves the project that she is a member of': registry('mallory', 'shop', {
    target: { project: 'c-1:p-1' },
  }),
  "alice uses the server's identity for a role of her project": registry('alice', 'shop', {
    ...asServer,
    ...shopRole,
  }),
  "alice uses the server's identity itself in a namespace that may": registry('alice', 'tools', asServer),
  'alice names an allowed endpoint, with its port left out': registry(
    'alice',
    'shop',
    ecr({ endpoint: 'https://vpce.example.com', stsEndpoint: 'https://vpce.example.com:443/sts' }),
  ),
  'an administrator makes a cluster registry': {
    who: 'admin',
    method: 'POST',
    path: clusterRegistryPath(),
    body: clusterTokenRegistry('good', {
      ...asServer,
      ...ecr({ assumeRoles: [{ arn: 'arn:aws:iam::222222222222:role/central' }] }),
    }),
  },
  'the server creates a pull Secret': byServer(
    'POST',
    corePath('shop', 'secrets'),
    pullSecret('new', { ours: true }),
  ),
  'the server refreshes its pull Secret': byServer('PATCH', corePath('shop', 'secrets', 'ours'), {
    metadata: { annotations: { a: 'b' } },
  }),
  'the server deletes its pull Secret': byServer('DELETE', corePath('shop', 'secrets', 'ours')),
  'the server adopts a pull Secret that its owner offers': byServer(
    'PATCH',
    corePath('shop', 'secrets', 'offered'),
    {
      metadata: { labels: ourLabel },
    },
  ),
  'the server keeps records in its own namespace': byServer(
    'POST',
    corePath(home, 'secrets'),
    opaqueSecret('state', `${group}/state`),
  ),
  'the server edits imagePullSecrets': byServer('PATCH', corePath('shop', 'serviceaccounts', 'builder'), {
    imagePullSecrets: [{ name: 'ours' }],
    metadata: { annotations: { [`${group}/attached`]: 'ours' } },
  }),
  'the server takes imagePullSecrets back': byServer(
    'PATCH',
    corePath('shop', 'serviceaccounts', 'attached'),
    {
      imagePullSecrets: null,
      metadata: { annotations: { [`${group}/attached`]: null } },
    },
  ),
  'the server asks for a short token of a ServiceAccount that is meant for it': byServer(
    'POST',
    `${corePath('shop', 'serviceaccounts', 'token-registry-ecr')}/token`,
    { spec: { audiences: ['sts.amazonaws.com'], expirationSeconds: 600 } },
  ),
}
