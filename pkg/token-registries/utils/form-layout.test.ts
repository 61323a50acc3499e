import {
  formClusterTokenRegistry,
  formTokenRegistry,
  providers,
  type Form,
  type FormField,
} from '../generated/form'
import { layout, visibleAtMost, type Layout } from './form-layout'

const named = (name: string) => providers.find((provider) => provider.name === name)!
const paths = (fields: readonly FormField[]) => fields.map(({ path }) => path)
const visible = ({ sections }: Layout) => sections.flatMap(({ fields }) => paths(fields))
const more = ({ sections }: Layout) => sections.flatMap((section) => paths(section.more))

/** A field of a kind that the generator could write. */
const field = (path: string, changes: Partial<FormField> = {}): FormField => ({
  path,
  type: 'text',
  label: path,
  help: path,
  group: 'Image',
  order: 1,
  required: false,
  ...changes,
})

describe('the layout', () => {
  it('of ECR shows region, accounts, where and who', () => {
    const result = layout(formTokenRegistry, named('ecr'), 'secret')
    expect(visible(result)).toEqual([
      'spec.provider.ecr.region',
      'spec.provider.ecr.accounts',
      'spec.target.project',
      'spec.serviceAccounts.attach',
      'spec.serviceAccounts.names',
    ])
    expect(more(result)).toEqual([])
    expect(paths(result.advanced)).toEqual([
      'spec.provider.ecr.hosts',
      'spec.provider.ecr.assumeRoles',
      'spec.provider.ecr.fips',
      'spec.provider.ecr.dualStack',
      'spec.provider.ecr.endpoint',
      'spec.provider.ecr.stsEndpoint',
      'spec.credentials.secret.keys',
      'spec.credentials.secret.expiresAt',
      'spec.secret',
      'spec.refresh',
      'spec.suspend',
      'spec.deletionPolicy',
    ])
  })

  it('of a cluster registry keeps projects in sight and the other selections behind more', () => {
    const result = layout(formClusterTokenRegistry, named('ecr'), 'secret')
    expect(visible(result)).toEqual([
      'spec.provider.ecr.region',
      'spec.provider.ecr.accounts',
      'spec.namespaces.projects',
      'spec.serviceAccounts.attach',
      'spec.serviceAccounts.names',
    ])
    expect(more(result)).toEqual([
      'spec.namespaces.selector',
      'spec.namespaces.names',
      'spec.namespaces.exclude',
      'spec.namespaces.trustLabelsAndNames',
    ])
  })

  const kinds: [string, Form][] = [
    ['TokenRegistry', formTokenRegistry],
    ['ClusterTokenRegistry', formClusterTokenRegistry],
  ]
  it.each(
    kinds.flatMap(([kind, form]) =>
      providers.flatMap((provider) =>
        provider.credentials.map((way) => [kind, form, provider, way] as const),
      ),
    ),
  )('of each %s has at most seven visible fields', (_, form, provider, way) => {
    const { sections } = layout(form, provider, way)
    const keys = way === 'secret' ? provider.materialKeys.filter(({ optional }) => !optional).length : 0
    const fields = sections.flatMap(({ fields }) => fields.filter(({ condition }) => !condition))
    expect(1 + keys + fields.length).toBeLessThanOrEqual(visibleAtMost)
  })

  it.each(kinds)('of a %s leaves no field out', (_, form) => {
    for (const provider of providers) {
      for (const way of provider.credentials) {
        const { sections, advanced } = layout(form, provider, way)
        const placed = [...sections.flatMap(({ fields, more }) => [...fields, ...more]), ...advanced]
        const others = /^spec\.(provider|credentials)$/
        const foreign = (path: string) =>
          (path.startsWith('spec.provider.') && !path.startsWith(`spec.provider.${provider.name}.`)) ||
          (path.startsWith('spec.credentials.') && !path.startsWith(`spec.credentials.${way}.`))
        const missing = form.fields.filter(
          ({ path }) =>
            !others.test(path) &&
            !foreign(path) &&
            !placed.some(
              (shown) =>
                path === shown.path || path.startsWith(`${shown.path}.`) || path.startsWith(`${shown.path}[`),
            ),
        )
        // Blocks whose fields stand for themselves, and the Secret's name, which is asked for with its keys.
        expect(
          paths(missing).filter((path) => !placed.some((shown) => shown.path.startsWith(`${path}.`))),
        ).toEqual(way === 'secret' ? ['spec.credentials.secret.name'] : [])
      }
    }
  })

  it('of a provider that nobody has heard of follows its description', () => {
    const provider = { name: 'moon', label: 'Moon', help: '', credentials: ['secret'], materialKeys: [] }
    const optional = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, order) =>
      field(`spec.provider.moon.${name}`, { order }),
    )
    const form: Form = {
      fields: [
        field('spec.provider', { type: 'choice' }),
        field('spec.provider.moon', { type: 'block' }),
        field('spec.provider.moon.crater', { required: true, order: 99 }),
        field('spec.provider.moon.orbit', { group: 'Advanced' }),
        ...optional,
      ],
      rules: [],
    }
    const result = layout(form, provider, 'secret')
    expect(visible(result)).toEqual([...paths(optional.slice(0, 5)), 'spec.provider.moon.crater'])
    expect(more(result)).toEqual(paths(optional.slice(5)))
    expect(paths(result.advanced)).toEqual(['spec.provider.moon.orbit'])
  })
})
