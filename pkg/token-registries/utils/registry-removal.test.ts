import { removalOf } from './registry-removal'

const secretIn = (namespace: string) => ({ metadata: { name: 'pull', namespace } })
const registry = (uid: string, synced: number, deletionPolicy = 'Delete') => ({
  metadata: { uid },
  spec: { deletionPolicy },
  status: { targets: { desired: synced, synced, failed: 0 } },
})

describe('deleting registries', () => {
  it('names the namespaces that lose their Secret', () => {
    const seen = new Map([['a', [secretIn('shop-jobs'), secretIn('shop')]]])
    expect(removalOf([registry('a', 2)], seen)).toEqual({
      lost: { namespaces: ['shop', 'shop-jobs'], unseen: 0 },
      kept: { namespaces: [], unseen: 0 },
    })
  })

  it('counts those that the user cannot see into', () => {
    expect(removalOf([registry('a', 12)], new Map([['a', [secretIn('shop')]]])).lost).toEqual({
      namespaces: ['shop'],
      unseen: 11,
    })
    expect(removalOf([registry('a', 12)], new Map([['a', undefined]])).lost).toEqual({
      namespaces: [],
      unseen: 12,
    })
  })

  it('keeps apart what stays', () => {
    const seen = new Map([
      ['a', [secretIn('shop')]],
      ['b', [secretIn('billing')]],
    ])
    expect(removalOf([registry('a', 1), registry('b', 1, 'Retain')], seen)).toEqual({
      lost: { namespaces: ['shop'], unseen: 0 },
      kept: { namespaces: ['billing'], unseen: 0 },
    })
  })

  it('names a namespace once', () => {
    const seen = new Map([
      ['a', [secretIn('shop')]],
      ['b', [secretIn('shop')]],
    ])
    expect(removalOf([registry('a', 1), registry('b', 1)], seen).lost).toEqual({
      namespaces: ['shop'],
      unseen: 0,
    })
  })

  it('removes nothing where nothing was written', () => {
    const nothing = { namespaces: [], unseen: 0 }
    expect(removalOf([{ metadata: { uid: 'a' } }], new Map())).toEqual({ lost: nothing, kept: nothing })
  })
})
