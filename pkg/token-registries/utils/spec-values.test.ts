import { formClusterTokenRegistry, formTokenRegistry, type Form } from '../generated/form'
import { childrenOf, topFields } from './form-tree'
import { pathIn } from './form-tree'
import { valueAt } from './spec-path'
import { withBlock, withField, withoutHidden } from './spec-values'

type Row = { name: string; object: { kind: string; metadata: object; spec?: object } }
const { goodSpecs } = require('../../../test/api/good-specs') as { goodSpecs: Row[] }

const set = (object: object, path: string, value: unknown, initial: object = {}) =>
  withField(formTokenRegistry, object, initial, path, value)

describe('a value that is entered', () => {
  it('makes the blocks that it needs', () => {
    expect(set({}, 'spec.refresh.interval', '12h')).toEqual({ spec: { refresh: { interval: '12h' } } })
    expect(set({}, 'spec.provider.ecr.assumeRoles[0].arn', 'a')).toEqual({
      spec: { provider: { ecr: { assumeRoles: [{ arn: 'a' }] } } },
    })
  })

  it('leaves what it is put into alone', () => {
    const object = { spec: { suspend: true } }
    set(object, 'spec.refresh.interval', '12h')
    expect(object).toEqual({ spec: { suspend: true } })
  })

  it.each([[''], [undefined], [null], [[]], [{}]])(
    'is left out when it is %j, with the blocks that become empty',
    (value) => {
      expect(set({ spec: { refresh: { interval: '12h' } } }, 'spec.refresh.interval', value)).toEqual({
        spec: {},
      })
    },
  )

  it('is left out when it is the default, unless it was written before', () => {
    expect(set({ spec: {} }, 'spec.suspend', false)).toEqual({ spec: {} })
    expect(set({ spec: { suspend: true } }, 'spec.suspend', false)).toEqual({ spec: {} })
    const initial = { spec: { suspend: false } }
    expect(set({ spec: { suspend: true } }, 'spec.suspend', false, initial)).toEqual(initial)
  })

  it('keeps blocks that must be there and the chosen one', () => {
    const object = { spec: { provider: { ecr: { region: 'eu-west-1' } } } }
    expect(set(object, 'spec.provider.ecr.region', '')).toEqual({ spec: { provider: { ecr: {} } } })
    expect(
      withField(
        formClusterTokenRegistry,
        { spec: { namespaces: { names: ['a'] } } },
        {},
        'spec.namespaces.names',
        [],
      ),
    ).toEqual({ spec: { namespaces: {} } })
    expect(set({ spec: { credentials: {} } }, 'spec.credentials.serverIdentity', {})).toEqual({
      spec: { credentials: { serverIdentity: {} } },
    })
  })

  it('keeps an empty item of a list in its place', () => {
    const object = { spec: { provider: { ecr: { assumeRoles: [{ arn: 'a' }, { arn: 'b' }] } } } }
    expect(set(object, 'spec.provider.ecr.assumeRoles[0].arn', '')).toEqual({
      spec: { provider: { ecr: { assumeRoles: [{}, { arn: 'b' }] } } },
    })
  })

  it('keeps fields that the form does not know', () => {
    const object = { spec: { refresh: { interval: '12h', jitter: '1m' }, newer: { a: 1 } } }
    expect(set(object, 'spec.refresh.interval', '')).toEqual({
      spec: { refresh: { jitter: '1m' }, newer: { a: 1 } },
    })
  })
})

describe('a choice', () => {
  it('has one block, and keeps it when it is chosen again', () => {
    const object = { spec: { credentials: { secret: { name: 'keys' } } } }
    expect(withBlock(object, 'spec.credentials', 'serverIdentity')).toEqual({
      spec: { credentials: { serverIdentity: {} } },
    })
    expect(withBlock(object, 'spec.credentials', 'secret')).toEqual(object)
  })

  it('takes away what is no longer asked for', () => {
    const object = { spec: { serviceAccounts: { attach: 'Default', names: ['web'] } } }
    const changed = 'spec.serviceAccounts.attach'
    expect(withoutHidden(formTokenRegistry, object, {}, changed)).toEqual({
      spec: { serviceAccounts: { attach: 'Default' } },
    })
    const named = { spec: { serviceAccounts: { attach: 'Named', names: ['web'] } } }
    expect(withoutHidden(formTokenRegistry, named, {}, changed)).toEqual(named)
  })
})

describe('each good spec', () => {
  const forms: Record<string, Form | undefined> = {
    TokenRegistry: formTokenRegistry,
    ClusterTokenRegistry: formClusterTokenRegistry,
  }

  /** Enters an object field by field, as a user would. */
  function entered(form: Form, source: object, initial: object): object {
    const enter = (object: object, fields: ReturnType<typeof topFields>, place: string): object =>
      fields.reduce((result, field) => {
        const path = pathIn(place, field)
        const value = valueAt(source, path)
        if (value === undefined || value === null) return result
        if (field.type === 'block' || field.type === 'choice')
          return enter(
            Object.keys(value).length === 0 ? withField(form, result, initial, path, value) : result,
            childrenOf(form, field),
            path,
          )
        if (field.type !== 'blocks') return withField(form, result, initial, path, value)
        return (value as unknown[]).reduce<object>(
          (items, _, index) => enter(items, childrenOf(form, field), `${path}[${index}]`),
          result,
        )
      }, object)
    return enter({ spec: {} }, topFields(form), 'spec')
  }

  /** What the API server sees: without nulls, empty blocks and lists. */
  function essence(value: unknown, top = true): unknown {
    if (Array.isArray(value)) return value.length > 0 ? value.map((item) => essence(item)) : undefined
    if (typeof value !== 'object' || value === null) return value ?? undefined
    const entries = Object.entries(value)
      .map(([key, inner]) => [key, key === 'serverIdentity' ? inner : essence(inner, false)] as const)
      .filter(([, inner]) => inner !== undefined)
    return entries.length > 0 || top ? Object.fromEntries(entries) : undefined
  }

  const rows = goodSpecs.filter(({ object }) => forms[object.kind]).map((row) => [row.name, row] as const)
  it.each(rows)('comes out as it went in: %s', (_, { object }) => {
    const form = forms[object.kind] as Form
    // Everything stood there before, so that defaults count as written.
    expect(essence(entered(form, object, object))).toEqual(essence({ spec: object.spec }))
  })
})
