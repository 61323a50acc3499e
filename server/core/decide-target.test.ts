import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideAdoption,
  decideTarget,
  isOurs,
  marksEqual,
  normaliseHost,
  type KnownSecret,
  type SecretInTheWay,
  type TargetWorld,
} from './decide-target.ts'
import { annotations, labels, pullSecretType } from './names.ts'
import { renderSecret } from './render.ts'
import { aCredential, aRegistry } from './test-objects.ts'

const desired = renderSecret(aRegistry(), ['a.example'], aCredential(), {
  macKey: Buffer.alloc(32),
  identityTag: 'identity',
})

function known(over: Partial<KnownSecret> = {}): KnownSecret {
  const { name, payloadHash } = desired
  return {
    namespace: 'shop',
    name,
    uid: 'uid-1',
    resourceVersion: '1',
    labels: { ...desired.labels, 'other.example/label': 'kept' },
    annotations: { ...desired.annotations, 'field.cattle.io/projectId': 'c-1:p-1' },
    payloadHash,
    obstacle: undefined,
    ...over,
  }
}

const copyMark = { 'management.cattle.io/project-scoped-secret-copy': 'true' }

function decide(existing: KnownSecret | undefined, claimedBy?: string) {
  const world: TargetWorld = { namespace: 'shop', existing, desired, claimedBy }
  return decideTarget(world)
}

const decisions: [string, KnownSecret | undefined, ReturnType<typeof decideTarget>['action']][] = [
  ['no Secret', undefined, 'create'],
  ['one as it shall be, with marks of others', known(), 'none'],
  ['another payload', known({ payloadHash: 'other' }), 'update'],
  ['an unknown payload', known({ payloadHash: undefined }), 'read'],
  [
    'an unknown payload behind an obstacle of before',
    known({ payloadHash: undefined, obstacle: 'immutable' }),
    'read',
  ],
  ['another type', known({ obstacle: 'type' }), 'blocked'],
  ['an immutable one', known({ obstacle: 'immutable' }), 'blocked'],
  ["a copy of Rancher's", known({ annotations: { ...desired.annotations, ...copyMark } }), 'blocked'],
  [
    "a copy of Rancher's with an unknown payload",
    known({ annotations: copyMark, payloadHash: undefined }),
    'blocked',
  ],
]
for (const [what, existing, action] of decisions) {
  test(`${what}: ${action}`, () => assert.equal(decide(existing).action, action))
}

for (const key of Object.keys(desired.annotations)) {
  test(`an edited or removed annotation ${key} is put back`, () => {
    assert.equal(decide(known({ annotations: { ...desired.annotations, [key]: 'x' } })).action, 'update')
    const { [key]: _gone, ...rest } = desired.annotations
    assert.equal(decide(known({ annotations: rest })).action, 'update')
  })
}

test('an edited label is put back', () => {
  const edited = { ...desired.labels, [labels.ownerUid]: 'uid of somebody else' }
  assert.equal(decide(known({ labels: edited })).action, 'update')
})

test('an older registry keeps the name, whatever is there, and the message names it', () => {
  for (const existing of [undefined, known(), known({ payloadHash: undefined })]) {
    const decision = decide(existing, 'TokenRegistry/shop/older')
    assert.equal(decision.action, 'blocked')
    assert.equal(decision.code, 'NotOwner')
    assert.match(decision.message, /Secret shop\/shop-ecr belongs to the older TokenRegistry\/shop\/older/)
  }
})

test('what stands in the way is told apart', () => {
  const said = (existing: KnownSecret): string => {
    const decision = decide(existing)
    assert.equal(decision.action, 'blocked')
    return decision.message
  }
  assert.match(said(known({ obstacle: 'type' })), /another type/)
  assert.match(said(known({ obstacle: 'immutable' })), /immutable/)
  assert.match(said(known({ annotations: copyMark })), /project-scoped/)
})

test('only the mark of a copy counts, not a mark that says it is none', () => {
  const marks = {
    ...desired.annotations,
    'management.cattle.io/project-scoped-secret-copy': 'false',
  }
  assert.equal(decide(known({ annotations: marks })).action, 'none')
})

