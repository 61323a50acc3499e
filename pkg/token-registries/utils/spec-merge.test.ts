import { differences, lastWriter, merge } from './spec-merge'

const base = { spec: { suspend: false, provider: { ecr: { region: 'eu-west-1', accounts: ['1'] } } } }
const ecr = (changes: object, more: object = {}) => ({
  spec: { suspend: false, provider: { ecr: { region: 'eu-west-1', accounts: ['1'], ...changes } }, ...more },
})

describe('a merge', () => {
  it("puts the user's changes on top of somebody else's", () => {
    const mine = ecr({ fips: true })
    const theirs = ecr({ accounts: ['1', '2'] }, { suspend: true })
    expect(merge(base, mine, theirs)).toEqual({
      merged: ecr({ fips: true, accounts: ['1', '2'] }, { suspend: true }),
      theirs: [
        ['spec', 'suspend'],
        ['spec', 'provider', 'ecr', 'accounts'],
      ],
      clashes: [],
    })
  })

  it("keeps the user's own where both changed it, and says so", () => {
    const result = merge(base, ecr({ region: 'eu-west-2' }), ecr({ region: 'eu-west-3' }))
    expect(result.merged).toEqual(ecr({ region: 'eu-west-2' }))
    expect(result.clashes).toEqual([
      { place: ['spec', 'provider', 'ecr', 'region'], theirs: 'eu-west-3', mine: 'eu-west-2' },
    ])
  })

  it('is no clash when both did the same', () => {
    expect(merge(base, ecr({ fips: true }), ecr({ fips: true })).clashes).toEqual([])
  })

  it('takes away what the user took away', () => {
    const mine = { spec: { suspend: false, provider: { ecr: { region: 'eu-west-1' } } } }
    expect(merge(base, mine, ecr({}, { suspend: true })).merged).toEqual({
      spec: { suspend: true, provider: { ecr: { region: 'eu-west-1' } } },
    })
  })

  it('clashes where one removed the block that the other changed', () => {
    const mine = { spec: { suspend: false, provider: { static: { hosts: ['a'] } } } }
    const { clashes } = merge<object>(base, mine, ecr({ fips: true }))
    expect(clashes.map(({ place }) => place)).toEqual([['spec', 'provider', 'ecr']])
  })

  it('keys with dots are keys', () => {
    expect(differences({ a: { 'shop.example/x': '1' } }, { a: {} })).toEqual([['a', 'shop.example/x']])
  })

  it('never leaves two blocks of a choice: the one of the user stays whole', () => {
    const mine = { spec: { suspend: false, provider: { static: { hosts: ['a'] } } } }
    const choice = ['spec', 'provider']
    const { merged, clashes } = merge<object>(base, mine, ecr({ fips: true }), [choice])
    expect(merged).toEqual(mine)
    expect(clashes.map(({ place }) => place)).toEqual([choice])
    // Also where it was somebody else who chose another one.
    expect(merge<object>(base, ecr({ fips: true }), mine, [choice]).merged).toEqual(ecr({ fips: true }))
  })

  it('takes the block of a choice that somebody else took, and the fields of one that stays', () => {
    const other = { spec: { suspend: false, provider: { static: { hosts: ['a'] } } } }
    expect(merge<object>(base, base, other, [['spec', 'provider']]).merged).toEqual(other)
    const { merged } = merge(base, ecr({ fips: true }), ecr({ region: 'eu-west-3' }), [['spec', 'provider']])
    expect(merged).toEqual(ecr({ fips: true, region: 'eu-west-3' }))
  })
})

describe('the last writer', () => {
  it('is who wrote the spec last', () => {
    const managedFields = [
      { manager: 'kubectl-edit', time: '2026-03-01T11:00:00Z' },
      { manager: 'token-registries', time: '2026-03-01T12:00:00Z', subresource: 'status' },
      { manager: 'rancher', time: '2026-03-01T10:00:00Z' },
    ]
    expect(lastWriter({ metadata: { managedFields } })).toBe('kubectl-edit')
    expect(lastWriter({})).toBeUndefined()
  })
})
