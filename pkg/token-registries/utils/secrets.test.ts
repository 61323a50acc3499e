import { keptSecret, ownerRoute } from './secrets'

function secret(
  owner: string | undefined,
  more: Record<string, string> = {},
  managedBy = 'token-registries',
) {
  const annotations = { ...(owner === undefined ? {} : { 'tokenregistries.io/owner': owner }), ...more }
  return { metadata: { labels: { 'app.kubernetes.io/managed-by': managedBy }, annotations } }
}

describe('a Secret', () => {
  it('of ours names its registry and its end', () => {
    const expiresAt = '2026-03-01T12:00:00Z'
    expect(
      keptSecret(secret('TokenRegistry/shop/shop-ecr', { 'tokenregistries.io/expires-at': expiresAt })),
    ).toEqual({
      owner: { type: 'tokenregistries.io.tokenregistry', namespace: 'shop', name: 'shop-ecr' },
      expiresAt: new Date(expiresAt),
    })
  })

  it('of a cluster registry, without an end', () => {
    expect(keptSecret(secret('ClusterTokenRegistry/company-base'))).toEqual({
      owner: { type: 'tokenregistries.io.clustertokenregistry', name: 'company-base' },
      expiresAt: undefined,
    })
  })

  it.each([
    ['without metadata', {}],
    ['with nulls as Steve sends them', { metadata: { labels: null, annotations: null } }],
    ['without an owner', secret(undefined)],
    ['that was released: our label is gone', secret('TokenRegistry/shop/shop-ecr', {}, 'Helm')],
    ['of another kind', secret('Deployment/shop/web')],
    ['with half an owner', secret('TokenRegistry/shop')],
    ['with an empty owner', secret('TokenRegistry//x')],
    ['with too much of an owner', secret('ClusterTokenRegistry/a/b')],
  ])('%s is none of ours', (_name, object) => {
    expect(keptSecret(object)).toBeUndefined()
  })
})

describe('the page of the owner', () => {
  it('is in our product and in the same cluster', () => {
    expect(ownerRoute({ type: 't', namespace: 'shop', name: 'shop-ecr' }, 'local')).toEqual({
      name: 'c-cluster-product-resource-namespace-id',
      params: {
        cluster: 'local',
        product: 'token-registries',
        resource: 't',
        namespace: 'shop',
        id: 'shop-ecr',
      },
    })
    expect(ownerRoute({ type: 't', name: 'company-base' }, 'c-1')).toEqual({
      name: 'c-cluster-product-resource-id',
      params: { cluster: 'c-1', product: 'token-registries', resource: 't', id: 'company-base' },
    })
  })
})
