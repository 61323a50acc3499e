// The page, zod and the API server judge one table of specs; the other two are asked in test/api/specs.test.ts.
import { formClusterTokenRegistry, formTokenRegistry, type Form } from '../generated/form'
import { fieldAt } from './form-tree'
import { withoutIndexes } from './spec-path'
import { serverRules } from './spec-rules'
import { checkName, validate, type Draft } from './validate'

interface Row {
  name: string
  object: Draft & { kind: string }
  field: string
  rule?: string
}

// By require: they are written for Node, which wants the endings .ts in imports.
const { goodSpecs } = require('../../../test/api/good-specs') as { goodSpecs: Row[] }
const { badSpecs } = require('../../../test/api/bad-specs') as { badSpecs: Row[] }

const forms: Record<string, Form | undefined> = {
  TokenRegistry: formTokenRegistry,
  ClusterTokenRegistry: formClusterTokenRegistry,
}
const ours = (rows: Row[]) => rows.filter(({ object }) => forms[object.kind] !== undefined)
const formOf = ({ object }: Row) => forms[object.kind] as Form

/** Fields that no form has: the server refuses them as unknown, and an editor of a newer object must keep them. */
const unknownFields = (row: Row): boolean => {
  const known = (value: unknown, path: string): boolean => {
    const field = fieldAt(formOf(row), path)
    if (path !== 'spec' && field?.path !== withoutIndexes(path))
      return field?.type === 'map' || field?.type === 'list'
    if (value === null || typeof value !== 'object' || field?.type === 'map') return true
    if (Array.isArray(value))
      return value.every((item, index) => field?.type === 'list' || inside(item, `${path}[${index}]`))
    return inside(value, path)
  }
  const inside = (value: object, path: string): boolean =>
    Object.entries(value).every(([key, inner]) => known(inner, `${path}.${key}`))
  return Object.keys(row.object).includes('extra') || !known(row.object.spec ?? {}, 'spec')
}

/** An empty block is refused by the server; the form leaves it out (spec-values.test.ts). */
const emptyBlock = 'an empty matchLabels'

/** What a row's field is called where it is not the end of the path. */
const places: Record<string, string[]> = {
  'no spec': ['spec.provider', 'spec.credentials'],
  'an empty selector': ['spec.namespaces'],
}

describe('good specs', () => {
  it.each(ours(goodSpecs).map((row) => [row.name, row] as const))('pass: %s', (_, row) => {
    expect(validate(formOf(row), row.object)).toEqual([])
  })
})

describe('bad specs', () => {
  const left = (row: Row): boolean =>
    unknownFields(row) ||
    row.name === emptyBlock ||
    (row.rule !== undefined && serverRules(formOf(row)).includes(row.rule))

  it.each(
    ours(badSpecs)
      .filter((row) => !left(row))
      .map((row) => [row.name, row] as const),
  )('are caught, and nothing else is: %s', (_, row) => {
    const paths = validate(formOf(row), row.object).map(({ path }) => path)
    if (places[row.name]) return expect(paths).toEqual(places[row.name])
    expect(paths).toHaveLength(1)
    // Of a list or map the item or key.
    expect(paths[0]?.replace(/\[\d+\]$|\.(a|accessKeyId)$/, '')).toMatch(
      new RegExp(`(^|\\.)${row.field.replaceAll('.', '\\.')}$`),
    )
  })

  it.each(
    ours(badSpecs)
      .filter(left)
      .map((row) => [row.name, row] as const),
  )('are left to the server: %s', (_, row) => {
    expect(validate(formOf(row), row.object)).toEqual([])
  })

  it('are left to the server where it alone knows the rule', () => {
    expect(serverRules(formTokenRegistry)).toEqual([
      'ecr-external-id-of-server',
      'ecr-accounts-or-hosts',
      'ecr-fips-region',
      'ecr-dual-stack-region',
      'label-key-syntax',
      'label-key-reserved',
      'annotation-key-syntax',
      'annotation-key-reserved',
    ])
    expect(serverRules(formClusterTokenRegistry)).toEqual([
      'ecr-accounts-or-hosts',
      'ecr-fips-region',
      'ecr-dual-stack-region',
      'match-label-key-syntax',
      'label-key-syntax',
      'label-key-reserved',
      'annotation-key-syntax',
      'annotation-key-reserved',
    ])
  })

  it('leave rules to the server that name a field of the form', () => {
    for (const form of [formTokenRegistry, formClusterTokenRegistry]) {
      for (const { path } of form.rules) expect(fieldAt(form, path)?.path).toBe(path)
    }
  })
})

describe('names', () => {
  it.each(['', 'Shop', 'shop_ecr', '-shop', 'shop.', 'a'.repeat(254)])('are refused: %s', (name) => {
    expect(checkName(name, 'metadata.name')).toMatchObject([{ path: 'metadata.name' }])
  })

  it.each(['shop', 'shop-ecr.v2', 'a'.repeat(253)])('pass: %s', (name) => {
    expect(checkName(name)).toEqual([])
  })
})
