import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryError } from './errors.ts'
import { checkPolicy, denyAll, parsePolicy, type UpstreamDemand } from './policy.ts'
import type { Registry } from './registry.ts'
import { aNamespace, aRegistry, clusterRef } from './test-objects.ts'

const role = 'arn:aws:iam::123456789012:role/pull-shop'
const nothing: UpstreamDemand = { customEndpoints: [], upstreamRoles: [] }
const serverIdentity = aRegistry({ credentials: { kind: 'serverIdentity' } })
const clusterIdentity = aRegistry({ ref: clusterRef, credentials: { kind: 'serverIdentity' } })

function allows(
  data: Record<string, string> | undefined,
  registry: Registry,
  demand: Partial<UpstreamDemand> = {},
  home = aNamespace(),
): boolean {
  try {
    checkPolicy(registry, { ...nothing, ...demand }, home, parsePolicy(data))
    return true
  } catch (error) {
    assert.ok(error instanceof RegistryError)
    assert.equal(error.code, 'NotAllowed')
    return false
  }
}

test('the data of the ConfigMap is read by line, with blank lines and white space left out', () => {
  const policy = parsePolicy({
    allowedEndpoints: '\n proxy.example:443 \r\n\nvpce.example:8443\n',
    deniedCIDRs: '10.0.0.0/8\nfd00::/8\n',
    'serverIdentity.cluster': 'self',
    'serverIdentity.namespace.shop': `${role}\nself\n`,
    'serverIdentity.project.c-m-4xk8.p-1': role,
    'somethingNewer.shop': 'ignored',
  })
  assert.deepEqual(policy, {
    allowedEndpoints: ['proxy.example:443', 'vpce.example:8443'],
    deniedCIDRs: ['10.0.0.0/8', 'fd00::/8'],
    serverIdentity: {
      cluster: ['self'],
      namespaces: new Map([['shop', [role, 'self']]]),
      projects: new Map([['c-m-4xk8:p-1', [role]]]),
    },
  })
})

test('a missing or empty ConfigMap denies all that a policy must allow', () => {
  assert.deepEqual(parsePolicy(undefined), denyAll)
  assert.deepEqual(parsePolicy({}), denyAll)
  for (const data of [undefined, {}]) {
    assert.equal(allows(data, serverIdentity), false)
    assert.equal(allows(data, clusterIdentity), false)
    assert.equal(allows(data, aRegistry(), { customEndpoints: ['proxy.example:443'] }), false)
  }
})

test('what needs no permission works without a policy', () => {
  assert.equal(allows(undefined, aRegistry(), { upstreamRoles: [role] }), true)
})

test('an endpoint is compared whole, port included', () => {
  const data = { allowedEndpoints: 'proxy.example:443\nvpce.example:443' }
  const asks = (...customEndpoints: string[]) => allows(data, aRegistry(), { customEndpoints })
  assert.equal(asks('proxy.example:443'), true)
  assert.equal(asks('proxy.example:443', 'vpce.example:443'), true)
  assert.equal(asks('proxy.example:443', 'evil.example:443'), false)
  assert.equal(asks('proxy.example:4433'), false)
  assert.equal(asks('proxy.example'), false)
  assert.equal(asks('a.proxy.example:443'), false)
})

test("the server's own identity needs self, a role needs its name", () => {
  const self = { 'serverIdentity.namespace.shop': 'self' }
  assert.equal(allows(self, serverIdentity), true)
  assert.equal(allows(self, serverIdentity, { upstreamRoles: [role] }), false)
  const named = { 'serverIdentity.namespace.shop': role }
  assert.equal(allows(named, serverIdentity, { upstreamRoles: [role] }), true)
  assert.equal(allows(named, serverIdentity), false)
  assert.equal(allows(named, serverIdentity, { upstreamRoles: [`${role}-2`] }), false)
  assert.equal(allows(named, serverIdentity, { upstreamRoles: [role, `${role}-2`] }), false)
})

test('a star at the end is a prefix; anywhere else it is a letter', () => {
  const asks = (pattern: string, upstreamRoles: string[]) =>
    allows({ 'serverIdentity.namespace.shop': pattern }, serverIdentity, { upstreamRoles })
  assert.equal(asks('arn:aws:iam::123456789012:role/pull-*', [role]), true)
  assert.equal(asks('arn:aws:iam::123456789012:role/push-*', [role]), false)
  assert.equal(asks('*:role/pull-shop', [role]), false)
  assert.equal(asks('pull-*', [role]), false)
})

test('a project is served by its annotation, with the dot of the key read as colon', () => {
  const data = { 'serverIdentity.project.c-1.p-1': 'self' }
  assert.equal(allows(data, serverIdentity), true)
  assert.equal(allows(data, serverIdentity, {}, aNamespace({ project: 'c-1:p-2' })), false)
  assert.equal(allows(data, serverIdentity, {}, aNamespace({ project: undefined })), false)
  assert.equal(
    allows(data, serverIdentity, {}, aNamespace({ labels: { p: 'c-1:p-1' }, project: undefined })),
    false,
  )
})

test('roles of the namespace and of its project add up', () => {
  const data = { 'serverIdentity.namespace.shop': role, 'serverIdentity.project.c-1.p-1': `${role}-2` }
  assert.equal(allows(data, serverIdentity, { upstreamRoles: [role, `${role}-2`] }), true)
})

test('another namespace has no part in it, not even one whose name begins alike', () => {
  const home = { kind: 'TokenRegistry', namespace: 'shop-2', name: 'shop-ecr' } as const
  const other = aRegistry({ ref: home, credentials: { kind: 'serverIdentity' } })
  assert.equal(allows({ 'serverIdentity.namespace.shop': 'self' }, other), false)
})

test('cluster registries and namespaces are allowed separately', () => {
  assert.equal(allows({ 'serverIdentity.cluster': 'self' }, clusterIdentity), true)
  assert.equal(allows({ 'serverIdentity.cluster': 'self' }, serverIdentity), false)
  const others = { 'serverIdentity.namespace.shop': 'self', 'serverIdentity.project.c-1.p-1': 'self' }
  assert.equal(allows(others, clusterIdentity), false)
})

test('a refusal names the field, what was asked and whom to ask', () => {
  const refusal = (registry: Registry, demand: Partial<UpstreamDemand>): string => {
    try {
      checkPolicy(registry, { ...nothing, ...demand }, aNamespace(), denyAll)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  assert.match(
    refusal(aRegistry(), { customEndpoints: ['evil.example:443'] }),
    /spec\.provider\.ecr names the endpoint evil\.example:443.*policy\.allowedEndpoints/,
  )
  assert.match(
    refusal(serverIdentity, { upstreamRoles: [role] }),
    /spec\.credentials\.serverIdentity.*namespace shop or its project.*role\/pull-shop.*policy\.serverIdentity/,
  )
  assert.match(refusal(clusterIdentity, {}), /does not let cluster registries use the server's own identity/)
})
