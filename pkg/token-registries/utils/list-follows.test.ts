import { listFollows, type Change } from './list-follows'

const change: Change = { name: 'shop-ecr', namespace: 'shop' }
const item = (more: object = {}) => ({
  metadata: { name: 'shop-ecr', namespace: 'shop', uid: 'u-1', generation: 1, ...more },
})

/** Answers one list after the other, the last one for ever. */
function steve(...lists: (readonly object[] | Error)[]) {
  const asked: string[] = []
  const waits: number[] = []
  const ask = (url: string): Promise<unknown> => {
    const list = lists[Math.min(asked.length, lists.length - 1)]!
    asked.push(url)
    return list instanceof Error ? Promise.reject(list) : Promise.resolve({ data: list })
  }
  const wait = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds)
    return Promise.resolve()
  }
  return { asked, waits, follows: (what = change) => listFollows(ask, '/v1/kind', what, wait) }
}

it('asks for the one object, without what is in it', async () => {
  const { asked, waits, follows } = steve([item()])
  expect(await follows()).toBe(true)
  expect(waits).toEqual([])
  const url = new URL(asked[0]!, 'https://rancher')
  expect(url.pathname).toBe('/v1/kind')
  expect(url.searchParams.getAll('filter')).toEqual(["metadata.name='shop-ecr'", "metadata.namespace='shop'"])
})

it('waits for a list that does not have it yet', async () => {
  const { asked, follows } = steve([], [item({ namespace: 'shop-2' })], [item()])
  expect(await follows()).toBe(true)
  expect(asked).toHaveLength(3)
})

it('waits for the generation that was written', async () => {
  const { asked, follows } = steve([item()], [item({ generation: 2 })])
  expect(await follows({ ...change, generation: 2 })).toBe(true)
  expect(asked).toHaveLength(2)
})

it.each([
  ['has nothing of the name', []],
  ['has a new one of the same name', [item({ uid: 'u-2' })]],
])('waits until what was deleted is gone: the list %s', async (_, after) => {
  const { asked, follows } = steve([item()], after)
  expect(await follows({ ...change, gone: 'u-1' })).toBe(true)
  expect(asked).toHaveLength(2)
})

it('gives up after about three seconds', async () => {
  const { asked, waits, follows } = steve([])
  expect(await follows()).toBe(false)
  expect(asked).toHaveLength(waits.length + 1)
  expect(waits.reduce((sum, one) => sum + one, 0)).toBe(3050)
})

it('does not go on asking when it is refused', async () => {
  const { asked, follows } = steve(new Error('403'))
  expect(await follows()).toBe(false)
  expect(asked).toHaveLength(1)
})

it('asks nothing where nobody may list', async () => {
  const ask = jest.fn()
  expect(await listFollows(ask, undefined, change)).toBe(false)
  expect(ask).not.toHaveBeenCalled()
})

it('finds an object of a kind without namespaces', async () => {
  const { asked, follows } = steve([{ metadata: { name: 'central' } }])
  expect(await follows({ name: 'central' })).toBe(true)
  expect(asked[0]).not.toContain('namespace')
})
