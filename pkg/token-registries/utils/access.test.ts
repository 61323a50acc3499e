import {
  forgetAccess,
  mayCreate,
  mayCreateSecrets,
  mayGetSecrets,
  mayI,
  mayPatchServiceAccounts,
  mayUseProject,
} from './access'
import type { PageStore } from './raw'

type Asked = {
  url: string
  method: string
  redirectUnauthorized: boolean
  data: { spec: { resourceAttributes: object } }
}

/** A store whose cluster allows what `allow` says, and what it was asked. */
function standIn(allow: (attributes: Record<string, string>) => boolean | Promise<boolean> = () => true) {
  const asked: Asked[] = []
  const getters: Record<string, unknown> = { clusterId: 'c-m-1', 'auth/principalId': 'local://u-1' }
  const dispatch = async (action: string, payload: unknown) => {
    expect(action).toBe('management/request')
    const request = payload as Asked
    asked.push(request)
    return {
      status: { allowed: await allow(request.data.spec.resourceAttributes as Record<string, string>) },
    }
  }
  return { store: { getters, dispatch } as PageStore, getters, asked }
}

const creating = {
  verb: 'create',
  group: 'tokenregistries.io',
  resource: 'tokenregistries',
  namespace: 'shop',
}

beforeEach(forgetAccess)
afterEach(() => jest.useRealTimers())

describe('access', () => {
  it("is asked of the cluster's own API, without logging out on 401", async () => {
    const { store, asked } = standIn()
    expect(await mayI(store, creating)).toBe(true)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      url: '/k8s/clusters/c-m-1/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      method: 'POST',
      redirectUnauthorized: false,
      data: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: creating },
      },
    })
  })

  it('is no where the cluster says no, or nothing', async () => {
    expect(await mayI(standIn(() => false).store, creating)).toBe(false)
    forgetAccess()
    const store = { getters: {}, dispatch: async () => ({}) } as PageStore
    expect(await mayI(store, creating)).toBe(false)
  })

  it('asks equal questions once, others each', async () => {
    const { store, asked, getters } = standIn()
    await Promise.all([mayI(store, creating), mayI(store, { ...creating })])
    expect(asked).toHaveLength(1)
    await mayI(store, { ...creating, namespace: 'other' })
    await mayI(store, creating, 'local')
    getters['auth/principalId'] = 'local://u-2'
    await mayI(store, creating)
    expect(asked.map(({ url }) => url.split('/')[3])).toEqual(['c-m-1', 'c-m-1', 'local', 'c-m-1'])
  })

  it('asks again after a minute', async () => {
    jest.useFakeTimers()
    const { store, asked } = standIn()
    await mayI(store, creating)
    jest.advanceTimersByTime(59_999)
    await mayI(store, creating)
    expect(asked).toHaveLength(1)
    jest.advanceTimersByTime(1)
    await mayI(store, creating)
    expect(asked).toHaveLength(2)
  })

  it('keeps 200 answers, the newest', async () => {
    const { store, asked } = standIn()
    for (let index = 0; index <= 200; index++) await mayI(store, { ...creating, namespace: `n-${index}` })
    await mayI(store, { ...creating, namespace: 'n-200' })
    expect(asked).toHaveLength(201)
    await mayI(store, { ...creating, namespace: 'n-0' })
    expect(asked).toHaveLength(202)
  })

  it('passes on a failed question and does not keep it', async () => {
    let broken = true
    const { store } = standIn(() => (broken ? Promise.reject({ _status: 503 }) : true))
    await expect(mayI(store, creating)).rejects.toEqual({ _status: 503 })
    broken = false
    expect(await mayI(store, creating)).toBe(true)
  })

  it.each([
    [
      'a registry',
      (store: PageStore) => mayCreate(store, { resource: 'tokenregistries', namespace: 'shop' }),
      creating,
    ],
    [
      'a cluster registry',
      (store: PageStore) => mayCreate(store, { resource: 'clustertokenregistries' }),
      { verb: 'create', group: 'tokenregistries.io', resource: 'clustertokenregistries', namespace: '' },
    ],
    [
      'a whole project',
      (store: PageStore) => mayUseProject(store, 'c-m-1:p-7hj2k'),
      {
        verb: 'manage-namespaces',
        group: 'management.cattle.io',
        resource: 'projects',
        name: 'p-7hj2k',
        namespace: '',
      },
    ],
    [
      'a Secret',
      (store: PageStore) => mayGetSecrets(store, 'shop', 'login'),
      { verb: 'get', group: '', resource: 'secrets', namespace: 'shop', name: 'login' },
    ],
    [
      'new Secrets',
      (store: PageStore) => mayCreateSecrets(store, 'shop'),
      { verb: 'create', group: '', resource: 'secrets', namespace: 'shop', name: '' },
    ],
    [
      'ServiceAccounts',
      (store: PageStore) => mayPatchServiceAccounts(store, 'shop', 'default'),
      { verb: 'patch', group: '', resource: 'serviceaccounts', namespace: 'shop', name: 'default' },
    ],
  ] as const)('asks for %s', async (_, ask, attributes) => {
    const { store, asked } = standIn()
    expect(await ask(store)).toBe(true)
    expect(asked[0]?.data.spec.resourceAttributes).toMatchObject(attributes)
  })

  it('knows that what is no project cannot be used, without asking', async () => {
    const { store, asked } = standIn()
    expect(await mayUseProject(store, 'p-7hj2k')).toBe(false)
    expect(asked).toHaveLength(0)
  })
})
