import { flushPromises } from '@vue/test-utils'
import { translate } from '../test/translate'
import ClusterTokenRegistry from '../models/tokenregistries.io.clustertokenregistry'
import TokenRegistry from '../models/tokenregistries.io.tokenregistry'

const type = 'tokenregistries.io.tokenregistry'
const links = { self: '/self', view: '/view' }

interface Options {
  readonly links?: Record<string, string>
  readonly methods?: readonly string[]
  readonly spec?: object
  readonly status?: object
  /** Steve's address of the kind's list. */
  readonly collection?: string
}

function registry({
  links: more = {},
  methods = ['GET', 'POST'],
  spec = {},
  status,
  collection,
}: Options = {}) {
  const schema = {
    id: type,
    collectionMethods: methods,
    resourceMethods: methods,
    attributes: { namespaced: true },
    links: { collection },
  }
  const rootGetters = {
    'i18n/t': translate,
    'type-map/optionsFor': () => ({ isCreatable: true, isEditable: true, isRemovable: true }),
    'type-map/hasCustomEdit': () => true,
    'prefs/get': () => false,
    productId: 'explorer',
    clusterId: 'local',
  }
  const data = {
    id: 'shop/shop-ecr',
    type,
    links: { ...links, ...more },
    metadata: {
      name: 'shop-ecr',
      namespace: 'shop',
      uid: 'u1',
      generation: 1,
      annotations: { 'tokenregistries.io/refresh-requested-at': 'now', 'example.com/team': 'shop' },
    },
    spec: { provider: { ecr: { region: 'eu-west-1' } }, ...spec },
    status,
  }
  const dispatch = jest.fn((_action: string, _payload?: unknown, _options?: unknown): Promise<object> =>
    Promise.resolve({ metadata: { generation: 1 }, status: { observedGeneration: 1 } }),
  )
  const getters = { schemaFor: () => schema, byId: () => undefined }
  const commit = jest.fn()
  const context = {
    rootGetters,
    dispatch,
    commit,
    getters,
    rootState: { $extension: { getPlugins: () => ({}) } },
  }
  return { model: new (TokenRegistry as any)(data, context), dispatch, commit }
}

function offered(model: any): string[] {
  return model.availableActions.map(({ action }: { action?: string }) => action ?? '-')
}

const writer = { links: { update: '/update', remove: '/remove' } }

beforeAll(() => {
  ;(window as any).$globalApp = {
    $route: {},
    $router: { currentRoute: { value: { params: {}, query: {} } } },
  }
})

describe('actions', () => {
  it('of somebody who may write', () => {
    expect(offered(registry(writer).model)).toEqual([
      'refreshNow',
      'suspend',
      '-',
      'goToEdit',
      'goToEditYaml',
      'goToClone',
      '-',
      'download',
      'promptRemove',
    ])
  })

  it('of somebody who may only read change nothing', () => {
    expect(offered(registry({ methods: ['GET'] }).model)).toEqual([
      'goToViewConfig',
      'goToViewYaml',
      '-',
      'download',
    ])
  })

  it('of a suspended registry: resume, and no refresh that nobody would answer', () => {
    const actions = offered(registry({ ...writer, spec: { suspend: true } }).model)
    expect(actions).toContain('resume')
    expect(actions).not.toContain('suspend')
    expect(actions).not.toContain('refreshNow')
  })

  it.each([
    ['refreshNow', 'refreshNowBulk'],
    ['suspend', 'suspendBulk'],
    ['resume', 'resumeBulk'],
  ])('%s works on many rows', (action, bulkAction) => {
    const { model } = registry(writer)
    const found = model._availableActions.find((item: { action?: string }) => item.action === action)
    expect(found).toMatchObject({ bulkable: true, bulkAction })
    expect(typeof model[bulkAction]).toBe('function')
    expect(typeof model[action]).toBe('function')
  })

  it('suspend and resume send the wanted value', async () => {
    const { model, dispatch } = registry(writer)
    await model.suspend()
    await model.resume()
    const sent = dispatch.mock.calls
      .filter(([name]) => name === 'request')
      .map(([, payload]) => payload as any)
    const patches = sent.filter(({ opt }) => opt.method === 'patch')
    expect(patches.map(({ opt }) => opt.data.spec)).toEqual([{ suspend: true }, { suspend: false }])
  })
})