test('a stripped label means released', () => {
  assert.equal(isOurs({ labels: desired.labels }), true)
  assert.equal(isOurs({ labels: { [labels.ownerUid]: 'uid' } }), false)
  assert.equal(isOurs({ labels: { [labels.managedBy]: 'somebody' } }), false)
  assert.equal(isOurs({}), false)
  assert.equal(isOurs(undefined), false)
})

test('marks of others never count as a difference, missing ones of ours do', () => {
  assert.equal(marksEqual(known(), desired), true)
  assert.equal(marksEqual(known({ labels: {} }), desired), false)
  assert.equal(marksEqual(known({ annotations: {} }), desired), false)
})

// Adoption.

const wanted = {
  namespace: 'shop',
  name: 'pull',
  registryName: 'shop-ecr',
  hosts: ['a.example', 'b.example'],
}

function inTheWay(over: Partial<SecretInTheWay> = {}): SecretInTheWay {
  return {
    type: pullSecretType,
    immutable: false,
    annotations: { [annotations.adopt]: 'shop-ecr' },
    managedBy: 'kubectl',
    hosts: ['a.example'],
    ...over,
  }
}

const adoptions: [string, Partial<SecretInTheWay>, RegExp | undefined][] = [
  ['annotated for this registry', {}, undefined],
  ['without any hosts', { hosts: [] }, undefined],
  ['with content that holds no passwords', { hosts: undefined }, undefined],
  ['with all hosts of this registry', { hosts: ['b.example', 'a.example'] }, undefined],
  ['not annotated', { annotations: {} }, /is managed by kubectl and was left as it is; .*adopt=shop-ecr/],
  ['annotated for any registry', { annotations: { [annotations.adopt]: '*' } }, undefined],
  ['annotated for another registry', { annotations: { [annotations.adopt]: 'other' } }, /adopt=shop-ecr/],
  ['released', { annotations: {}, managedBy: 'token-registries' }, /has lost its label app\S+ and was left/],
  ['not annotated, of nobody', { annotations: {}, managedBy: undefined }, /not managed by token-registries/],
  ['of another type', { type: 'Opaque' }, /another type/],
  ['without a type', { type: undefined }, /another type/],
  ['immutable', { immutable: true }, /immutable/],
  [
    'with passwords of other registries, which would be lost',
    { hosts: ['a.example', 'ghcr.io', 'quay.io'] },
    /passwords for ghcr\.io, quay\.io, .*would be lost/,
  ],
  [
    "a copy of Rancher's, although annotated",
    { annotations: { ...copyMark, [annotations.adopt]: 'shop-ecr' } },
    /project-scoped/,
  ],
]
for (const [what, found, refusal] of adoptions) {
  test(`a foreign Secret is ${refusal ? 'left alone' : 'adopted'}: ${what}`, () => {
    const verdict = decideAdoption(inTheWay(found), wanted)
    if (refusal === undefined) {
      assert.deepEqual(verdict, { action: 'adopt' })
      return
    }
    assert.equal(verdict.action, 'blocked')
    assert.equal(verdict.code, 'NotOwner')
    assert.match(verdict.message, /^Secret shop\/pull /)
    assert.match(verdict.message, refusal)
  })
}

test('a long list of hosts that would be lost is cut', () => {
  const verdict = decideAdoption(inTheWay({ hosts: Array.from({ length: 50 }, (_, i) => `h${i}`) }), wanted)
  assert.equal(verdict.action, 'blocked')
  assert.match(verdict.message, /h0, h1, h2, h3, h4, which/)
})

const hosts: [string, string][] = [
  ['a.example', 'a.example'],
  ['https://a.example', 'a.example'],
  ['http://a.example', 'a.example'],
  ['https://a.example/', 'a.example'],
  ['https://a.example/v1/', 'a.example'],
  ['https://a.example/v2', 'a.example'],
  ['a.example:5000', 'a.example:5000'],
  ['a.example/team/v1-images', 'a.example/team/v1-images'],
  ['a.example/v10', 'a.example/v10'],
]
for (const [key, host] of hosts) {
  test(`the key ${key} is the host ${host}`, () => assert.equal(normaliseHost(key), host))
}
