import { flushPromises } from '@vue/test-utils'
import { bounded } from './bounded'

/** Pieces of work that end when they are told to. */
function works(count: number) {
  return Array.from({ length: count }, () => Promise.withResolvers<number>())
}

describe('work that is bounded', () => {
  it('begins in order, so many at once, and hands out what it ended with', async () => {
    const pieces = works(5)
    const begun: number[] = []
    const run = bounded(2)
    const results = Promise.all(
      pieces.map(({ promise }, index) =>
        run(() => {
          begun.push(index)
          return promise
        }),
      ),
    )
    await flushPromises()
    expect(begun).toEqual([0, 1])
    pieces[1]?.resolve(1)
    await flushPromises()
    expect(begun).toEqual([0, 1, 2])
    for (const [index, { resolve }] of pieces.entries()) resolve(index)
    expect(await results).toEqual([0, 1, 2, 3, 4])
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })

  it('goes on after a failure, which its caller gets', async () => {
    const run = bounded(1)
    const failed = run(() => Promise.reject(new Error('refused')))
    const next = run(() => Promise.resolve('done'))
    await expect(failed).rejects.toThrow('refused')
    expect(await next).toBe('done')
  })
})
