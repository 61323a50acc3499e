import { providers } from '../generated/form'
import {
  createSecret,
  credentialsName,
  missingKeys,
  missingMaterial,
  newSecret,
  removeSecret,
  renewal,
  renewSecret,
  secretKeys,
  secretNames,
} from './credentials-secret'
import type { PageStore } from './raw'

const { materialKeys } = providers.find(({ name }) => name === 'ecr')!
const material = { accessKeyId: 'AKIA', secretAccessKey: 'secret/key\n' }
const place = { namespace: 'shop', name: 'shop-ecr-credentials' }

interface Sent {
  url: string
  method?: string
  data?: unknown
  headers?: Record<string, string>
}

/** Steve of a cluster, with the prefix that its links have. */
function standIn(answer: unknown = {}, prefix = '/k8s/clusters/c-m-1') {
  const sent: [string, Sent][] = []
  const schema = { linkFor: () => `${prefix}/v1/secrets` }
  const getters = { clusterId: 'c-m-1', 'cluster/schemaFor': () => schema }
  const dispatch = async (action: string, payload: unknown) => {
    sent.push([action, payload as Sent])
    return answer
  }
  return { store: { getters, dispatch } as PageStore, sent }
}

describe('a new Secret', () => {
  it("has Kubernetes' own type, not Steve's, and its values where the API server encodes them", () => {
    expect(newSecret(place, material)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: place,
      stringData: { accessKeyId: 'AKIA', secretAccessKey: 'secret/key' },
    })
  })

  it('has the keys that the registry looks for', () => {
    expect(newSecret(place, material, { accessKeyId: 'AWS_ACCESS_KEY_ID' })).toMatchObject({
      stringData: { AWS_ACCESS_KEY_ID: 'AKIA', secretAccessKey: 'secret/key' },
    })
  })

  it.each(['/k8s/clusters/c-m-1', ''])(
    'is posted to Steve by the links of the cluster: %s',
    async (prefix) => {
      const { store, sent } = standIn({ metadata: { ...place, uid: 'u-1' } }, prefix)
      const data = newSecret(place, material)
      expect(await createSecret(store, data)).toEqual({ ...place, uid: 'u-1' })
      expect(sent).toEqual([['cluster/request', { url: `${prefix}/v1/secrets`, method: 'POST', data }]])
    },
  )

  it('cannot be made without a schema of Secrets', async () => {
    const { store, sent } = standIn()
    const none = { ...store, getters: { ...store.getters, 'cluster/schemaFor': () => undefined } }
    await expect(createSecret(none, {})).rejects.toMatchObject({ _status: 404 })
    expect(sent).toEqual([])
  })

  it.each([
    ['shop-ecr', 'shop-ecr-credentials'],
    ['', ''],
    [undefined, ''],
    ['a'.repeat(253), `${'a'.repeat(241)}-credentials`],
    [`${'a'.repeat(240)}-b`, `${'a'.repeat(240)}-credentials`],
  ])('is named after the registry: %s', (registry, name) => {
    expect(credentialsName(registry)).toBe(name)
    expect(name.length).toBeLessThanOrEqual(253)
  })
})

describe('new keys', () => {
  it('take optional keys away that are not given: an old session token beside a new key fails', () => {
    expect(renewal(materialKeys, material)).toEqual({
      data: { sessionToken: null },
      stringData: { accessKeyId: 'AKIA', secretAccessKey: 'secret/key' },
    })
    expect(renewal(materialKeys, { ...material, sessionToken: 't' }, {}, 'u-1')).toEqual({
      metadata: { uid: 'u-1' },
      stringData: { accessKeyId: 'AKIA', secretAccessKey: 'secret/key', sessionToken: 't' },
    })
  })

  it('are sent as a merge patch to the Secret itself', async () => {
    const { store, sent } = standIn()
    await renewSecret(store, place, { stringData: { a: 'b' } })
    expect(sent).toEqual([
      [
        'cluster/request',
        {
          url: '/k8s/clusters/c-m-1/v1/secrets/shop/shop-ecr-credentials',
          method: 'PATCH',
          headers: { 'content-type': 'application/merge-patch+json' },
          data: { stringData: { a: 'b' } },
        },
      ],
    ])
  })

  it('are complete when all needed ones are there', () => {
    expect(missingMaterial(materialKeys, {})).toEqual(['accessKeyId', 'secretAccessKey'])
    expect(missingMaterial(materialKeys, { accessKeyId: 'a', secretAccessKey: '\n' })).toEqual([
      'secretAccessKey',
    ])
    expect(missingMaterial(materialKeys, material)).toEqual([])
  })
})

describe('an existing Secret', () => {
  it('is listed by its name alone', async () => {
    const { store, sent } = standIn({ items: [{ metadata: { name: 'b' } }, { metadata: { name: 'a' } }] })
    expect(await secretNames(store, 'shop')).toEqual(['a', 'b'])
    expect(sent[0]?.[1].url).toBe(
      '/k8s/clusters/c-m-1/api/v1/namespaces/shop/secrets?fieldSelector=type%3DOpaque&limit=1000',
    )
    expect(sent[0]?.[1].headers?.accept).toContain('as=PartialObjectMetadataList')
  })

  it('tells the names of its keys and nothing else', async () => {
    const { store } = standIn({ data: { secretAccessKey: 'Y2FuYXJ5', accessKeyId: 'QQ==' } })
    expect(await secretKeys(store, 'shop', 'keys')).toEqual(['accessKeyId', 'secretAccessKey'])
  })

  it('lacks the needed keys that it has not, by the names that the registry gives them', () => {
    expect(missingKeys(materialKeys, ['accessKeyId'])).toEqual(['secretAccessKey'])
    expect(missingKeys(materialKeys, ['accessKeyId', 'KEY'], { secretAccessKey: 'KEY' })).toEqual([])
    expect(missingKeys(materialKeys, ['accessKeyId', 'x'], { secretAccessKey: 'KEY' })).toEqual(['KEY'])
  })

  it('is removed only if it is the one that was made', async () => {
    const { store, sent } = standIn()
    await removeSecret(store, { ...place, uid: 'u-1' })
    expect(sent[0]?.[1]).toMatchObject({
      url: '/k8s/clusters/c-m-1/api/v1/namespaces/shop/secrets/shop-ecr-credentials',
      method: 'DELETE',
      data: { preconditions: { uid: 'u-1' } },
    })
  })
})
