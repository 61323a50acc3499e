import { TYPES } from '../config/types'
import { apiRevision, type TokenRegistryServerStatus } from '../generated/types'
import { backendState, judgeServer, offeredProviders } from './backend'

const status: TokenRegistryServerStatus = {
  version: '0.1.0',
  apiRevision,
  providers: [{ name: 'ecr', credentials: ['secret'] }],
  namespace: 'token-registries-system',
  policy: { allowedEndpoints: ['127.0.0.1:5000'] },
}

function storeWith(types: readonly string[], answer: () => Promise<unknown>) {
  const dispatch = jest.fn(answer)
  const schemaFor = (type: string): unknown => (types.includes(type) ? { id: type } : undefined)
  return { getters: { 'cluster/schemaFor': schemaFor }, dispatch }
}

const both = [TYPES.TokenRegistry, TYPES.TokenRegistryServer]

describe('the backend', () => {
  it('is missing without its schemas, and nothing is asked', async () => {
    const store = storeWith([], () => Promise.reject(new Error('asked')))
    expect(await backendState(store)).toEqual({ state: 'missing' })
    expect(store.dispatch).not.toHaveBeenCalled()
  })

  it('cannot be judged by users who see the registries and not the server', async () => {
    const store = storeWith([TYPES.TokenRegistry], () => Promise.reject(new Error('asked')))
    expect(await backendState(store)).toEqual({ state: 'noRights' })
  })

  it.each([
    [404, 'silent'],
    [403, 'noRights'],
  ])('answers %d: %s', async (_status, state) => {
    expect(await backendState(storeWith(both, () => Promise.reject({ _status })))).toEqual({ state })
  })

  it('is asked once, by name, and tells all that it knows', async () => {
    const store = storeWith(both, () => Promise.resolve({ status }))
    expect(await backendState(store)).toEqual({ state: 'ready', ...status })
    expect(store.dispatch.mock.calls).toEqual([
      ['cluster/find', { type: 'tokenregistries.io.tokenregistryserver', id: 'default' }],
    ])
  })

  it('passes other failures on', async () => {
    await expect(backendState(storeWith(both, () => Promise.reject({ _status: 503 })))).rejects.toEqual({
      _status: 503,
    })
  })

  it.each([
    ['silent', undefined],
    ['silent', {}],
    ['silent', { status: {} }],
    ['ready', { status }],
    ['older', { status: { ...status, apiRevision: apiRevision - 1 } }],
    ['older', { status: { ...status, apiRevision: undefined } }],
    ['older', { status: { ...status, providers: undefined } }],
    ['older', { status: { ...status, namespace: undefined } }],
    ['newer', { status: { ...status, apiRevision: apiRevision + 1 } }],
  ])('is %s when the object says %j', (state, object) => {
    expect(judgeServer(object).state).toBe(state)
  })

  it('of an older version is taken to live in the namespace of its chart', () => {
    const old = judgeServer({ status: { version: '0.0.9' } })
    expect(old).toEqual({
      state: 'older',
      version: '0.0.9',
      apiRevision: 0,
      providers: [],
      namespace: 'token-registries-system',
      policy: {},
    })
  })
})

describe('offered providers', () => {
  const own = [
    { name: 'ecr', label: 'Amazon ECR', credentials: ['secret', 'serverIdentity'] },
    { name: 'static', label: 'User name and password', credentials: ['secret'] },
  ]

  it('are those that page and server have, with the credentials that both know', () => {
    expect(offeredProviders(judgeServer({ status }), own)).toEqual([
      { name: 'ecr', label: 'Amazon ECR', credentials: ['secret'] },
    ])
  })

  it('leave out a provider without common credentials', () => {
    const served = [{ name: 'ecr', credentials: ['vault'] }]
    expect(offeredProviders({ state: 'newer', providers: served }, own)).toEqual([])
  })

  it('are all of the page while the server is unknown', () => {
    expect(offeredProviders({ state: 'noRights' }, own)).toEqual(own)
  })
})
