import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { asRegistryError, errorCodes, isPermanent, RegistryError } from './errors.ts'
import { olderFirst, ownerText, parseOwner, type RegistryRef } from './registry.ts'
import { aRegistry, clusterRef } from './test-objects.ts'

const objectName = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/)
const refs: fc.Arbitrary<RegistryRef> = fc.oneof(
  fc.record(
    { kind: fc.constant('TokenRegistry' as const), namespace: objectName, name: objectName },
    { noNullPrototype: true },
  ),
  fc.record(
    { kind: fc.constant('ClusterTokenRegistry' as const), namespace: fc.constant(''), name: objectName },
    { noNullPrototype: true },
  ),
)

test('the owner annotation is read back as the registry that it names', () => {
  assert.equal(ownerText(clusterRef), 'ClusterTokenRegistry/base')
  fc.assert(fc.property(refs, (ref) => assert.deepEqual(parseOwner(ownerText(ref)), ref)))
})

const forged = [
  undefined,
  '',
  'TokenRegistry',
  'TokenRegistry/',
  'TokenRegistry/shop',
  'TokenRegistry/shop/',
  'TokenRegistry//ecr',
  'TokenRegistry/shop/ecr/more',
  'ClusterTokenRegistry/',
  'ClusterTokenRegistry/shop/ecr',
  'Secret/shop/ecr',
  'tokenregistry/shop/ecr',
]
for (const text of forged) {
  test(`an owner annotation that is not one of ours names nobody: ${text ?? 'absent'}`, () => {
    assert.equal(parseOwner(text), undefined)
  })
}

test('of two registries the older wins, and among equals the uid decides the same for both', () => {
  const old = aRegistry({ createdAt: '2026-01-01T00:00:00Z', uid: 'z' })
  const young = aRegistry({ createdAt: '2026-01-01T00:00:01Z', uid: 'a' })
  const twin = aRegistry({ createdAt: '2026-01-01T00:00:01Z', uid: 'b' })
  for (const order of [
    [old, young, twin],
    [twin, young, old],
    [young, twin, old],
  ]) {
    assert.deepEqual(
      order.sort(olderFirst).map(({ uid }) => uid),
      ['z', 'a', 'b'],
    )
  }
})

test('what waiting cannot heal is permanent, what upstream or the cluster may mend is not', () => {
  assert.deepEqual(errorCodes.filter(isPermanent), [
    'SpecInvalid',
    'ReferenceMissing',
    'CredentialsInvalid',
    'CredentialsExpired',
    'WrongTarget',
    'NotAllowed',
  ])
})

test('an error that is not ours says nothing of its content to people', () => {
  const error = asRegistryError(new TypeError('secret-canary'))
  assert.equal(error.code, 'InternalError')
  assert.doesNotMatch(error.message, /canary/)
  assert.match(error.message, /TypeError/)
  assert.match(asRegistryError('secret-canary').message, /unexpected string/)
})

test('an error of ours stays as it is', () => {
  const error = new RegistryError('RateLimited', 'slow down', { retryAfterMs: 7 })
  assert.equal(asRegistryError(error), error)
  assert.equal(error.retryAfterMs, 7)
})
