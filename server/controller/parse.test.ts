import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as api from '../api/v1alpha1/index.ts'
import { annotations } from '../core/names.ts'
import { hour, minute } from '../core/test-objects.ts'
import { parseRegistry, type RegistryObject } from './parse.ts'

const provider = { ecr: { region: 'eu-west-1', accounts: ['123456789012'] } }
const credentials = { secret: { name: 'keys' } }
const served = {
  resourceVersion: '7',
  uid: 'uid-1',
  generation: 3,
  creationTimestamp: '2026-03-01T12:00:00Z',
}

/** As the API server gives it: checked by the schema, with its defaults. */
function tokenRegistry(spec: object = {}, metadata: object = {}) {
  const input = { metadata: { name: 'ecr', namespace: 'shop' }, spec: { provider, credentials, ...spec } }
  const { spec: whole } = api.tokenRegistrySchema.parse({
    apiVersion: api.apiVersion,
    kind: 'TokenRegistry',
    ...input,
  })
  const object: RegistryObject = { metadata: { ...input.metadata, ...served, ...metadata }, spec: whole }
  return parseRegistry(object)
}

function clusterRegistry(namespaces: object) {
  const spec = { provider, credentials, namespaces }
  const input = { apiVersion: api.apiVersion, kind: 'ClusterTokenRegistry', metadata: { name: 'base' }, spec }
  const { spec: whole } = api.clusterTokenRegistrySchema.parse(input)
  return parseRegistry({ metadata: { name: 'base', ...served }, spec: whole })
}

test('the least registry is for its own namespace, under its own name, and attached to nobody', () => {
  const registry = tokenRegistry()
  assert.equal(registry.owner, 'TokenRegistry/shop/ecr')
  assert.deepEqual(registry.ref, { kind: 'TokenRegistry', namespace: 'shop', name: 'ecr' })
  assert.deepEqual(
    [registry.uid, registry.resourceVersion, registry.generation, registry.createdAt],
    ['uid-1', '7', 3, '2026-03-01T12:00:00Z'],
  )
  assert.deepEqual(registry.target, { type: 'namespace' })
  assert.equal(registry.secretName, 'ecr')
  assert.deepEqual(registry.attach, { mode: 'None' })
  assert.deepEqual([registry.labels, registry.annotations], [{}, {}])
  assert.deepEqual([registry.suspend, registry.retain, registry.intervalMs], [false, false, undefined])
  assert.equal(registry.refreshRequest, undefined)
  assert.equal(registry.status, undefined)
})

test('the provider is its block, with the defaults of its schema', () => {
  const { type, config } = tokenRegistry().provider
  assert.equal(type, 'ecr')
  assert.deepEqual((config as { accounts: string[] }).accounts, ['123456789012'])
})

test('credentials are a Secret with its own key names and its end, or the identity of the server', () => {
  assert.deepEqual(tokenRegistry().credentials, {
    kind: 'secret',
    name: 'keys',
    keys: {},
    expiresAt: undefined,
  })
  const secret = { name: 'keys', keys: { accessKeyId: 'id' }, expiresAt: '2027-01-31T00:00:00+01:00' }
  assert.deepEqual(tokenRegistry({ credentials: { secret } }).credentials, {
    kind: 'secret',
    name: 'keys',
    keys: { accessKeyId: 'id' },
    expiresAt: new Date('2027-01-30T23:00:00Z'),
  })
  assert.deepEqual(tokenRegistry({ credentials: { serverIdentity: {} } }).credentials, {
    kind: 'serverIdentity',
  })
})

test('a target names a project', () => {
  assert.deepEqual(tokenRegistry({ target: { project: 'c-1:p-1' } }).target, {
    type: 'project',
    project: 'c-1:p-1',
  })
})

test('the pull Secret has the name and the marks of the spec', () => {
  const secret = { name: 'pull', labels: { 'x.example/a': 'b' }, annotations: { 'x.example/c': 'd' } }
  const registry = tokenRegistry({ secret })
  assert.equal(registry.secretName, 'pull')
  assert.deepEqual(registry.labels, secret.labels)
  assert.deepEqual(registry.annotations, secret.annotations)
})

test('ServiceAccounts are attached by mode, names only where they are named', () => {
  for (const attach of ['None', 'Default', 'All'])
    assert.deepEqual(tokenRegistry({ serviceAccounts: { attach } }).attach, { mode: attach })
  assert.deepEqual(tokenRegistry({ serviceAccounts: { attach: 'Named', names: ['a', 'b'] } }).attach, {
    mode: 'Named',
    names: ['a', 'b'],
  })
})

test('the rest of the spec, the request for a refresh and the status are taken over', () => {
  const given = { refresh: { interval: '1h30m' }, suspend: true, deletionPolicy: 'Retain' }
  const registry = tokenRegistry(given, { annotations: { [annotations.refreshRequestedAt]: 'now' } })
  assert.equal(registry.intervalMs, hour + 30 * minute)
  assert.deepEqual([registry.suspend, registry.retain, registry.refreshRequest], [true, true, 'now'])
  const object = { metadata: { name: 'ecr', namespace: 'shop', ...served }, spec: { provider, credentials } }
  const status = { attempts: 3 }
  assert.deepEqual(parseRegistry({ ...object, status } as unknown as RegistryObject).status, status)
})

test('a cluster registry selects namespaces; parts that are absent select nothing by themselves', () => {
  const byProject = clusterRegistry({ projects: ['c-1:p-1'], exclude: ['test-*'] })
  assert.equal(byProject.owner, 'ClusterTokenRegistry/base')
  assert.equal(byProject.ref.namespace, '')
  assert.deepEqual(byProject.target, {
    type: 'selection',
    projects: ['c-1:p-1'],
    names: [],
    exclude: ['test-*'],
    selector: undefined,
  })
  const selector = { matchLabels: { env: 'prod' } }
  const byLabel = clusterRegistry({ selector, names: ['shop-*'], trustLabelsAndNames: true })
  assert.deepEqual(byLabel.target, {
    type: 'selection',
    projects: [],
    names: ['shop-*'],
    exclude: [],
    selector,
  })
})

test('an object that lacks what an old server did not set is read nevertheless', () => {
  const object = { metadata: { name: 'ecr', namespace: 'shop', uid: 'u', resourceVersion: '1' } }
  const registry = parseRegistry({ ...object, spec: { provider, credentials } } as unknown as RegistryObject)
  assert.deepEqual([registry.generation, registry.createdAt, registry.attach], [0, '', { mode: 'None' }])
  assert.equal(registry.retain, false)
})
