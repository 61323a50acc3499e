import type { PageStore } from './raw'
import { canListSecrets, listPullSecrets } from './targets-fetch'

const collection = 'https://rancher.example/k8s/clusters/c-1/v1/secrets'

function store(schema: object | undefined, answer: () => unknown): PageStore & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    getters: { 'cluster/schemaFor': (type: string) => (type === 'secret' ? schema : undefined) },
    dispatch: async (action, payload) => {
      asked.push([action, payload])
      return answer()
    },
  }
}

const listable = { collectionMethods: ['GET', 'POST'], links: { collection } }
const refused = (status: number) => () => {
  throw { _status: status, message: 'no' }
}

describe('pull Secrets of a registry', () => {
  it('are asked for by the label of their owner, without what is in them', async () => {
    const cluster = store(listable, () => ({ data: [{ metadata: { name: 'images', namespace: 'a' } }] }))
    expect(await listPullSecrets(cluster, 'uid-1')).toHaveLength(1)
    const [[action, { url }]] = cluster.asked as [[string, { url: string }]]
    const { origin, pathname, searchParams } = new URL(url)
    expect(action).toBe('cluster/request')
    expect(origin + pathname).toBe(collection)
    expect(searchParams.get('filter')).toBe('metadata.labels[tokenregistries.io/owner-uid]=uid-1')
    expect(searchParams.getAll('exclude')).toContain('data')
  })

  it('are not asked for without the right to list Secrets', async () => {
    for (const schema of [undefined, { ...listable, collectionMethods: ['POST'] }]) {
      const cluster = store(schema, () => ({ data: [] }))
      expect(canListSecrets(cluster)).toBe(false)
      expect(await listPullSecrets(cluster, 'uid-1')).toBeUndefined()
      expect(cluster.asked).toEqual([])
    }
  })

  it('are unknown when the right was withdrawn meanwhile', async () => {
    expect(await listPullSecrets(store(listable, refused(403)), 'uid-1')).toBeUndefined()
    expect(await listPullSecrets(store(listable, refused(404)), 'uid-1')).toBeUndefined()
  })

  it('tell of every other failure', async () => {
    await expect(listPullSecrets(store(listable, refused(500)), 'uid-1')).rejects.toMatchObject({
      _status: 500,
    })
  })

  it('are none when the answer leaves out an empty list', async () => {
    expect(
      await listPullSecrets(
        store(listable, () => ({})),
        'uid-1',
      ),
    ).toEqual([])
  })
})
