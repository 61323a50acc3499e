import type { RegistryStatus } from '../generated/types'
import { translate } from '../test/translate'
import { askForRefresh, setSuspended, type ActingRegistry } from './registry-actions'

const start = new Date('2026-03-01T12:00:00Z')

interface Sent {
  readonly url: string
  readonly method?: string
  readonly data?: unknown
  readonly headers?: unknown
}

/** What the API server holds of one registry, and what it answers. */
interface Cluster {
  version: number
  generation: number
  status: RegistryStatus
  /** Thrown at the next requests of that method. */
  readonly refusals: { method: string; error: unknown }[]
}

function registryIn(cluster: Cluster, name = 'shop-ecr') {
  const sent: Sent[] = []
  const growls: { kind: string; data: Record<string, unknown> }[] = []
  const loaded: unknown[] = []
  const answer = (): object => ({
    metadata: { name, resourceVersion: String(cluster.version), generation: cluster.generation },
    status: cluster.status,
  })
  const registry: ActingRegistry = {
    id: `shop/${name}`,
    type: 'tokenregistries.io.tokenregistry',
    nameDisplay: name,
    metadata: { name, resourceVersion: String(cluster.version), generation: cluster.generation },
    $getters: { byId: () => ({}) },
    linkFor: (link) => `/v1/tokenregistries/shop/${name}#${link}`,
    $dispatch: (action, payload) => {
      if (action.startsWith('growl/')) {
        growls.push({ kind: action.slice(6), data: payload as Record<string, unknown> })
        return Promise.resolve()
      }
      if (action === 'load') {
        loaded.push(payload)
        return Promise.resolve()
      }
      const { opt } = payload as { opt: Sent }
      sent.push(opt)
      const refused = cluster.refusals.findIndex(({ method }) => method === (opt.method ?? 'get'))
      if (refused >= 0) return Promise.reject(cluster.refusals.splice(refused, 1)[0]?.error)
      return Promise.resolve(answer())
    },
  }
  return { registry, sent, growls, loaded }
}

function cluster(status: RegistryStatus = {}): Cluster {
  return { version: 7, generation: 2, status, refusals: [] }
}

function issued(status: 'True' | 'False', reason: string, message: string): RegistryStatus['conditions'] {
  return [{ type: 'CredentialIssued', status, reason, message, lastTransitionTime: start.toISOString() }]
}

const patched = (sent: readonly Sent[]): unknown[] =>
  sent.filter(({ method }) => method === 'patch').map(({ data }) => data)

