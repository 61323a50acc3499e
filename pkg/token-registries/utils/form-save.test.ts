import { body, saveRegistry, SecretRefused, writeSecret, type SecretPlan } from './form-save'
import type { PageStore } from './raw'

const names = { kind: 'TokenRegistry', plural: 'tokenregistries' }
const collection = '/k8s/clusters/c-m-1/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'
const object = { metadata: { name: 'shop-ecr', namespace: 'shop' }, spec: { suspend: true } }
const plan: SecretPlan = {
  action: 'create',
  namespace: 'shop',
  name: 'shop-ecr-credentials',
  material: { username: 'u', password: 'canary' },
  keys: [],
  mapping: {},
}
const made = { namespace: 'shop', name: 'shop-ecr-credentials', uid: 'u-1' }

/** A cluster that refuses what `refuse` says, and what it was sent, as `METHOD address`. */
function standIn(refuse: (request: string) => unknown = () => undefined) {
  const sent: string[] = []
  const bodies: unknown[] = []
  const getters = {
    clusterId: 'c-m-1',
    'cluster/schemaFor': () => ({ linkFor: () => '/v1/secrets' }),
  }
  const dispatch = async (_: string, payload: unknown) => {
    const { method = 'GET', url, data } = payload as { method?: string; url: string; data?: unknown }
    const request = `${method} ${url}`
    sent.push(request)
    bodies.push(data)
    const refusal = refuse(request)
    if (refusal) throw refusal
    return { metadata: made }
  }
  return { store: { getters, dispatch } as PageStore, sent, bodies }
}

const created = [
  `POST ${collection}?fieldValidation=Strict&dryRun=All`,
  'POST /v1/secrets',
  `POST ${collection}?fieldValidation=Strict`,
]

describe('saving', () => {
  it('asks for strict validation, with nothing of Steve in the object', async () => {
    const { store, sent, bodies } = standIn()
    const fromSteve = {
      ...object,
      id: 'shop/shop-ecr',
      type: 'tokenregistries.io.tokenregistry',
      links: {},
      metadata: {
        ...object.metadata,
        resourceVersion: '7',
        state: {},
        fields: [],
        relationships: [],
        labels: {},
      },
      status: {},
    }
    await saveRegistry(store, { names, object: fromSteve, isNew: false, onSecret: () => undefined })
    expect(sent).toEqual([`PUT ${collection}/shop-ecr?fieldValidation=Strict`])
    expect(bodies).toEqual([
      {
        apiVersion: 'tokenregistries.io/v1alpha1',
        kind: 'TokenRegistry',
        metadata: { ...object.metadata, resourceVersion: '7' },
        spec: object.spec,
      },
    ])
  })

  it('of the cluster kind names no namespace', async () => {
    const { store, sent } = standIn()
    const clusterWide = { metadata: { name: 'company' }, spec: {} }
    const cluster = { kind: 'ClusterTokenRegistry', plural: 'clustertokenregistries' }
    await saveRegistry(store, { names: cluster, object: clusterWide, isNew: true, onSecret: () => undefined })
    expect(sent).toEqual([
      'POST /k8s/clusters/c-m-1/apis/tokenregistries.io/v1alpha1/clustertokenregistries?fieldValidation=Strict',
    ])
  })

  it('asks whether the registry would be taken before it makes the Secret', async () => {
    const { store, sent } = standIn()
    const onSecret = jest.fn()
    await saveRegistry(store, { names, object, isNew: true, secret: plan, onSecret })
    expect(sent).toEqual(created)
    expect(onSecret).toHaveBeenCalledWith(made)
  })

  it('makes no Secret for a registry that is refused', async () => {
    const { store, sent } = standIn((request) => request.includes('dryRun') && { _status: 422 })
    const onSecret = jest.fn()
    const saving = { names, object, isNew: true, secret: plan, onSecret }
    await expect(saveRegistry(store, saving)).rejects.toEqual({ _status: 422 })
    expect(sent).toEqual(created.slice(0, 1))
    expect(onSecret).not.toHaveBeenCalled()
  })

  it('remembers the Secret when the registry is refused after it, and renews it the next time', async () => {
    const refused = { _status: 403 }
    const first = standIn((request) => request === created[2] && refused)
    const onSecret = jest.fn()
    const saving = { names, object, isNew: true, secret: plan, onSecret }
    await expect(saveRegistry(first.store, saving)).rejects.toBe(refused)
    expect(onSecret).toHaveBeenCalledWith(made)

    const second = standIn()
    await saveRegistry(second.store, { ...saving, made })
    expect(second.sent).toEqual([created[0], 'PATCH /v1/secrets/shop/shop-ecr-credentials', created[2]])
    expect(second.bodies[1]).toMatchObject({ metadata: { uid: 'u-1' } })
  })

  it('under another name makes another Secret and removes the first', async () => {
    const { store, sent } = standIn()
    await writeSecret(store, { ...plan, name: 'other' }, made)
    expect(sent).toEqual([
      'POST /v1/secrets',
      'DELETE /k8s/clusters/c-m-1/api/v1/namespaces/shop/secrets/shop-ecr-credentials',
    ])
  })

  it('tells a refusal of the Secret apart', async () => {
    const answer = { _status: 409, code: 'AlreadyExists' }
    const { store } = standIn((request) => request === 'POST /v1/secrets' && answer)
    const saving = { names, object, isNew: true, secret: plan, onSecret: () => undefined }
    const error: unknown = await saveRegistry(store, saving).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SecretRefused)
    expect((error as SecretRefused).answer).toBe(answer)
    expect(String(error)).not.toContain('canary')
  })

  it('sends the keys in the body of one request and nowhere else', async () => {
    const { store, sent, bodies } = standIn()
    await saveRegistry(store, { names, object, isNew: true, secret: plan, onSecret: () => undefined })
    expect(sent.join()).not.toContain('canary')
    expect(bodies.map((sentBody) => JSON.stringify(sentBody).includes('canary'))).toEqual([
      false,
      true,
      false,
    ])
  })

  it('of a copy leaves marks behind that are those of the original', () => {
    const annotations = {
      'tokenregistries.io/refresh-requested-at': 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'shop.example/a': 'b',
    }
    const copy = { ...object, metadata: { ...object.metadata, annotations } }
    expect(body(names, copy, true)).toMatchObject({ metadata: { annotations: { 'shop.example/a': 'b' } } })
    expect(body(names, copy, false)).toMatchObject({ metadata: { annotations } })
  })
})
