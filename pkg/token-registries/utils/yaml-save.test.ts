import TokenRegistry from '../models/tokenregistries.io.tokenregistry'

const address = '/k8s/clusters/local/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries'
const strictly = '?fieldValidation=Strict&dryRun=All'
const yaml = `
apiVersion: tokenregistries.io/v1alpha1
kind: TokenRegistry
metadata: { name: shop-ecr, namespace: shop, resourceVersion: "7", state: {}, managedFields: [] }
spec: { suspendd: true }
status: {}
`

/** A model of the page, in the cluster if it has an id, and what it sends: at the API server's address, or the shell's. */
function model(id: string | undefined, refusal?: object) {
  const sent: string[] = []
  const bodies: unknown[] = []
  const followed = (link: string) => {
    sent.push(link)
    return Promise.resolve()
  }
  const schema = {
    attributes: { kind: 'TokenRegistry', resource: 'tokenregistries', namespaced: true },
    followLink: followed,
  }
  const dispatch = (_: string, { method, url, data }: { method: string; url: string; data: unknown }) => {
    sent.push(`${method} ${url}`)
    bodies.push(data)
    return refusal ? Promise.reject(refusal) : Promise.resolve({})
  }
  const rootGetters = { clusterId: 'local', 'i18n/t': (key: string) => key }
  const data = {
    id,
    type: 'tokenregistries.io.tokenregistry',
    metadata: { name: 'shop-ecr', namespace: 'shop' },
  }
  const context = { rootGetters, dispatch, getters: { schemaFor: () => schema, byId: () => undefined } }
  const made = new (TokenRegistry as any)(data, context)
  made.followLink = followed
  return { save: (text = yaml): Promise<void> => made.saveYaml(text, text), sent, bodies }
}

describe('saving YAML', () => {
  it.each([
    ['new', undefined, `POST ${address}${strictly}`, 'collection'],
    ['changed', 'shop/shop-ecr', `PUT ${address}/shop-ecr${strictly}`, 'update'],
  ])('asks strictly before the shell writes it: %s', async (_, id, asked, written) => {
    const { save, sent, bodies } = model(id)
    await save()
    expect(sent).toEqual([asked, written])
    expect(bodies).toEqual([
      {
        apiVersion: 'tokenregistries.io/v1alpha1',
        kind: 'TokenRegistry',
        metadata: { name: 'shop-ecr', namespace: 'shop', resourceVersion: '7' },
        spec: { suspendd: true },
      },
    ])
  })

  it('writes nothing that is refused', async () => {
    const refusal = { _status: 400, message: 'strict decoding error: unknown field "spec.suspendd"' }
    const { save, sent } = model('shop/shop-ecr', refusal)
    await expect(save()).rejects.toBe(refusal)
    expect(sent).toHaveLength(1)
  })

  it('leaves a change on top of a newer one to the shell, which merges', async () => {
    const { save, sent } = model('shop/shop-ecr', { _status: 409, reason: 'Conflict' })
    await save()
    expect(sent.at(-1)).toBe('update')
  })

  it('does not write a new one over one of that name', async () => {
    const { save, sent } = model(undefined, { _status: 409, reason: 'AlreadyExists' })
    await expect(save()).rejects.toMatchObject({ reason: 'AlreadyExists' })
    expect(sent).toHaveLength(1)
  })

  it('leaves it to the shell to say that a namespace is missing', async () => {
    const { save, sent } = model(undefined)
    await expect(save('metadata: { name: shop-ecr }')).rejects.toBe('resourceYaml.errors.namespaceRequired')
    expect(sent).toEqual([])
  })
})
