// What every validator must accept: zod, the API server and the page.
import { kinds } from '../../server/api/v1alpha1/index.ts'
import {
  account,
  clusterTokenRegistry,
  ecr,
  many,
  manyKeys,
  roleArn,
  secret,
  tokenRegistry,
  tokenRegistryServer,
  type GoodSpec,
  type SpecObject,
} from './builders.ts'

const rows: [name: string, object: SpecObject][] = [
  ['as little as possible', tokenRegistry()],
  [
    'hosts instead of accounts',
    tokenRegistry({ provider: ecr({ accounts: [], hosts: ['images.shop.example'] }) }),
  ],
  [
    'hosts with wildcards, a port and a path',
    tokenRegistry({
      provider: ecr({
        hosts: ['*.dkr.ecr.eu-west-1.amazonaws.com', 'localhost:5000', 'mirror.example:443/team'],
      }),
    }),
  ],
  [
    'FIPS in a US region, over IPv6',
    tokenRegistry({ provider: ecr({ region: 'us-east-2', fips: true, dualStack: true }) }),
  ],
  ['FIPS in GovCloud', tokenRegistry({ provider: ecr({ region: 'us-gov-west-1', fips: true }) })],
  ['China', tokenRegistry({ provider: ecr({ region: 'cn-northwest-1', dualStack: true }) })],
  ['the European sovereign cloud', tokenRegistry({ provider: ecr({ region: 'eusc-de-east-1' }) })],
  ['an isolated region', tokenRegistry({ provider: ecr({ region: 'us-isob-east-1' }) })],
  [
    'endpoints of its own',
    tokenRegistry({
      provider: ecr({
        endpoint: 'https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com',
        stsEndpoint: 'http://127.0.0.1:4566/sts',
      }),
    }),
  ],
  [
    'a chain of roles',
    tokenRegistry({
      provider: ecr({
        assumeRoles: [
          { arn: roleArn, externalId: 'shop/team:1', sessionName: 'shop@pull', durationSeconds: 900 },
          { arn: 'arn:aws-us-gov:iam::123456789012:role/path/to/pull+x', durationSeconds: 43200 },
        ],
      }),
    }),
  ],
  [
    'a role from the server identity',
    tokenRegistry({
      provider: ecr({ assumeRoles: [{ arn: roleArn }] }),
      credentials: { serverIdentity: {} },
    }),
  ],
  [
    'a Secret with keys of its own and an end',
    tokenRegistry({
      credentials: secret({
        keys: { accessKeyId: 'AWS_ACCESS_KEY_ID', sessionToken: 'aws.token' },
        expiresAt: '2027-02-28T23:59:59.5+02:00',
      }),
    }),
  ],
  [
    'a static login',
    tokenRegistry({
      provider: { static: { hosts: ['docker.io'] } },
      credentials: secret({ keys: { password: 'token' } }),
    }),
  ],
  ['a whole project', tokenRegistry({ target: { project: 'c-m-4xk8d2ql:p-7hj2k' } })],
  [
    'a pull Secret with name, labels and annotations',
    tokenRegistry({
      secret: {
        name: 'pull',
        labels: { team: 'checkout', 'shop.example/Tier_1': '' },
        annotations: { 'shop.example/contact': 'checkout@shop.example, ext. 7', 'notcattle.io/x': 'y' },
      },
    }),
  ],
  ['an annotation of 4096 emoji', tokenRegistry({ secret: { annotations: { a: '🐳'.repeat(4096) } } })],
  ['twenty labels', tokenRegistry({ secret: { labels: manyKeys(20) } })],
  [
    'the pull Secret named away from the credentials',
    tokenRegistry({ credentials: secret({ name: 'shop' }), secret: { name: 'pull' } }, 'shop'),
  ],
  ['no ServiceAccounts, spelled out', tokenRegistry({ serviceAccounts: { attach: 'None', names: [] } })],
  ['the default ServiceAccount', tokenRegistry({ serviceAccounts: { attach: 'Default' } })],
  [
    'named ServiceAccounts',
    tokenRegistry({ serviceAccounts: { attach: 'Named', names: ['builder', 'web.v2'] } }),
  ],
  ['the shortest interval', tokenRegistry({ refresh: { interval: '5m' } })],
  ['the longest interval', tokenRegistry({ refresh: { interval: '720h' } })],
  ['hours and minutes', tokenRegistry({ refresh: { interval: '1h30m' } })],
  ['suspended and retained', tokenRegistry({ suspend: true, deletionPolicy: 'Retain' })],
  [
    'fifty accounts',
    tokenRegistry({ provider: ecr({ accounts: many(50, (index) => String(100000000000 + index)) }) }),
  ],
  ['a name of 253 characters', tokenRegistry({}, 'a'.repeat(253))],
  [
    'null for fields that may be absent, as a cleared form sends it',
    tokenRegistry({ target: null, suspend: null, refresh: { interval: null } }),
  ],
  ['null for the other provider block', tokenRegistry({ provider: { ...ecr(), static: null } })],
  ['a cluster registry for a project', clusterTokenRegistry()],
  [
    'a cluster registry by labels and names',
    clusterTokenRegistry({
      namespaces: {
        selector: {
          matchLabels: { 'shop.example/env': 'production' },
          matchExpressions: [
            { key: 'team', operator: 'In', values: ['checkout', 'search'] },
            { key: 'sandbox', operator: 'DoesNotExist' },
          ],
        },
        names: ['shop-*', 'kube-system'],
        exclude: ['shop-sandbox-*'],
        trustLabelsAndNames: true,
      },
      distribution: 'Automatic',
    }),
  ],
  [
    'labels within a project need no trust',
    clusterTokenRegistry({ namespaces: { projects: ['local:p-1'], selector: { matchLabels: { a: 'b' } } } }),
  ],
  [
    'an external ID chosen by the administrator',
    clusterTokenRegistry({
      provider: ecr({ accounts: [account], assumeRoles: [{ arn: roleArn, externalId: 'company' }] }),
      credentials: { serverIdentity: {} },
    }),
  ],
  ['a cluster registry named like its Secret, which lies elsewhere', clusterTokenRegistry({}, 'login')],
  ['the server object', tokenRegistryServer('default')],
]

const examples = kinds.flatMap(({ kind, examples }) =>
  examples.map(({ title, object }): GoodSpec => ({
    name: `${kind} example: ${title}`,
    object: object as SpecObject,
  })),
)

export const goodSpecs: readonly GoodSpec[] = [
  ...rows.map(([name, object]) => ({ name, object })),
  ...examples,
]
