import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { annotations, projectAnnotation } from '../core/names.ts'
import { denyAll } from '../core/policy.ts'
import type { NamespaceInfo } from '../core/targets.ts'
import { hour, second } from '../core/test-objects.ts'
import type { KubeObject, ServiceAccount } from '../kube/types.ts'
import type { RegistryObject } from './parse.ts'
import { World } from './world.ts'

const grace = 30 * second

function bench(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const told: string[] = []
  const before: (NamespaceInfo | undefined)[] = []
  const world = new World(
    {
      registryChanged: (owner) => told.push(`changed ${owner}`),
      registryGone: (owner) => told.push(`gone ${owner}`),
      namespaceChanged: (name, was) => {
        told.push(`namespace ${name}`)
        before.push(was)
      },
      secretChanged: ({ namespace, name }) => told.push(`secret ${namespace}/${name}`),
      foreignSecretChanged: (namespace, name) => told.push(`foreign ${namespace}/${name}`),
      foreignSecretsUnknown: () => told.push('foreign unknown'),
      serviceAccountChanged: (namespace) => told.push(`accounts ${namespace}`),
      policyChanged: () => told.push('policy'),
    },
    { projectGraceMs: grace },
  )
  return {
    world,
    before,
    /** What was told since the last look. */
    news: () => told.splice(0),
    membership: (name = 'shop') => {
      const { project, formerProject } = world.namespaces.get(name) ?? {}
      return { project, formerProject }
    },
  }
}

function namespace(project: string | undefined, over: Partial<KubeObject['metadata']> = {}): KubeObject {
  return {
    metadata: {
      name: 'shop',
      uid: 'uid-1',
      resourceVersion: '1',
      ...(project === undefined ? {} : { annotations: { [projectAnnotation]: project } }),
      ...over,
    },
  }
}

// Namespaces and the grace of a lost project.

test('a namespace is news when it comes, changes and goes, and else not', (t) => {
  const { world, news, before } = bench(t)
  world.observeNamespace(namespace('c:p'))
  assert.deepEqual(news(), ['namespace shop'])
  world.observeNamespace(
    namespace('c:p', { resourceVersion: '2', annotations: { [projectAnnotation]: 'c:p', x: 'y' } }),
  )
  assert.deepEqual(news(), [])
  for (const change of [
    namespace('c:p', { labels: { env: 'prod' } }),
    namespace('c:p', { labels: { env: 'test' } }),
    namespace('c:p', { labels: { other: 'test' } }),
    namespace('c:p'),
    namespace('c:p-2'),
    namespace('c:p-2', { deletionTimestamp: '2026-03-02T12:00:00Z' }),
    namespace('c:p-2', { uid: 'uid-2' }),
  ]) {
    world.observeNamespace(change)
    assert.deepEqual(news(), ['namespace shop'], JSON.stringify(change))
  }
  world.namespaceGone('shop')
  world.namespaceGone('shop')
  assert.deepEqual(news(), ['namespace shop'])
  assert.equal(before[0], undefined)
  assert.equal(before.at(-1)?.uid, 'uid-2')
})

test('a lost project annotation is remembered for 30 s and then believed', (t) => {
  const { world, news, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined))
  assert.deepEqual(membership(), { project: undefined, formerProject: 'c:p' })
  news()
  t.mock.timers.tick(grace - 1)
  assert.deepEqual(membership(), { project: undefined, formerProject: 'c:p' })
  t.mock.timers.tick(1)
  assert.deepEqual(membership(), { project: undefined, formerProject: undefined })
  assert.deepEqual(news(), ['namespace shop'])
})

test('other edits during the grace do not make it longer or end it', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined))
  t.mock.timers.tick(20 * second)
  world.observeNamespace(namespace(undefined, { labels: { env: 'prod' } }))
  assert.equal(membership().formerProject, 'c:p')
  t.mock.timers.tick(10 * second)
  assert.equal(membership().formerProject, undefined)
})

