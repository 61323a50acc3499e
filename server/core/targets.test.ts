import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RegistryError } from './errors.ts'
import type { LabelSelector, Registry, Target } from './registry.ts'
import {
  checkHomeProject,
  matchesGlob,
  matchesSelector,
  membership,
  type Membership,
  type NamespaceInfo,
} from './targets.ts'
import { aNamespace, aRegistry, clusterRef } from './test-objects.ts'

const rules = { serverNamespace: 'token-registries', systemProject: 'c-1:p-system' }

// Globs.

const globs: [string, string, boolean][] = [
  ['shop', 'shop', true],
  ['shop', 'shop-1', false],
  ['shop', 'my-shop', false],
  ['shop-*', 'shop-prod', true],
  ['shop-*', 'shop-', true],
  ['shop-*', 'shop', false],
  ['*-prod', 'shop-prod', true],
  ['*-prod', 'shop-prod-2', false],
  ['*', 'anything', true],
  ['**', 'anything', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'acb', false],
  ['a*b*c', 'a-bb-c', true],
  ['a*b*c', 'a-c', false],
  ['ab*ba', 'aba', false],
  ['a.b', 'axb', false],
  ['a+', 'aa', false],
  ['(a|b)', 'a', false],
  ['[ab]', 'a', false],
  ['a{2}', 'aa', false],
  ['^a$', 'a', false],
  ['\\w', 'a', false],
]
for (const [pattern, name, expected] of globs) {
  test(`the pattern ${pattern} ${expected ? 'takes' : 'refuses'} ${name}`, () => {
    assert.equal(matchesGlob(pattern, name), expected)
  })
}

/** The definition of a glob, character by character. */
function globModel(pattern: string, name: string): boolean {
  const [head] = pattern
  if (head === undefined) return name === ''
  const rest = pattern.slice(1)
  if (head === '*') return globModel(rest, name) || (name !== '' && globModel(pattern, name.slice(1)))
  return name !== '' && head === name[0] && globModel(rest, name.slice(1))
}

test('globs mean what their definition says, for any pattern and name', () => {
  const letter = fc.constantFrom('a', 'b', '-', '.', '+', '$')
  const text = fc.string({ unit: letter, maxLength: 8 })
  const pattern = fc.string({ unit: fc.oneof(letter, fc.constant('*')), maxLength: 6 })
  fc.assert(fc.property(pattern, text, (p, name) => matchesGlob(p, name) === globModel(p, name)))
})

// Selectors.

type Expression = NonNullable<LabelSelector['matchExpressions']>[number]
const selectors: [Expression, Record<string, string>, boolean][] = [
  [{ key: 'env', operator: 'Exists' }, { env: '' }, true],
  [{ key: 'env', operator: 'Exists' }, {}, false],
  [{ key: 'env', operator: 'DoesNotExist' }, { other: 'x' }, true],
  [{ key: 'env', operator: 'DoesNotExist' }, { env: '' }, false],
  [{ key: 'env', operator: 'In', values: ['prod', 'test'] }, { env: 'test' }, true],
  [{ key: 'env', operator: 'In', values: ['prod', 'test'] }, { env: 'dev' }, false],
  [{ key: 'env', operator: 'In', values: ['prod'] }, {}, false],
  [{ key: 'env', operator: 'In' }, { env: 'prod' }, false],
  [{ key: 'env', operator: 'NotIn', values: ['prod'] }, { env: 'dev' }, true],
  [{ key: 'env', operator: 'NotIn', values: ['prod'] }, { env: 'prod' }, false],
  [{ key: 'env', operator: 'NotIn', values: ['prod'] }, {}, true], // as Kubernetes has it
]
for (const [expression, labels, expected] of selectors) {
  test(`${expression.operator} [${expression.values?.join(',') ?? ''}] is ${expected} for labels ${JSON.stringify(labels)}`, () => {
    assert.equal(matchesSelector({ matchExpressions: [expression] }, labels), expected)
  })
}

