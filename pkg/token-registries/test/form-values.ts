// What tests of the form start from: a registry that is there, and refusals as API servers really gave them.
const refusals: { name: string; status: number; body: object }[] = require('./refusals.json')

/** Where registries of namespace shop are made. */
export const collection =
  '/k8s/clusters/local/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'

/** One of test/refusals.json as the page's store throws it. */
export const refusal = (name: string) => {
  const found = refusals.find((known) => known.name === name)
  return { ...found?.body, _status: found?.status }
}

/** A registry with fields of a newer server. */
export const existing = (spec: object = {}, metadata: object = {}) => ({
  id: 'shop/shop-ecr',
  metadata: { name: 'shop-ecr', namespace: 'shop', resourceVersion: '7', ...metadata },
  spec: {
    provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'], fips: false } },
    credentials: { secret: { name: 'keys' } },
    serviceAccounts: { attach: 'None' },
    suspend: false,
    newer: { field: 1 },
    ...spec,
  },
})