test('an annotation that comes back during the grace is as if nothing had been', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined))
  t.mock.timers.tick(10 * second)
  world.observeNamespace(namespace('c:p'))
  assert.deepEqual(membership(), { project: 'c:p', formerProject: undefined })
  t.mock.timers.tick(hour)
  assert.deepEqual(membership(), { project: 'c:p', formerProject: undefined })
})

test('an annotation that is lost again has a grace of its own', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined))
  t.mock.timers.tick(10 * second)
  world.observeNamespace(namespace('c:p'))
  t.mock.timers.tick(15 * second)
  world.observeNamespace(namespace(undefined))
  t.mock.timers.tick(10 * second) // the first grace would be over
  assert.equal(membership().formerProject, 'c:p')
  t.mock.timers.tick(20 * second)
  assert.equal(membership().formerProject, undefined)
})

test('a namespace that was deleted and made anew inherits no project', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined, { uid: 'uid-2' }))
  assert.deepEqual(membership(), { project: undefined, formerProject: undefined })
})

test('the end of a grace does not touch a namespace that was made anew meanwhile', (t) => {
  const { world, news, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace(undefined))
  world.namespaceGone('shop')
  world.observeNamespace(namespace('c:p', { uid: 'uid-2' }))
  world.observeNamespace(namespace(undefined, { uid: 'uid-2', resourceVersion: '9' }))
  news()
  t.mock.timers.tick(grace)
  assert.equal(membership().formerProject, undefined)
  assert.deepEqual(news(), ['namespace shop'])
})

test('a move to another project needs no grace', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace('c:p'))
  world.observeNamespace(namespace('c:p-2'))
  assert.deepEqual(membership(), { project: 'c:p-2', formerProject: undefined })
})

test('a label of the same name is never taken for the annotation, since any member can set it', (t) => {
  const { world, membership } = bench(t)
  world.observeNamespace(namespace(undefined, { labels: { [projectAnnotation]: 'c:p' } }))
  assert.deepEqual(membership(), { project: undefined, formerProject: undefined })
})

// Registries.

function registry(over: Partial<RegistryObject['metadata']> = {}): RegistryObject {
  const spec = {
    provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'], fips: false, dualStack: false } },
    credentials: { serverIdentity: {} },
    serviceAccounts: { attach: 'None' },
    suspend: false,
    deletionPolicy: 'Delete',
  } as unknown as RegistryObject['spec']
  const metadata = {
    namespace: 'shop',
    name: 'ecr',
    uid: 'uid-1',
    resourceVersion: '1',
    generation: 1,
    ...over,
  }
  return { metadata, spec }
}

const owner = 'TokenRegistry/shop/ecr'

test('a registry is news when people change it, not when we write its status', (t) => {
  const { world, news } = bench(t)
  world.observeRegistry(registry())
  assert.deepEqual(news(), [`changed ${owner}`])
  world.observeRegistry(registry({ resourceVersion: '2', labels: { a: 'b' } }))
  assert.deepEqual(news(), [])
  assert.equal(world.registries.get(owner)?.resourceVersion, '2')
  world.observeRegistry(registry({ resourceVersion: '3', generation: 2 }))
  assert.deepEqual(news(), [`changed ${owner}`])
  const asked = { [annotations.refreshRequestedAt]: 'now' }
  world.observeRegistry(registry({ resourceVersion: '4', generation: 2, annotations: asked }))
  world.observeRegistry(registry({ resourceVersion: '4', generation: 2, annotations: asked }))
  assert.deepEqual(news(), [`changed ${owner}`])
  world.observeRegistry(registry({ generation: 2, annotations: asked, uid: 'uid-2' }))
  assert.deepEqual(news(), [`changed ${owner}`])
})

test('an event or answer that is older than what is known is none; a list is believed', (t) => {
  const { world, news } = bench(t)
  world.observeRegistry(registry({ resourceVersion: '10', generation: 2 }))
  news()
  world.observeRegistry(registry({ resourceVersion: '9', generation: 1 }), 'answer')
  world.observeRegistry(registry({ resourceVersion: '9', generation: 1 }))
  assert.deepEqual(news(), [])
  world.observeRegistry(registry({ resourceVersion: '9', generation: 1 }), 'list')
  assert.deepEqual(news(), [`changed ${owner}`])
})