test('all labels and all expressions of a selector must hold', () => {
  const selector: LabelSelector = {
    matchLabels: { team: 'checkout', env: 'prod' },
    matchExpressions: [
      { key: 'legacy', operator: 'DoesNotExist' },
      { key: 'tier', operator: 'Exists' },
    ],
  }
  const good = { team: 'checkout', env: 'prod', tier: '1' }
  assert.equal(matchesSelector(selector, good), true)
  assert.equal(matchesSelector(selector, { ...good, env: 'dev' }), false)
  assert.equal(matchesSelector(selector, { ...good, legacy: '' }), false)
  assert.equal(matchesSelector(selector, { team: 'checkout', env: 'prod' }), false)
})

// Membership.

const inNamespace = aRegistry()
const inProject = aRegistry({ target: { type: 'project', project: 'c-1:p-1' } })

function selecting(parts: Partial<Extract<Target, { type: 'selection' }>>): Registry {
  const target = {
    type: 'selection',
    projects: [],
    names: [],
    exclude: [],
    selector: undefined,
    ...parts,
  } as const
  return aRegistry({ ref: clusterRef, target })
}

const byProject = selecting({ projects: ['c-1:p-1', 'c-1:p-2'] })
const byLabel = selecting({ selector: { matchLabels: { env: 'prod' } } })
const everywhere = selecting({ names: ['*'] })
const lost = { project: undefined, formerProject: 'c-1:p-1' }

const cases: [string, Registry, Partial<NamespaceInfo>, Membership][] = [
  ['its own namespace', inNamespace, {}, 'member'],
  ['another namespace of the same project', inNamespace, { name: 'shop-2' }, 'out'],
  ['its own namespace while it terminates', inNamespace, { terminating: true }, 'held'],
  ['another namespace of its project', inProject, { name: 'shop-2' }, 'member'],
  ['a namespace of another project', inProject, { project: 'c-1:p-2' }, 'out'],
  ['a namespace of the project in another cluster', inProject, { project: 'c-2:p-1' }, 'out'],
  [
    'a namespace that only says so by label, which any member can forge',
    inProject,
    { project: undefined, labels: { 'field.cattle.io/projectId': 'p-1' } },
    'out',
  ],
  ['a namespace that lost the annotation a moment ago', inProject, lost, 'held'],
  [
    'one that lost the annotation of another project',
    inProject,
    { ...lost, formerProject: 'c-1:p-2' },
    'out',
  ],
  [
    'one that was moved to another project',
    inProject,
    { project: 'c-1:p-2', formerProject: 'c-1:p-1' },
    'out',
  ],
  ['a namespace without a project', inProject, { project: undefined }, 'out'],
  ['a selected project', byProject, { project: 'c-1:p-2' }, 'member'],
  ['a project that is not selected', byProject, { project: 'c-1:p-3' }, 'out'],
  ['a selected project that was lost a moment ago', byProject, lost, 'held'],
  ['a namespace with the label', byLabel, { labels: { env: 'prod' } }, 'member'],
  ['a namespace without the label', byLabel, { labels: { env: 'dev' } }, 'out'],
  ['any namespace', everywhere, {}, 'member'],
  ['any namespace without a project', everywhere, { project: undefined }, 'member'],
  ['a namespace of Kubernetes', everywhere, { name: 'kube-system' }, 'out'],
  ['a namespace of Rancher', everywhere, { name: 'cattle-system' }, 'out'],
  ['a namespace that only resembles them', everywhere, { name: 'kubernetes-shop' }, 'member'],
  ["the server's own namespace", everywhere, { name: 'token-registries' }, 'out'],
  ["a namespace of Rancher's system project", everywhere, { project: 'c-1:p-system' }, 'out'],
  ['kube-system by the glob kube-*', selecting({ names: ['kube-*'] }), { name: 'kube-system' }, 'out'],
  ['kube-system by its exact name', selecting({ names: ['kube-system'] }), { name: 'kube-system' }, 'member'],
  [
    "the server's namespace by its exact name",
    selecting({ names: ['token-registries'] }),
    { name: 'token-registries' },
    'member',
  ],
  [
    'the system project, selected as a project only',
    selecting({ projects: ['c-1:p-system'] }),
    { project: 'c-1:p-system' },
    'out',
  ],
  [
    'a protected namespace that the selector matches',
    byLabel,
    { name: 'cattle-fleet', labels: { env: 'prod' } },
    'out',
  ],
]
for (const [what, registry, state, expected] of cases) {
  const kind =
    registry.target.type === 'selection' ? 'a cluster registry' : `a ${registry.target.type} registry`
  test(`${kind}: ${what} is ${expected}`, () => {
    assert.equal(membership(registry, aNamespace(state), rules), expected)
  })
}