describe('refresh now', () => {
  beforeEach(() => jest.useFakeTimers({ now: start }))
  afterEach(() => jest.useRealTimers())

  it('asks by annotation, says that it asked, and tells the new end', async () => {
    const there = cluster()
    const { registry, sent, growls, loaded } = registryIn(there)
    const done = askForRefresh([registry], translate)
    await jest.advanceTimersByTimeAsync(100)
    expect(sent).toEqual([
      {
        url: '/v1/tokenregistries/shop/shop-ecr#update',
        method: 'patch',
        headers: { 'content-type': 'application/merge-patch+json' },
        data: {
          metadata: { annotations: { 'tokenregistries.io/refresh-requested-at': start.toISOString() } },
        },
      },
    ])
    expect(growls).toEqual([
      { kind: 'info', data: { title: 'shop-ecr', message: 'The server has been asked for a new password.' } },
    ])

    there.status = { lastHandledRefreshRequest: 'another' }
    await jest.advanceTimersByTimeAsync(5000)
    expect(growls).toHaveLength(1)

    there.status = {
      lastHandledRefreshRequest: start.toISOString(),
      conditions: issued('True', 'Issued', 'issued'),
      expiresAt: '2026-03-02T00:05:00Z',
    }
    await jest.advanceTimersByTimeAsync(5000)
    await done
    expect(growls[1]).toEqual({
      kind: 'success',
      data: { title: 'shop-ecr', message: 'A new password was issued. It ends in 12 h.' },
    })
    expect(loaded.length).toBeGreaterThan(1)
    expect(jest.getTimerCount()).toBe(0)
  })

  it('tells a failure with its meaning and in the words of the server', async () => {
    const conditions = issued('False', 'AccessDenied', 'spec.provider.ecr: AccessDeniedException')
    const { registry, growls } = registryIn(
      cluster({ lastHandledRefreshRequest: start.toISOString(), conditions }),
    )
    const done = askForRefresh([registry], translate)
    await jest.advanceTimersByTimeAsync(1000)
    await done
    expect(growls[1]).toEqual({
      kind: 'error',
      data: {
        title: 'shop-ecr',
        message:
          'The identity is known, but it may not do this. Give it the missing right. spec.provider.ecr: AccessDeniedException',
      },
    })
  })

  it('says so when the server has not answered within a minute, and stops asking', async () => {
    const { registry, growls, sent } = registryIn(cluster())
    const done = askForRefresh([registry], translate)
    await jest.advanceTimersByTimeAsync(60_000)
    await done
    expect(growls[1]?.kind).toBe('warning')
    expect(growls[1]?.data['message']).toContain('has not answered within a minute')
    const asked = sent.length
    await jest.advanceTimersByTimeAsync(600_000)
    expect(sent).toHaveLength(asked)
  })

  it('goes on after a request that failed, and stops when the object is gone', async () => {
    const there = cluster()
    there.refusals.push(
      { method: 'get', error: { _status: 503 } },
      { method: 'get', error: { _status: 404 } },
    )
    const { registry, sent } = registryIn(there)
    const done = askForRefresh([registry], translate)
    await jest.advanceTimersByTimeAsync(20_000)
    await done
    expect(sent.filter(({ method }) => method === undefined)).toHaveLength(2)
  })

  it('shows what a refusal says, for that one alone', async () => {
    const error = { _status: 403, message: 'not allowed' }
    const denied = cluster()
    denied.refusals.push({ method: 'patch', error })
    const first = registryIn(denied, 'a')
    const answered = {
      lastHandledRefreshRequest: start.toISOString(),
      conditions: issued('True', 'Issued', ''),
    }
    const second = registryIn(cluster(answered), 'b')
    const done = askForRefresh([first.registry, second.registry], translate)
    await jest.advanceTimersByTimeAsync(1000)
    await done
    expect(first.growls).toEqual([{ kind: 'fromError', data: { title: 'a: refused', err: error } }])
    expect(first.sent).toHaveLength(1)
    expect(second.growls.map(({ kind }) => kind)).toEqual(['info', 'success'])
  })

  const done = { lastHandledRefreshRequest: start.toISOString(), conditions: issued('True', 'Issued', '') }

  async function refreshAll(registries: readonly ReturnType<typeof registryIn>[], waitMs: number) {
    const all = askForRefresh(
      registries.map(({ registry }) => registry),
      translate,
    )
    await jest.advanceTimersByTimeAsync(waitMs)
    const told = (): unknown[] =>
      registries.flatMap(({ growls }) => growls).map(({ data }) => [data['title'], data['message']])
    return { all, told }
  }

  it('of a few is told for each when it comes, whatever the others do', async () => {
    const few = [registryIn(cluster(done), 'a'), registryIn(cluster(), 'b')]
    const { all, told } = await refreshAll(few, 1000)
    expect(told()).toEqual([
      ['2 registries', 'The server has been asked for new passwords.'],
      ['a', 'A new password was issued. It states no end.'],
    ])
    await jest.advanceTimersByTimeAsync(60_000)
    await all
    expect(told()).toHaveLength(3)
  })

  it('of many is summed up', async () => {
    const { all, told } = await refreshAll(
      ['a', 'b', 'c', 'd'].map((name) => registryIn(cluster(done), name)),
      1000,
    )
    await all
    expect(told()).toEqual([
      ['4 registries', 'The server has been asked for new passwords.'],
      ['4 registries', '4 new passwords were issued.'],
    ])
  })

  it('that nobody answered is told once', async () => {
    const { all, told } = await refreshAll(
      ['a', 'b', 'c', 'd'].map((name) => registryIn(cluster(), name)),
      61_000,
    )
    await all
    expect(told()).toEqual([
      ['4 registries', 'The server has been asked for new passwords.'],
      ['4 registries', expect.stringContaining('has not answered within a minute')],
    ])
  })

  it('of a hundred has a few requests under way at once', async () => {
    let now = 0
    let most = 0
    const slowly = async (answer: () => Promise<unknown>): Promise<unknown> => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 100))
      now -= 1
      return answer()
    }
    const all = Array.from({ length: 100 }, (_, index) => {
      const { registry, sent } = registryIn(cluster(done), String(index))
      const $dispatch: ActingRegistry['$dispatch'] = (action, payload, options) =>
        action === 'request'
          ? slowly(() => registry.$dispatch(action, payload, options))
          : registry.$dispatch(action, payload, options)
      return { registry: { ...registry, $dispatch }, sent }
    })
    const told = askForRefresh(
      all.map(({ registry }) => registry),
      translate,
    )
    await jest.advanceTimersByTimeAsync(10_000)
    await told
    expect(most).toBe(8)
    expect(all.flatMap(({ sent }) => patched(sent))).toHaveLength(100)
  })
})

