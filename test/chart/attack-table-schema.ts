// Attacks that the API server refuses before any policy is asked: the schema does not know such a thing, or RBAC gives no
// right to it. Each has a twin with one thing changed, which must pass.
import type { Request } from './allowed-table.ts'
import {
  clusterRegistryPath,
  clusterTokenRegistry,
  corePath,
  ecr,
  registryPath,
  tokenRegistry,
} from './objects.ts'

/** One request that is refused with this status, and the request beside it that passes. */
export interface PlainAttack extends Request {
  title: string
  status: 400 | 403 | 422
  says: RegExp
  passes: Request
}

function bySchema(
  title: string,
  status: 400 | 422,
  specs: { bad: Record<string, unknown>; good?: Record<string, unknown> },
  says: RegExp,
): PlainAttack {
  const create = (spec: Record<string, unknown> = {}) =>
    ({
      who: 'alice',
      method: 'POST',
      path: registryPath('shop'),
      body: tokenRegistry('attack', spec),
    }) as const
  return { title, status, says, ...create(specs.bad), passes: create(specs.good) }
}

const secret = (fields: Record<string, unknown>) => ({ credentials: { secret: { name: 'keys', ...fields } } })
const role = { arn: 'arn:aws:iam::111111111111:role/pull-shop' }
const asServer = { credentials: { serverIdentity: {} } }

const attacksOnSchema: PlainAttack[] = [
  bySchema(
    'names a Secret of another namespace by its path',
    422,
    { bad: secret({ name: 'token-registries-system/keys' }) },
    /spec\.credentials\.secret\.name.*should match/,
  ),
  bySchema(
    'names a Secret of another namespace by a field',
    400,
    { bad: secret({ namespace: 'token-registries-system' }) },
    /unknown field "spec\.credentials\.secret\.namespace"/,
  ),
  bySchema(
    "sends an ExternalId of its choice from the server's identity",
    422,
    {
      bad: { ...asServer, ...ecr({ assumeRoles: [{ ...role, externalId: 'theirs' }] }) },
      good: { ...asServer, ...ecr({ assumeRoles: [role] }) },
    },
    /assumeRoles.*remove externalId, the server sends one that names this registry's namespace/,
  ),
  bySchema(
    'brings an address that parsers read differently',
    422,
    {
      bad: ecr({ endpoint: 'https://vpce.example.com@169.254.169.254' }),
      good: ecr({ endpoint: 'https://vpce.example.com' }),
    },
    /spec\.provider\.ecr\.endpoint.*should match/,
  ),
  bySchema(
    'writes the pull Secret over the Secret with the keys',
    422,
    { bad: { secret: { name: 'keys' } }, good: { secret: { name: 'other' } } },
    /spec\.credentials\.secret\.name.*choose another secret\.name/,
  ),
  bySchema(
    'lets another controller copy or remove the pull Secret, by a label of its own',
    422,
    {
      bad: { secret: { labels: { 'management.cattle.io/project-scoped-secret-copy': 'x' } } },
      good: { secret: { labels: { team: 'shop' } } },
    },
    /spec\.secret\.labels/,
  ),
  {
    title: 'selects namespaces by what their users may change, without saying so',
    who: 'admin',
    method: 'POST',
    path: clusterRegistryPath(),
    body: clusterTokenRegistry('attack', { namespaces: { names: ['shop'] } }),
    status: 422,
    says: /trustLabelsAndNames must be true/,
    passes: {
      who: 'admin',
      method: 'POST',
      path: clusterRegistryPath(),
      body: clusterTokenRegistry('attack', { namespaces: { projects: ['c-1:p-1'] } }),
    },
  },
]

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const admission = '/apis/admissionregistration.k8s.io/v1'
const refused = (what: string) => new RegExp(`cannot ${what}`)
const read = (who: string, path: string): Request => ({ who, method: 'GET', path })

/** What the stolen token of the server, or a tenant, has no right to at all. */
const attacksOnRights: PlainAttack[] = [
  {
    title: 'reads the registries of the administrator',
    ...read('alice', clusterRegistryPath()),
    status: 403,
    says: refused('list resource "clustertokenregistries"'),
    passes: read('alice', registryPath('shop')),
  },
  {
    title: "reads the keys in the server's namespace",
    ...read('alice', corePath('token-registries-system', 'secrets')),
    status: 403,
    says: refused('list resource "secrets"'),
    passes: read('alice', corePath('shop', 'secrets')),
  },
  {
    title: 'says of its registry that all is well',
    who: 'alice',
    method: 'PATCH',
    path: `${registryPath('shop', 'existing')}/status`,
    body: { status: { identity: 'arn:aws:iam::1:role/root' } },
    status: 403,
    says: refused('patch resource "tokenregistries/status"'),
    passes: {
      who: 'server',
      method: 'PATCH',
      path: `${registryPath('shop', 'existing')}/status`,
      body: { status: { identity: 'arn:aws:iam::1:role/pull' } },
    },
  },
  {
    title: 'writes a registry of its own, and so becomes its own customer',
    who: 'server',
    method: 'POST',
    path: registryPath('shop'),
    body: tokenRegistry('attack'),
    status: 403,
    says: refused('create resource "tokenregistries"'),
    passes: read('server', registryPath('shop')),
  },
  {
    title: 'gives itself more rights',
    who: 'server',
    method: 'POST',
    path: `${rbac}/clusterrolebindings`,
    body: {
      metadata: { name: 'attack' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    },
    status: 403,
    says: refused('create resource "clusterrolebindings"'),
    passes: read('admin', `${rbac}/clusterrolebindings`),
  },
  {
    title: 'removes the policies that bind it',
    who: 'server',
    method: 'DELETE',
    path: `${admission}/validatingadmissionpolicybindings/token-registries-own-secrets`,
    status: 403,
    says: refused('delete resource "validatingadmissionpolicybindings"'),
    passes: read('admin', `${admission}/validatingadmissionpolicybindings`),
  },
  {
    title: "loosens the administrator's policy",
    who: 'server',
    method: 'PATCH',
    path: corePath('token-registries-system', 'configmaps', 'token-registries-policy'),
    body: { data: { allowedEndpoints: '169.254.169.254:80' } },
    status: 403,
    says: refused('patch resource "configmaps"'),
    passes: read('server', corePath('token-registries-system', 'configmaps', 'token-registries-policy')),
  },
  {
    title: 'starts a pod with another identity',
    who: 'server',
    method: 'POST',
    path: corePath('shop', 'pods'),
    body: { metadata: { name: 'attack' }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    status: 403,
    says: refused('create resource "pods"'),
    passes: read('server', '/api/v1/namespaces'),
  },
]

/** All of them, refused by no policy of ours. */
export const plainAttacks: PlainAttack[] = [...attacksOnSchema, ...attacksOnRights]