describe('deleting', () => {
  const url = '/v1/kind'

  function deleting(answer: object, list: Promise<object> = Promise.resolve({ data: [] })) {
    const { model, dispatch, commit } = registry({ ...writer, collection: url })
    dispatch.mockImplementation((_action, payload) => {
      const { opt } = payload as { opt?: { method?: string; url: string } }
      return opt?.method === undefined && opt?.url.startsWith(url) ? list : Promise.resolve(answer)
    })
    return { done: model._remove() as Promise<void>, model, dispatch, commit }
  }

  it('takes the row away, and is done when the list is without it too', async () => {
    let answer: (list: object) => void = () => undefined
    const list = new Promise<object>((resolve) => (answer = resolve))
    const { done, commit, model } = deleting({ _status: 204 }, list)
    let isDone = false
    const ended = done.then(() => (isDone = true))
    await flushPromises()
    expect(commit).toHaveBeenCalledWith('remove', model)
    expect(isDone).toBe(false)
    answer({ data: [] })
    await ended
  })

  it('shows what is left of one that goes later', async () => {
    const left = { metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } }
    const { done, commit, dispatch } = deleting(left)
    await done
    expect(commit).not.toHaveBeenCalled()
    expect(dispatch).toHaveBeenLastCalledWith('load', expect.objectContaining({ data: left }))
  })
})

describe('a registry', () => {
  const condition = (kind: string, status: string, reason: string): object => ({
    type: kind,
    status,
    reason,
    message: `the server says ${reason}.`,
    lastTransitionTime: '2026-03-01T12:00:00Z',
  })
  const ready = {
    observedGeneration: 1,
    conditions: [condition('Ready', 'True', 'Ready'), condition('CredentialIssued', 'True', 'Issued')],
    targets: { desired: 1, synced: 1, failed: 0 },
    issuedAt: '2026-03-01T12:00:00Z',
  }
  const failing = {
    observedGeneration: 1,
    conditions: ['Ready', 'CredentialIssued'].map((kind) => condition(kind, 'False', 'AccessDenied')),
  }
  const stalled = {
    ...failing,
    conditions: [...failing.conditions, condition('Stalled', 'True', 'AccessDenied')],
  }
  const refreshFails = {
    ...ready,
    conditions: [condition('Ready', 'True', 'Ready'), condition('CredentialIssued', 'False', 'AccessDenied')],
  }

  it.each([
    ['well', { status: ready, display: 'Ready', colour: 'success', code: undefined, description: '' }],
    [
      'failing to refresh',
      {
        status: refreshFails,
        display: 'Refresh fails',
        colour: 'warning',
        code: 'AccessDenied',
        description: 'The refresh fails. Pulls work with the last password. The server says AccessDenied.',
      },
    ],
    [
      'without any password',
      {
        status: stalled,
        display: 'Error',
        colour: 'error',
        code: 'AccessDenied',
        description: 'Pulls do not work. No password was ever issued. The server says AccessDenied.',
      },
    ],
  ])('%s says so in the shell', (_name, { status, display, colour, code, description }) => {
    const { model } = registry({ status })
    expect(model.stateDisplay).toBe(display)
    expect(model.stateColor).toBe(`text-${colour}`)
    expect(model.stateBackground).toBe(`bg-${colour}`)
    expect(model.stateSimpleColor).toBe(colour)
    expect(model.failureCode).toBe(code)
    expect(model.stateDescription).toBe(description)
    expect(model.stateObj.error).toBe(colour === 'error')
  })

  it('names its provider before the first status too', () => {
    expect(registry().model.providerName).toBe('ecr')
    expect(registry({ status: { provider: 'static' } }).model.providerName).toBe('static')
    expect(registry({ spec: { provider: undefined } }).model.providerName).toBe('')
  })

  it('is linked in our own product, wherever the link stands', () => {
    expect(registry().model.detailLocation).toEqual({
      name: 'c-cluster-product-resource-namespace-id',
      params: {
        product: 'token-registries',
        cluster: 'local',
        resource: type,
        namespace: 'shop',
        id: 'shop-ecr',
      },
    })
  })

  it('keeps its description in an annotation alone', () => {
    const { model } = registry()
    model.description = 'Images of the shop'
    expect(model.description).toBe('Images of the shop')
    expect(model.spec.description).toBeUndefined()
    expect(model.metadata.annotations['example.com/team']).toBe('shop')
  })

  it('is copied without its status and without a request for a refresh', () => {
    const { model, dispatch } = registry({ status: ready })
    model.cleanForNew()
    expect(dispatch).toHaveBeenCalledWith('cleanForNew', model)
    expect(model.status).toBeUndefined()
    expect(model.metadata.annotations).toEqual({ 'example.com/team': 'shop' })
    expect(model.spec.provider).toEqual({ ecr: { region: 'eu-west-1' } })
  })

  it('of either kind has the same base', () => {
    expect(Object.getPrototypeOf(ClusterTokenRegistry)).toBe(Object.getPrototypeOf(TokenRegistry))
  })
})