describe('suspend and resume', () => {
  beforeEach(() => jest.useFakeTimers({ now: start }))
  afterEach(() => jest.useRealTimers())

  async function suspended(registry: ActingRegistry, suspend: boolean, waitMs = 1000): Promise<void> {
    const done = setSuspended([registry], suspend, translate)
    await jest.advanceTimersByTimeAsync(waitMs)
    await done
  }

  it('change one field, of the version that is there now', async () => {
    const there = cluster({ observedGeneration: 2 })
    const { registry, sent, growls } = registryIn(there)
    there.version = 8
    await suspended(registry, true)
    expect(patched(sent)).toEqual([{ metadata: { resourceVersion: '8' }, spec: { suspend: true } }])
    const message = 'Suspended. What was written works until it expires.'
    expect(growls).toEqual([{ kind: 'success', data: { title: 'shop-ecr', message } }])
    await suspended(registry, false)
    expect(patched(sent)[1]).toEqual({ metadata: { resourceVersion: '8' }, spec: { suspend: false } })
  })

  it('show the object until the server has taken note', async () => {
    const there = cluster({ observedGeneration: 1 })
    const { registry, growls, loaded } = registryIn(there)
    const done = setSuspended([registry], true, translate)
    await jest.advanceTimersByTimeAsync(2000)
    expect(growls).toEqual([])
    there.status = { observedGeneration: 2 }
    await jest.advanceTimersByTimeAsync(3000)
    await done
    expect(growls).toHaveLength(1)
    expect(loaded[loaded.length - 1]).toMatchObject({ data: { status: { observedGeneration: 2 } } })
  })

  it('do not wait for a server that is down', async () => {
    const { registry, growls } = registryIn(cluster())
    await suspended(registry, true, 10_000)
    expect(growls.map(({ kind }) => kind)).toEqual(['success'])
    expect(jest.getTimerCount()).toBe(0)
  })

  it('do not overwrite what somebody else changes at that moment', async () => {
    const there = cluster()
    const { registry, sent, growls } = registryIn(there)
    const error = { _status: 409, message: 'conflict' }
    there.refusals.push({ method: 'patch', error })
    await suspended(registry, true)
    expect(patched(sent)).toHaveLength(1)
    expect(growls).toEqual([{ kind: 'fromError', data: { title: 'shop-ecr: refused', err: error } }])
  })

  it('put nothing into the store for a page that has moved on', async () => {
    const { registry, loaded } = registryIn(cluster({ observedGeneration: 2 }))
    await suspended({ ...registry, $getters: { byId: () => undefined } }, true)
    expect(loaded).toEqual([])
  })
})
