// Registries that are there when somebody opens the page for the first time: one of each state that it can show.
import { secretBase64, secretValue } from '../../canaries/marks.ts'
import type { FakeAws } from '../../fakes/aws/index.ts'
import { condition, createKeys, isReady, registries, untilStatus } from '../../integration/harness.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import type { KubeObject } from '../../testbed/kube-client.ts'

/** Access keys that the stage's AWS knows: what somebody types into the form. */
export const awsKeys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: secretBase64('secret access key'),
} as const

/** Registry host of the account and region that the seeds use. */
export const ecrHost = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'

/** What is seeded, as `namespace/name`, or a name alone for the cluster registry. */
export const seeded = {
  /** ECR, ready, for the whole project Web shop, attached to ServiceAccount `default`. */
  ready: 'shop/shop-ecr',
  /** User name and password, ready, without an expiry. */
  static: 'shop/shop-quay',
  /** ECR refuses its key: never had a credential. */
  failing: 'shop/shop-partner',
  /** Ready and suspended. */
  suspended: 'shop-jobs/nightly-ecr',
  /** Its AWS is unreachable; the credential lives on: amber. */
  refreshFails: 'shop/shop-mirror',
  /** Its AWS is unreachable and the credential has ended: red. */
  expired: 'shop/shop-legacy',
  /** Of the other project. */
  foreign: 'billing/billing-ecr',
  /** The administrator's, for the namespaces of project Web shop. */
  cluster: 'company-base',
} as const

/** The AWS of the stage, and a second one that is unreachable after the seeding. */
export interface SeedParts {
  readonly aws: FakeAws
  readonly outage: FakeAws
}

/** Makes what AWS knows. To be called once, before `seedRegistries`. */
export function rememberKeys({ aws, outage }: SeedParts): void {
  const user = { name: 'shop-puller', allow: ['ecr:GetAuthorizationToken'] as const, ...awsKeys }
  for (const fake of [aws, outage]) fake.world.addUser(user)
}

/** Creates the registries in one cluster and waits until each has its state. The outage begins by `beginOutage`. */
export async function seedRegistries(
  plane: ControlPlane,
  clusterId: string,
  parts: SeedParts,
): Promise<void> {
  await createSecrets(plane)
  const project = `${clusterId}:p-shop`
  await create(plane, ecr(seeded.ready, { serviceAccounts: { attach: 'Default' }, target: { project } }))
  await create(plane, {
    ...object(seeded.static),
    spec: {
      provider: { static: { hosts: ['quay.io'] } },
      credentials: { secret: { name: 'shop-quay-credentials' } },
    },
  })
  await create(plane, ecr(seeded.failing, { credentials: { secret: { name: 'partner-keys' } } }))
  await create(plane, ecr(seeded.suspended))
  await create(plane, ecr(seeded.foreign))
  await create(plane, clusterRegistry(project))
  for (const id of [seeded.ready, seeded.static, seeded.suspended, seeded.foreign, seeded.cluster])
    await untilStatus(plane, pathOf(id), `${id} to be ready`, isReady)
  await untilStatus(plane, pathOf(seeded.failing), 'the wrong key to be refused', (each) => {
    return condition(each, 'Ready')?.status === 'False'
  })
  await plane.admin.patch(pathOf(seeded.suspended), { spec: { suspend: true } })
  await seedBeforeOutage(plane, parts)
}

/** These have a credential when their AWS goes: one for long, one for seconds. */
async function seedBeforeOutage(plane: ControlPlane, { outage }: SeedParts): Promise<void> {
  const usual = outage.tokens.lifetimeMs
  await create(plane, ecr(seeded.refreshFails, {}, { endpoint: outage.endpoint }))
  await untilStatus(plane, pathOf(seeded.refreshFails), 'its first credential', isReady)
  outage.tokens.lifetimeMs = 20_000
  // Another region, since registries with one identity share a credential.
  await create(plane, ecr(seeded.expired, {}, { endpoint: outage.endpoint, region: 'us-east-1' }))
  await untilStatus(plane, pathOf(seeded.expired), 'its first credential', isReady)
  outage.tokens.lifetimeMs = usual
}

/** Makes the second AWS unreachable; then one registry cannot refresh, and another one's credential ends. */
export async function beginOutage(planes: readonly ControlPlane[], { outage }: SeedParts): Promise<void> {
  await outage.down()
  for (const plane of planes) {
    await plane.admin.patch(pathOf(seeded.refreshFails), {
      metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': 'outage' } },
    })
    await untilStatus(plane, pathOf(seeded.refreshFails), 'the refresh to fail', (each) => {
      return condition(each, 'CredentialIssued')?.status === 'False'
    })
    await untilStatus(plane, pathOf(seeded.expired), 'the credential to end', (each) => {
      return condition(each, 'Ready')?.status === 'False'
    })
  }
}

/** Path of a registry by `namespace/name`, or of a cluster registry by its name. */
export function pathOf(id: string): string {
  const [namespace = '', name] = id.split('/')
  return name === undefined ? registries.clusterPath(namespace) : registries.path(namespace, name)
}

async function createSecrets(plane: ControlPlane): Promise<void> {
  await createKeys(plane, 'shop', awsKeys, 'shop-ecr-credentials')
  await createKeys(plane, 'shop-jobs', awsKeys, 'shop-ecr-credentials')
  await createKeys(plane, 'billing', awsKeys, 'shop-ecr-credentials')
  await createKeys(plane, 'token-registries-system', awsKeys, 'company-keys')
  await createKeys(
    plane,
    'shop',
    { ...awsKeys, secretAccessKey: secretValue('secret access key') },
    'partner-keys',
  )
  const robot = { username: 'shop+puller', password: secretValue('password') }
  await createKeys(plane, 'shop', robot, 'shop-quay-credentials')
}

function object(id: string): KubeObject {
  const [namespace = '', name = ''] = id.split('/')
  return { apiVersion: 'tokenregistries.io/v1alpha1', kind: 'TokenRegistry', metadata: { name, namespace } }
}

function ecr(id: string, spec: object = {}, config: object = {}): KubeObject {
  return {
    ...object(id),
    spec: {
      provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'], ...config } },
      credentials: { secret: { name: 'shop-ecr-credentials' } },
      ...spec,
    },
  }
}

function clusterRegistry(project: string): KubeObject {
  return {
    apiVersion: 'tokenregistries.io/v1alpha1',
    kind: 'ClusterTokenRegistry',
    metadata: { name: seeded.cluster },
    spec: {
      provider: { ecr: { region: 'eu-central-1', accounts: ['210987654321'] } },
      credentials: { secret: { name: 'company-keys' } },
      namespaces: { projects: [project] },
    },
  }
}

async function create(plane: ControlPlane, registry: KubeObject): Promise<void> {
  const { namespace, name = '' } = registry.metadata ?? {}
  const collection = namespace === undefined ? registries.clusterPath() : registries.path(namespace)
  await plane.admin.create(collection, registry).catch((error: unknown) => {
    throw new Error(`could not create ${name}`, { cause: error })
  })
}
