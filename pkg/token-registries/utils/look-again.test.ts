import { keepLooking, lookAgainMs } from './look-again'

const type = 'tokenregistries.io.tokenregistry'
const request = { namespace: 'shop', pagination: { page: 2 } }

function store(page: { request: object } | null, outcome: () => Promise<unknown> = async () => undefined) {
  return { getters: { 'cluster/havePage': () => page }, dispatch: jest.fn(outcome) }
}

describe('an open list', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => {
    jest.useRealTimers()
    jest.restoreAllMocks()
  })

  it('asks for the page that it shows, again and again until it is closed', async () => {
    const opened = store({ request })
    const close = keepLooking(opened, type)
    expect(opened.dispatch).not.toHaveBeenCalled()
    await jest.advanceTimersByTimeAsync(2 * lookAgainMs)
    const asked = ['cluster/findPage', { type, opt: { ...request, force: true, watch: false } }]
    expect(opened.dispatch.mock.calls).toEqual([asked, asked])
    close()
    await jest.advanceTimersByTimeAsync(5 * lookAgainMs)
    expect(opened.dispatch).toHaveBeenCalledTimes(2)
  })

  it('goes on when it could not be had once', async () => {
    const opened = store({ request }, () => Promise.reject(new Error('away')))
    const close = keepLooking(opened, type)
    await jest.advanceTimersByTimeAsync(3 * lookAgainMs)
    expect(opened.dispatch).toHaveBeenCalledTimes(3)
    close()
  })

  it('asks for nothing before there is a page, or while nobody sees it', async () => {
    const early = store(null)
    const hidden = store({ request })
    const closeEarly = keepLooking(early, type)
    await jest.advanceTimersByTimeAsync(lookAgainMs)
    closeEarly()
    jest.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    const closeHidden = keepLooking(hidden, type)
    await jest.advanceTimersByTimeAsync(lookAgainMs)
    closeHidden()
    expect(early.dispatch).not.toHaveBeenCalled()
    expect(hidden.dispatch).not.toHaveBeenCalled()
  })
})