test('an answer never brings back a registry that an event saw go', (t) => {
  const { world, news } = bench(t)
  world.observeRegistry(registry({ resourceVersion: '10' }))
  world.registryGone(owner, 'uid-1')
  news()
  world.observeRegistry(registry({ resourceVersion: '11' }), 'answer')
  assert.deepEqual(news(), [])
  assert.equal(world.registries.size, 0)
})

test('the end of a registry of before does not remove the one of today', (t) => {
  const { world, news } = bench(t)
  world.observeRegistry(registry({ uid: 'uid-2' }))
  news()
  world.registryGone(owner, 'uid-1')
  world.registryGone('TokenRegistry/shop/unknown', 'uid-2')
  assert.deepEqual(news(), [])
  world.registryGone(owner, 'uid-2')
  assert.deepEqual(news(), [`gone ${owner}`])
  assert.equal(world.registries.size, 0)
})

// ServiceAccounts, policy and the Secrets of others.

function account(over: Partial<ServiceAccount> = {}, rv = '1', attached?: string): ServiceAccount {
  return {
    metadata: {
      namespace: 'shop',
      name: 'default',
      uid: 'uid-1',
      resourceVersion: rv,
      ...(attached === undefined ? {} : { annotations: { [annotations.attached]: attached } }),
    },
    ...over,
  }
}

test('of a ServiceAccount its list and what we attached are kept, in order', (t) => {
  const { world, news } = bench(t)
  world.observeServiceAccount(account({ imagePullSecrets: [{ name: 'z' }, { name: 'ecr' }] }, '1', 'ecr,,b'))
  const known = world.serviceAccounts.get('shop')?.get('default')
  assert.deepEqual(known?.pullSecrets, ['z', 'ecr'])
  assert.deepEqual(known.attached, ['ecr', 'b'])
  assert.deepEqual(news(), ['accounts shop'])
  world.observeServiceAccount(account({}, '1'))
  assert.deepEqual(news(), [])
  world.observeServiceAccount(account({}, '2'))
  assert.deepEqual(news(), ['accounts shop'])
  assert.deepEqual(world.serviceAccounts.get('shop')?.get('default')?.pullSecrets, [])
})

test('ServiceAccounts go by event, with their namespace, and when a complete list does not hold them', (t) => {
  const { world } = bench(t)
  const count = () => world.serviceAccounts.get('shop')?.size ?? 0
  world.observeNamespace(namespace('c:p'))
  world.observeServiceAccount(account())
  world.serviceAccountGone('shop', 'default')
  world.serviceAccountGone('unknown', 'default')
  assert.equal(count(), 0)
  world.observeServiceAccount(account())
  world.retainServiceAccounts(new Set(['uid-1']))
  assert.equal(count(), 1)
  world.retainServiceAccounts(new Set(['uid-2']))
  assert.equal(count(), 0)
  world.observeServiceAccount(account())
  world.namespaceGone('shop')
  assert.equal(count(), 0)
})

test('the policy denies until it is there, and again when it goes', (t) => {
  const { world, news } = bench(t)
  assert.equal(world.policy, denyAll)
  const metadata = { name: 'policy', uid: 'u', resourceVersion: '1' }
  world.observePolicy({ metadata, data: { allowedEndpoints: 'a.example:443' } })
  assert.deepEqual(world.policy.allowedEndpoints, ['a.example:443'])
  world.observePolicy(undefined)
  assert.equal(world.policy, denyAll)
  assert.deepEqual(news(), ['policy', 'policy'])
})

test('changes of Secrets are passed on', (t) => {
  const { world, news } = bench(t)
  const metadata = { namespace: 'shop', name: 'keys', uid: 'u', resourceVersion: '1' }
  world.foreignSecretChanged({ metadata })
  world.foreignSecretsUnknown()
  world.secrets.observeMetadata({ metadata })
  assert.deepEqual(news(), ['foreign shop/keys', 'foreign unknown', 'secret shop/keys'])
})
