// Attacks by registries, as data: who sends what, which policy must refuse it, and what the refusal must say.
import { clusterRegistryPath, clusterTokenRegistry, ecr, registryPath, tokenRegistry } from './objects.ts'

/** One request that must be refused while its policy is there, and pass when it is not. Sent as dry run. */
export interface Attack {
  title: string
  policy: string
  /** Short name of a user; `server` is the chart's own ServiceAccount. */
  who: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: object
  /** Names the place that is wrong, and says what to do. */
  says: readonly [place: RegExp, remedy: RegExp]
}

/** Sets the policy of several attacks. */
export function under(policy: string, attacks: Omit<Attack, 'policy'>[]): Attack[] {
  return attacks.map((attack) => ({ ...attack, policy }))
}

/** Values of the chart that the attacks run against. */
export const attackedValues = {
  rbac: { serviceAccountTokens: true },
  policy: {
    allowedEndpoints: ['vpce.example.com:443'],
    serverIdentity: {
      namespaces: { tools: ['self'] },
      projects: { 'c-1:p-1': ['arn:aws:iam::111111111111:role/pull-*'] },
      cluster: ['arn:aws:iam::222222222222:role/central'],
    },
  },
}

const role = (arn: string) => ecr({ assumeRoles: [{ arn: `arn:aws:iam::${arn}` }] })
const asServer = { credentials: { serverIdentity: {} } }

function create(namespace: string, spec: Record<string, unknown> = {}) {
  return { method: 'POST', path: registryPath(namespace), body: tokenRegistry('attack', spec) } as const
}

function createCluster(spec: Record<string, unknown> = {}) {
  return { method: 'POST', path: clusterRegistryPath(), body: clusterTokenRegistry('attack', spec) } as const
}

/** bob may create registries in shop and nothing else; alice has `edit` there; carol may create ClusterTokenRegistries. */
const attacksOnReferences = under('token-registries-references', [
  {
    title: 'names a Secret that the requester cannot read',
    who: 'bob',
    ...create('shop'),
    says: [/spec\.credentials\.secret\.name.*Secret shop\/keys/, /Name a Secret that you can read/],
  },
  {
    title: 'changes an existing registry to such a Secret',
    who: 'bob',
    method: 'PATCH',
    path: registryPath('shop', 'existing'),
    body: { spec: { credentials: { secret: { name: 'admin-keys' } } } },
    says: [/Secret shop\/admin-keys/, /ask an administrator for the right to get/],
  },
  ...['Default', 'All', 'Named'].map((attach) => ({
    title: `attaches pull Secrets to ServiceAccounts (${attach}) that the requester cannot change`,
    who: 'dave',
    ...create('shop', { serviceAccounts: { attach, ...(attach === 'Named' && { names: ['builder'] }) } }),
    says: [
      new RegExp(`spec\\.serviceAccounts\\.attach: ${attach} .*namespace shop`),
      /Set attach to None, or ask/,
    ] as const,
  })),
])

const attacksOnProjects = under('token-registries-project', [
  {
    title: 'serves a whole project with rights in one namespace only',
    who: 'alice',
    ...create('shop', { target: { project: 'c-1:p-1' } }),
    says: [/spec\.target\.project: only owners and members of project c-1:p-1/, /Leave spec\.target out/],
  },
  {
    title: 'serves a project of which the requester is a member, from a namespace of another project',
    who: 'eve',
    ...create('shop', { target: { project: 'c-1:p-2' } }),
    says: [/spec\.target\.project: namespace shop is not in project c-1:p-2/, /Use c-1:p-1, or create/],
  },
  {
    title: 'serves a project from a namespace whose label is forged',
    who: 'eve',
    ...create('forged', { target: { project: 'c-1:p-2' } }),
    says: [/namespace forged is not in project c-1:p-2: it is in no project/, /Leave spec\.target out/],
  },
])

const attacksOnLimits = under('token-registries-limits', [
  {
    title: "uses the server's identity where nobody allowed it",
    who: 'alice',
    ...create('free', asServer),
    says: [/spec\.credentials\.serverIdentity: .*namespace free/, /policy\.serverIdentity\.namespaces\.free/],
  },
  {
    title: "uses the server's identity without a role where only roles are allowed",
    who: 'alice',
    ...create('shop', asServer),
    says: [/without a role \(self\)/, /Use spec\.credentials\.secret, or ask/],
  },
  {
    title: "reaches somebody else's role from the server's identity",
    who: 'alice',
    ...create('shop', { ...asServer, ...role('333333333333:role/pull-theirs') }),
    says: [/for arn:aws:iam::333333333333:role\/pull-theirs/, /policy\.serverIdentity\.projects/],
  },
  {
    title: 'puts a role that is not allowed behind one that is',
    who: 'alice',
    ...create('shop', {
      ...asServer,
      ...ecr({
        assumeRoles: ['111111111111:role/pull-shop', '111111111111:role/root'].map((arn) => ({
          arn: `arn:aws:iam::${arn}`,
        })),
      }),
    }),
    says: [/for arn:aws:iam::111111111111:role\/root\./, /ask an administrator/],
  },
  {
    title: 'names an endpoint that nobody allowed',
    who: 'alice',
    ...create('shop', ecr({ endpoint: 'http://169.254.169.254/latest' })),
    says: [
      /spec\.provider\.ecr\.endpoint: .*does not list 169\.254\.169\.254:80/,
      /policy\.allowedEndpoints/,
    ],
  },
  {
    title: 'names an allowed host on another port',
    who: 'alice',
    ...create('shop', ecr({ stsEndpoint: 'https://vpce.example.com:8443' })),
    says: [/spec\.provider\.ecr\.stsEndpoint: .*vpce\.example\.com:8443/, /Leave the field out/],
  },
])

const attacksByClusterRegistry: Attack[] = [
  {
    title: "names a Secret of the server's namespace that the requester cannot read",
    policy: 'token-registries-cluster-references',
    who: 'carol',
    ...createCluster(),
    says: [/Secret token-registries-system\/keys/, /Name a Secret that you can read/],
  },
  {
    title: 'attaches to ServiceAccounts of all namespaces without the right to change them',
    policy: 'token-registries-cluster-references',
    who: 'dave',
    ...createCluster({ serviceAccounts: { attach: 'All' } }),
    says: [/spec\.serviceAccounts\.attach: All .*in all namespaces/, /Set attach to None/],
  },
  {
    title: "uses the server's identity for a role that is not allowed for cluster registries",
    policy: 'token-registries-cluster-limits',
    who: 'admin',
    ...createCluster({ ...asServer, ...role('111111111111:role/pull-shop') }),
    says: [/cluster registries use the server's own identity/, /policy\.serverIdentity\.cluster/],
  },
  {
    title: 'names an endpoint that nobody allowed, as administrator',
    policy: 'token-registries-cluster-limits',
    who: 'admin',
    ...createCluster(ecr({ endpoint: 'https://elsewhere.example.com' })),
    says: [/elsewhere\.example\.com:443/, /policy\.allowedEndpoints/],
  },
]

/** All attacks by people who write registries; each is refused by exactly one policy. */
export const attacksByRegistry: Attack[] = [
  ...attacksOnReferences,
  ...attacksOnProjects,
  ...attacksOnLimits,
  ...attacksByClusterRegistry,
]
