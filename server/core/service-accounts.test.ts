import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attachMatches, planPullSecrets, type KnownServiceAccount } from './service-accounts.ts'

function account(pullSecrets: readonly string[], attached: readonly string[] = []): KnownServiceAccount {
  return { namespace: 'shop', name: 'default', uid: 'uid', resourceVersion: '1', pullSecrets, attached }
}

/** What stands on the ServiceAccount afterwards. */
function apply(before: KnownServiceAccount, wanted: readonly string[]): KnownServiceAccount {
  const change = planPullSecrets(before, new Set(wanted))
  return change === undefined ? before : { ...before, ...change }
}

const plans: [string, KnownServiceAccount, string[], string[], string[]][] = [
  ['a first one is added and remembered', account([]), ['ecr'], ['ecr'], ['ecr']],
  ["others' entries keep their place", account(['z', 'a']), ['ecr'], ['z', 'a', 'ecr'], ['ecr']],
  ['several are added by name', account(['x']), ['b', 'a'], ['x', 'a', 'b'], ['a', 'b']],
  ['what we no longer want goes', account(['x', 'old'], ['old']), ['new'], ['x', 'new'], ['new']],
  ['what somebody had added is not claimed', account(['ecr', 'x']), ['ecr'], ['ecr', 'x'], []],
  ["somebody's entry stays when nothing is wanted", account(['ecr', 'x']), [], ['ecr', 'x'], []],
  [
    'ours in the middle keeps its place',
    account(['a', 'ecr', 'b'], ['ecr']),
    ['ecr'],
    ['a', 'ecr', 'b'],
    ['ecr'],
  ],
  ['ours that somebody removed comes back', account(['a'], ['ecr']), ['ecr'], ['a', 'ecr'], ['ecr']],
  ['ours that somebody removed and nobody wants is forgotten', account(['a'], ['ecr']), [], ['a'], []],
  ['one of two stays', account(['a', 'b'], ['a', 'b']), ['b'], ['b'], ['b']],
]
for (const [what, before, wanted, pullSecrets, attached] of plans) {
  test(what, () => {
    const after = apply(before, wanted)
    assert.deepEqual([after.pullSecrets, after.attached], [pullSecrets, attached])
  })
}

test('nothing is written when everything is as it shall be', () => {
  assert.equal(planPullSecrets(account(['a', 'ecr'], ['ecr']), new Set(['ecr'])), undefined)
  assert.equal(planPullSecrets(account(['a', 'ecr']), new Set(['ecr'])), undefined)
  assert.equal(planPullSecrets(account([]), new Set()), undefined)
})

// Any lists.

const name = fc.constantFrom<string>('a', 'b', 'c', 'd', 'e')
const list = fc.uniqueArray(name)
const any = fc
  .record({ pullSecrets: list, attached: list })
  .map(({ pullSecrets, attached }) => account(pullSecrets, attached))

test('applying a plan twice is applying it once', () => {
  fc.assert(
    fc.property(any, list, (before, wanted) => {
      assert.equal(planPullSecrets(apply(before, wanted), new Set(wanted)), undefined)
    }),
  )
})

test('attaching and detaching restores the original list, and leaves no annotation', () => {
  fc.assert(
    fc.property(list, fc.array(list), (original, steps) => {
      const end = [...steps, []].reduce(apply, account(original))
      assert.deepEqual(end.pullSecrets, original)
      assert.deepEqual(end.attached, [])
    }),
  )
})

test("others' entries are all there afterwards, in their order", () => {
  fc.assert(
    fc.property(any, list, (before, wanted) => {
      const foreign = before.pullSecrets.filter((entry) => !before.attached.includes(entry))
      const { pullSecrets } = apply(before, wanted)
      assert.deepEqual(
        pullSecrets.filter((entry) => foreign.includes(entry)),
        foreign,
      )
    }),
  )
})

test('whatever was there, all that is wanted is attached once and nothing else of ours is left', () => {
  fc.assert(
    fc.property(any, list, (before, wanted) => {
      const { pullSecrets, attached } = apply(before, wanted)
      assert.equal(new Set(pullSecrets).size, pullSecrets.length)
      for (const entry of wanted) assert.ok(pullSecrets.includes(entry), entry)
      for (const entry of attached)
        assert.ok(wanted.includes(entry) && pullSecrets.includes(entry), `annotated: ${entry}`)
      const foreign = before.pullSecrets.filter((entry) => !before.attached.includes(entry))
      for (const entry of pullSecrets) assert.ok(wanted.includes(entry) || foreign.includes(entry), entry)
    }),
  )
})

test('the order in which registries are asked changes nothing', () => {
  fc.assert(
    fc.property(any, list, (before, wanted) => {
      assert.deepEqual(apply(before, [...wanted].reverse()), apply(before, wanted))
    }),
  )
})

test('attach says which ServiceAccounts are meant', () => {
  assert.equal(attachMatches({ mode: 'None' }, 'default'), false)
  assert.equal(attachMatches({ mode: 'Default' }, 'default'), true)
  assert.equal(attachMatches({ mode: 'Default' }, 'builder'), false)
  assert.equal(attachMatches({ mode: 'All' }, 'builder'), true)
  assert.equal(attachMatches({ mode: 'Named', names: ['builder'] }, 'builder'), true)
  assert.equal(attachMatches({ mode: 'Named', names: ['builder'] }, 'default'), false)
})