test('without a system project no project is protected', () => {
  const state = aNamespace({ project: undefined })
  assert.equal(membership(everywhere, state, { ...rules, systemProject: undefined }), 'member')
})

test('the parts of a selection are ANDed', () => {
  const all = selecting({
    projects: ['c-1:p-1'],
    names: ['shop-*'],
    selector: { matchLabels: { env: 'prod' } },
  })
  const good = { name: 'shop-1', labels: { env: 'prod' } }
  assert.equal(membership(all, aNamespace(good), rules), 'member')
  assert.equal(membership(all, aNamespace({ ...good, name: 'store-1' }), rules), 'out')
  assert.equal(membership(all, aNamespace({ ...good, labels: {} }), rules), 'out')
  assert.equal(membership(all, aNamespace({ ...good, project: 'c-1:p-2' }), rules), 'out')
  assert.equal(membership(all, aNamespace({ ...good, ...lost }), rules), 'held')
  assert.equal(membership(all, aNamespace({ ...good, ...lost, labels: {} }), rules), 'out')
})

const names = fc.constantFrom('shop', 'shop-1', 'kube-system', 'cattle-system', 'token-registries', 'store')
const patterns = fc.constantFrom('*', 'shop', 'shop-*', 'kube-*', 'kube-system', 'cattle-*', 'store')
const projects = fc.constantFrom('c-1:p-1', 'c-1:p-2', 'c-1:p-system')
const selections = fc
  .record({
    projects: fc.array(projects, { maxLength: 2 }),
    names: fc.array(patterns, { maxLength: 2 }),
    exclude: fc.array(patterns, { maxLength: 2 }),
    selector: fc.option(fc.constant({ matchLabels: { env: 'prod' } }), { nil: undefined }),
  })
  .map(selecting)
const states = fc.record({
  name: names,
  labels: fc.constantFrom({}, { env: 'prod' }),
  project: fc.option(projects, { nil: undefined }),
  formerProject: fc.constant(undefined),
})

test('any selection: exclude wins over everything, an exact name included', () => {
  fc.assert(
    fc.property(selections, states, (registry, state) => {
      const { target } = registry
      assert.ok(target.type === 'selection')
      if (!target.exclude.some((pattern) => globModel(pattern, state.name))) return
      assert.equal(membership(registry, aNamespace(state), rules), 'out')
    }),
  )
})

test('any selection: a protected namespace gets a Secret only by its exact name', () => {
  fc.assert(
    fc.property(selections, states, (registry, state) => {
      const { target } = registry
      assert.ok(target.type === 'selection')
      const isProtected =
        /^(kube|cattle)-/.test(state.name) ||
        state.name === rules.serverNamespace ||
        state.project === rules.systemProject
      if (!isProtected || target.names.includes(state.name)) return
      assert.equal(membership(registry, aNamespace(state), rules), 'out')
    }),
  )
})

test('any registry: nothing is written to or removed from a namespace that terminates', () => {
  fc.assert(
    fc.property(selections, states, (registry, state) => {
      assert.equal(membership(registry, aNamespace({ ...state, terminating: true }), rules), 'held')
    }),
  )
})

// A registry for a project, outside of it.

test('a project registry in a namespace of that project is allowed', () => {
  checkHomeProject(inProject, aNamespace())
})

test('a project registry in a namespace of another project, or of none, is not allowed', () => {
  for (const [home, said] of [
    [aNamespace({ project: 'c-1:p-2' }), /it belongs to c-1:p-2/],
    [aNamespace({ project: undefined }), /belongs to no project/],
  ] as const) {
    assert.throws(
      () => checkHomeProject(inProject, home),
      (error) => error instanceof RegistryError && error.code === 'NotAllowed' && said.test(error.message),
    )
  }
})

test('while the annotation of its home is lost for a moment, or its home is not known yet, the answer is open', () => {
  checkHomeProject(inProject, aNamespace(lost))
  checkHomeProject(inProject, undefined)
})

test('the home does not matter to registries that name no project', () => {
  checkHomeProject(inNamespace, aNamespace({ project: 'c-1:p-2' }))
  checkHomeProject(byProject, aNamespace({ project: 'c-1:p-3' }))
})
