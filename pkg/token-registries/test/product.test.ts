import { readdirSync, readFileSync } from 'fs'
import { join } from 'path'
import { DSL, getters, mutations, state as newState } from '@shell/store/type-map'
import { parse } from 'yaml'
import { paginationHeaders, headers } from '../config/table'
import { TYPES } from '../config/types'
import { init } from '../product'

type Mutation = (state: unknown, payload: unknown) => void

/** The shell's own store of products, with ours in it. */
function productsIn(types: readonly string[]): string[] {
  const state = newState()
  const commit = (name: string, payload: unknown): void =>
    (mutations as unknown as Record<string, Mutation>)[name.replace('type-map/', '')]?.(state, payload)
  const store = { commit }
  init({ DSL: (_store: unknown, name: string) => DSL(store, name) } as any, store)
  const rootGetters = {
    'prefs/get': () => false,
    'cluster/all': () => types.map((type) => ({ _id: type, _group: type.replace(/\.[^.]+$/, '') })),
  }
  return getters
    .activeProducts({ ...state, schemaGeneration: 1 }, {}, {}, rootGetters)
    .map(({ name }: any) => name)
}

describe('the entry in the menu', () => {
  it.each([
    ['an administrator', Object.values(TYPES), ['token-registries']],
    ['a member of a project', [TYPES.TokenRegistry, TYPES.TokenRegistryServer], ['token-registries']],
    ['a user without rights, who sees the server like everybody', [TYPES.TokenRegistryServer], []],
    ['a member who may not see the server', [TYPES.TokenRegistry], ['token-registries']],
    ['anybody where it is not installed', ['secret'], ['token-registries-missing']],
    [
      'a cluster with another product of similar name',
      ['tokenregistriesXio.tokenregistry'],
      ['token-registries-missing'],
    ],
  ])('of %s', (_user, types, products) => {
    expect(productsIn(types)).toEqual(products)
  })
})

describe('models', () => {
  it("have names that the shell's development server takes too", () => {
    const taken = /require\.context\('BASE\/DIR', true, \/(.+?)\/\)/.exec(
      readFileSync(require.resolve('@rancher/shell/pkg/import.js'), 'utf8'),
    )
    const pattern = new RegExp(taken?.[1] ?? '(?!)')
    const names = readdirSync(join(__dirname, '../models'))
    expect(names.map((name) => [name, pattern.test(name)])).toEqual([
      [`${TYPES.ClusterTokenRegistry}.js`, true],
      [`${TYPES.TokenRegistry}.js`, true],
    ])
  })
})

describe.each([
  [TYPES.TokenRegistry, 'tokenregistries.yaml'],
  [TYPES.ClusterTokenRegistry, 'clustertokenregistries.yaml'],
])('columns of %s', (type, file) => {
  const text = readFileSync(join(__dirname, '../../../charts/token-registries/templates/crds', file), 'utf8')
  const crd = parse(text.replace(/^.*\{\{.*\}\}.*$/gm, ''))
  const printed: { name: string; jsonPath: string }[] = crd.spec.versions[0].additionalPrinterColumns

  it('are sorted and searched by the printer columns that show the same', () => {
    const own = paginationHeaders(type).filter(({ search }) => String(search).startsWith('metadata.fields.'))
    expect(own.map(({ name }) => name)).toEqual([
      'provider',
      'hosts',
      'target',
      'synced',
      'expires',
      'nextRefresh',
      'reason',
    ])
    for (const { name, sort, search } of own) {
      expect(sort).toBe(search)
      const column = printed[Number(String(search).split('.')[2]) - 1]
      expect(column?.name.replace(' ', '').toLowerCase()).toBe(String(name).toLowerCase())
    }
  })

  it('put what needs attention first when sorted by state', () => {
    const [state] = paginationHeaders(type)
    const paths = (state?.['sort'] as string[])
      .slice(0, 2)
      .map((path) => printed[Number(path.split('.')[2]) - 1]?.name)
    expect(paths).toEqual(['Ready', 'Reason'])
  })

  it('are the same whether the API or the browser pages', () => {
    const names = (list: Record<string, unknown>[]): unknown[] => list.map(({ name }) => name)
    expect(names(headers(type))).toEqual(names(paginationHeaders(type)))
  })

  it('that narrow windows leave out have a width from which they are shown', () => {
    const list = readFileSync(join(__dirname, '../components/list/RegistryList.vue'), 'utf8')
    const names = headers(type).flatMap(({ breakpoint }) => (breakpoint ? [String(breakpoint)] : []))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const from = Number(/^column-from-(\d+)$/.exec(name)?.[1])
      expect(list).toMatch(new RegExp(`max-width: ${from - 1}px\\) \\{\\s*:deep\\(\\.${name}\\)`))
    }
  })

  it('name a namespace where there is one', () => {
    const named = headers(type).some(({ name }) => name === 'namespace')
    expect(named).toBe(type === TYPES.TokenRegistry)
  })
})
