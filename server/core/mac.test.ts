import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { computeMac, hashPayload, identityKey, identityTag, verifyMac, type MacInput } from './mac.ts'

const key = Buffer.alloc(32, 7)
const otherKey = Buffer.alloc(32, 8)
const input: MacInput = {
  owner: 'TokenRegistry/shop/shop-ecr',
  ownerUid: 'uid-1',
  identityTag: 'identity-1',
  payloadHash: hashPayload('payload'),
  issuedAt: '2026-03-02T12:00:00Z',
  expiresAt: '2026-03-03T00:00:00Z',
}
const changes: { [Field in keyof MacInput]: MacInput[Field] } = {
  owner: 'TokenRegistry/other/shop-ecr',
  ownerUid: 'uid-2',
  identityTag: 'identity-2',
  payloadHash: hashPayload('Payload'),
  issuedAt: '2026-03-02T12:00:01Z',
  expiresAt: '2027-03-03T00:00:00Z',
}

for (const [field, value] of Object.entries(changes)) {
  test(`a copy with another ${field} does not verify`, () => {
    assert.equal(verifyMac(key, { ...input, [field]: value }, computeMac(key, input)), false)
  })
}

test('an untouched copy verifies', () => {
  const mac = computeMac(key, input)
  assert.equal(verifyMac(key, input, mac), true)
})

test('another server key, a cut mac and no mac at all do not verify', () => {
  const mac = computeMac(key, input)
  assert.equal(verifyMac(otherKey, input, mac), false)
  for (const forged of ['', mac.slice(0, -1), `${mac}A`, mac.toUpperCase(), 'ä'.repeat(mac.length)])
    assert.equal(verifyMac(key, input, forged), false, forged)
})

const texts = fc.oneof(
  fc.string(),
  fc.constantFrom('', '"', ',', '","', '\\', '\\"', '[', ']', 'a', 'ab', 'b'),
)
const inputs: fc.Arbitrary<MacInput> = fc.record({
  owner: texts,
  ownerUid: texts,
  identityTag: texts,
  payloadHash: texts,
  issuedAt: texts,
  expiresAt: texts,
})

test('what stands in one field can never be read as part of another', () => {
  const normal = (given: MacInput): string => JSON.stringify(Object.entries(given).sort())
  fc.assert(
    fc.property(inputs, inputs, (a, b) => {
      assert.equal(computeMac(key, a) === computeMac(key, b), normal(a) === normal(b))
    }),
  )
  const pairs: [Partial<MacInput>, Partial<MacInput>][] = [
    [
      { owner: 'ab', ownerUid: 'c' },
      { owner: 'a', ownerUid: 'bc' },
    ],
    [
      { owner: 'a,b', ownerUid: 'c' },
      { owner: 'a', ownerUid: 'b,c' },
    ],
    [
      { owner: 'a","b', ownerUid: 'c' },
      { owner: 'a', ownerUid: 'b","c' },
    ],
    [
      { issuedAt: 'x', expiresAt: '' },
      { issuedAt: '', expiresAt: 'x' },
    ],
  ]
  for (const [a, b] of pairs)
    assert.notEqual(computeMac(key, { ...input, ...a }), computeMac(key, { ...input, ...b }))
})

test('a tag tells identities of one registry apart, and registries of one identity too', () => {
  const tag = identityTag(key, 'uid-1', 'identity-1')
  assert.equal(identityTag(key, 'uid-1', 'identity-1'), tag)
  for (const other of [
    identityTag(key, 'uid-1', 'identity-2'),
    identityTag(key, 'uid-2', 'identity-1'),
    identityTag(otherKey, 'uid-1', 'identity-1'),
  ])
    assert.notEqual(other, tag)
})

// Identity keys: equal only with equal proof.

const parts = {
  provider: 'ecr',
  targetKey: 'eu-west-1',
  credentials: 'secret',
  material: { accessKeyId: 'AKIA1', secretAccessKey: 'secret-1' },
}

const otherIdentities: [string, typeof parts][] = [
  ['provider', { ...parts, provider: 'ecrPublic' }],
  ['target', { ...parts, targetKey: 'eu-west-2' }],
  ['kind of credentials', { ...parts, credentials: 'serverIdentity' }],
  ['access key id', { ...parts, material: { ...parts.material, accessKeyId: 'AKIA2' } }],
  ['secret key under the same id', { ...parts, material: { ...parts.material, secretAccessKey: 'x' } }],
  ['further material', { ...parts, material: { ...parts.material, ...{ sessionToken: 't' } } }],
]
for (const [what, other] of otherIdentities) {
  test(`identities are not shared when they differ in: ${what}`, () => {
    assert.notEqual(identityKey(key, other), identityKey(key, parts))
  })
}

test('identities with equal proof are shared, in whatever order the material was read', () => {
  const { accessKeyId, secretAccessKey } = parts.material
  assert.equal(
    identityKey(key, { ...parts, material: { secretAccessKey, accessKeyId } }),
    identityKey(key, parts),
  )
})

test('material never flows from one key or value into the next', () => {
  const material = fc.dictionary(texts, texts, { maxKeys: 3 })
  const sorted = (given: Record<string, string>): string =>
    JSON.stringify(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)))
  fc.assert(
    fc.property(material, material, (a, b) => {
      const same = identityKey(key, { ...parts, material: a }) === identityKey(key, { ...parts, material: b })
      assert.equal(same, sorted(a) === sorted(b))
    }),
  )
  const pairs: [Partial<typeof parts>, Partial<typeof parts> | { material: Record<string, string> }][] = [
    [
      { provider: 'ab', targetKey: 'c' },
      { provider: 'a', targetKey: 'bc' },
    ],
    [
      { provider: 'a,b', targetKey: 'c' },
      { provider: 'a', targetKey: 'b,c' },
    ],
    [{}, { material: { accessKeyId: 'AKIA1,secretAccessKey,secret-1' } }],
    [{}, { material: { accessKeyId: 'AKIA1secretAccessKeysecret-1' } }],
    [{}, { material: { accessKeyId: 'AKIA1","secretAccessKey":"secret-1' } }],
  ]
  for (const [a, b] of pairs)
    assert.notEqual(identityKey(key, { ...parts, ...a }), identityKey(key, { ...parts, ...b }))
})

test('an identity key tells nothing without the server key', () => {
  assert.notEqual(identityKey(otherKey, parts), identityKey(key, parts))
  assert.doesNotMatch(identityKey(key, parts), /AKIA1|secret-1/)
})
