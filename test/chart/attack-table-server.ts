// Attacks by whoever has the token of the server's own ServiceAccount, as data.
import { under, type Attack } from './attack-table.ts'
import { corePath, opaqueSecret, pullSecret } from './objects.ts'

const home = 'token-registries-system'

function byServer(attacks: Omit<Attack, 'policy' | 'who'>[]): Omit<Attack, 'policy'>[] {
  return attacks.map((attack) => ({ ...attack, who: 'server' }))
}

const notOurs: Attack['says'] = [
  /Secret shop\/foreign does not belong to the server/,
  /annotate it with tokenregistries/,
]
const notSo = (name: string): Attack['says'] => [
  new RegExp(`may write Secret ${name} only as type kubernetes.io/dockerconfigjson`),
  /its token is stolen: delete its ServiceAccount token-registries/,
]
const ourLabel = { 'app.kubernetes.io/managed-by': 'token-registries' }

const attacksOnSecrets = under(
  'token-registries-own-secrets',
  byServer([
    {
      title: 'changes a foreign Secret',
      method: 'PATCH',
      path: corePath('shop', 'secrets', 'keys'),
      body: { stringData: { key: 'mine' } },
      says: notSo('shop/keys'),
    },
    {
      title: 'labels a foreign pull Secret as its own',
      method: 'PATCH',
      path: corePath('shop', 'secrets', 'foreign'),
      body: { metadata: { labels: ourLabel } },
      says: notOurs,
    },
    {
      title: 'deletes a foreign pull Secret',
      method: 'DELETE',
      path: corePath('shop', 'secrets', 'foreign'),
      says: notOurs,
    },
    {
      title: 'deletes a foreign Opaque Secret',
      method: 'DELETE',
      path: corePath('shop', 'secrets', 'keys'),
      says: [/Secret shop\/keys does not belong/, /annotate it/],
    },
    {
      title: 'creates an Opaque Secret',
      method: 'POST',
      path: corePath('shop', 'secrets'),
      body: opaqueSecret('attack'),
      says: notSo('shop/attack'),
    },
    {
      title: 'creates an Opaque Secret with its label in its own namespace',
      method: 'POST',
      path: corePath(home, 'secrets'),
      body: { ...opaqueSecret('attack'), metadata: { name: 'attack', labels: ourLabel } },
      says: notSo(`${home}/attack`),
    },
    {
      title: 'asks for a token Secret of a ServiceAccount',
      method: 'POST',
      path: corePath('shop', 'secrets'),
      body: {
        ...opaqueSecret('attack', 'kubernetes.io/service-account-token'),
        metadata: {
          name: 'attack',
          labels: ourLabel,
          annotations: { 'kubernetes.io/service-account.name': 'default' },
        },
      },
      says: notSo('shop/attack'),
    },
    {
      title: 'creates a pull Secret without its label',
      method: 'POST',
      path: corePath('shop', 'secrets'),
      body: pullSecret('attack'),
      says: notSo('shop/attack'),
    },
    {
      title: 'strips its label from one of its own',
      method: 'PATCH',
      path: corePath('shop', 'secrets', 'ours'),
      body: { metadata: { labels: { 'app.kubernetes.io/managed-by': 'somebody' } } },
      says: notSo('shop/ours'),
    },
    {
      title: 'keeps its records in a foreign namespace',
      method: 'POST',
      path: corePath('shop', 'secrets'),
      body: opaqueSecret('attack', 'tokenregistries.io/state'),
      says: notSo('shop/attack'),
    },
  ]),
)

const attacksOnServiceAccounts: Attack[] = Object.entries({
  'the Secrets of': { secrets: [{ name: 'keys' }] },
  'the labels of': { metadata: { labels: { a: 'b' } } },
  'an annotation of': {
    metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/root' } },
  },
  'the finalizers of': { metadata: { finalizers: ['example.com/never'] } },
  'the mounting of': { automountServiceAccountToken: true },
}).map(([what, body]) => ({
  title: `changes ${what} a ServiceAccount`,
  policy: 'token-registries-own-serviceaccounts',
  who: 'server',
  method: 'PATCH',
  path: corePath('shop', 'serviceaccounts', 'default'),
  body,
  says: [
    /only imagePullSecrets and the annotation .* of ServiceAccount shop\/default/,
    /with your own account/,
  ],
}))

function tokenFor(serviceAccount: string, spec: Record<string, unknown>) {
  const path = `${corePath('shop', 'serviceaccounts', serviceAccount)}/token`
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
  return { policy: 'token-registries-own-tokens', who: 'server', method: 'POST', path, body } as const
}

const attacksOnTokens: Attack[] = [
  {
    title: 'asks for a token for the API server',
    ...tokenFor('token-registry-ecr', {}),
    says: [
      /ServiceAccount shop\/token-registry-ecr only for audiences .*kubernetes\.default/,
      /list it there/,
    ],
  },
  {
    title: 'asks for a token for an audience of the API server beside an allowed one',
    ...tokenFor('token-registry-ecr', { audiences: ['sts.amazonaws.com', 'kubernetes'] }),
    says: [/not for sts\.amazonaws\.com, kubernetes/, /policy\.tokens\.audiences/],
  },
  {
    title: 'asks for a token of a ServiceAccount that is not meant for it',
    ...tokenFor('default', { audiences: ['sts.amazonaws.com'] }),
    says: [/begins with token-registry-, not of shop\/default/, /Rename it, or ask/],
  },
  {
    title: 'asks for a token that lives for a day',
    ...tokenFor('token-registry-ecr', { audiences: ['sts.amazonaws.com'], expirationSeconds: 86_400 }),
    says: [/at most 3600 seconds/, /Ask for a shorter one/],
  },
]

/** All attacks with the server's token; each is refused by exactly one policy. */
export const attacksByServer: Attack[] = [
  ...attacksOnSecrets,
  ...attacksOnServiceAccounts,
  ...attacksOnTokens,
]
