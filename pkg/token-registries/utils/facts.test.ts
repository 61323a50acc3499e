import { formClusterTokenRegistry, formTokenRegistry, type Form, type FormField } from '../generated/form'
import { healthyStatus, registryWith } from '../test/registry'
import { factRows, formOf } from './facts'

const words = { yes: 'Yes', no: 'No' }
const told = (object: unknown, form: Form = formTokenRegistry): string[] =>
  factRows(form, object, words).map(({ label, lines }) => `${label} = ${lines.join(' | ')}`)

describe('fields of a spec', () => {
  it('are told by the labels of the form, without those that say their default', () => {
    expect(told(registryWith(healthyStatus))).toEqual([
      'Registry = Amazon ECR',
      'Region = eu-west-1',
      'Accounts = 123456789012',
      'Identity = Secret',
      'Secret = shop-ecr-credentials',
      'Who may pull with it = Default',
    ])
  })

  it('are told in one line per item of a list of blocks, and per key of a map', () => {
    const arn = 'arn:aws:iam::123456789012:role/pull'
    const spec = {
      provider: {
        ecr: { region: 'eu-west-1', assumeRoles: [{ arn, externalId: 'shop' }, { arn }], fips: true },
      },
      secret: { labels: { team: 'shop', tier: 'web' } },
    }
    expect(told({ spec })).toEqual(
      expect.arrayContaining([
        `Roles to assume = ${arn} · External ID: shop | ${arn}`,
        'FIPS endpoints = Yes',
        'Labels = team: shop | tier: web',
      ]),
    )
  })

  it('name their block where two have the same label', () => {
    const spec = {
      namespaces: { selector: { matchLabels: { team: 'shop' } } },
      secret: { labels: { tier: 'web' }, annotations: { a: 'b' } },
    }
    expect(told({ spec }, formClusterTokenRegistry)).toEqual([
      'Namespace labels: Labels = team: shop',
      'Pull Secret: Labels = tier: web',
      'Annotations = a: b',
    ])
  })

  it('of a provider that comes with a later form need no code', () => {
    const field = (path: string, type: FormField['type'], label: string): FormField => ({
      path,
      type,
      label,
      help: '',
      group: 'Image',
      order: 1,
      required: false,
    })
    const form: Form = {
      fields: [
        field('spec.provider', 'choice', 'Registry'),
        field('spec.provider.quay', 'block', 'Quay'),
        field('spec.provider.quay.organization', 'text', 'Organization'),
      ],
      rules: [],
    }
    expect(told({ spec: { provider: { quay: { organization: 'shop' } } } }, form)).toEqual([
      'Registry = Quay',
      'Organization = shop',
    ])
  })

  it('of a server that is newer than the page are left out, and a block that it does not know keeps its name', () => {
    const spec = { provider: { harbor: { project: 'shop' } }, credentials: null, extra: 1 }
    expect(told({ spec })).toEqual(['Registry = harbor'])
  })

  it('are none without a spec', () => {
    expect(told({})).toEqual([])
    expect(told(undefined)).toEqual([])
  })

  it('of either kind are told by its own form', () => {
    expect(formOf(registryWith(undefined))).toBe(formTokenRegistry)
    expect(formOf({ metadata: {} })).toBe(formClusterTokenRegistry)
  })
})
