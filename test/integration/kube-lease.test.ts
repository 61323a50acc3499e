// Leader election on a real Lease, with replicas that go, fall silent and come back.
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { microTime } from '../../server/kube/lease-record.ts'
import { LeaderElector } from '../../server/kube/lease.ts'
import { leasePath } from '../../server/kube/paths.ts'
import type { Lease } from '../../server/kube/types.ts'
import type { TcpProxy } from '../fakes/tcp-proxy.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { clientThroughProxy, MemoryLogger, namespace, prepareAccount, until } from './kube-harness.ts'

interface Replica {
  elector: LeaderElector
  proxy: TcpProxy
  /** What happened: `acquired`, `lost: <reason>`. */
  history: string[]
  /** Methods of its requests so far. */
  requests: string[]
}

suite('leader election', { timeout: 600_000 }, () => {
  let plane: ControlPlane
  let token: string

  before(async () => {
    plane = await startControlPlane()
    token = await prepareAccount(plane, 'elector')
  })
  after(() => plane.stop())

  /** Timings long enough for a loaded machine, short enough for a test. */
  const timings = { leaseDurationMs: 4000, renewDeadlineMs: 3000, retryPeriodMs: 500 }

  /** Far longer than any wait of a test: what happens within it does not happen because a time was over. */
  const patient = { leaseDurationMs: 900_000, renewDeadlineMs: 600_000, retryPeriodMs: 300_000 }

  async function replica(
    t: TestContext,
    name: string,
    identity: string,
    times: typeof timings = timings,
  ): Promise<Replica> {
    const requests: string[] = []
    const { client, proxy } = await clientThroughProxy(plane, token, {
      onRequest: ({ method }) => requests.push(method),
    })
    const history: string[] = []
    const elector = new LeaderElector({
      client,
      namespace,
      name,
      identity,
      ...times,
      onAcquired: () => history.push('acquired'),
      onLost: (reason) => history.push(`lost: ${reason}`),
      logger: new MemoryLogger(),
    })
    t.after(async () => {
      await elector.release()
      await client.close()
      await proxy.stop()
    })
    return { elector, proxy, history, requests }
  }

  const read = (name: string) => plane.admin.get<Lease>(leasePath(namespace, name))

  /** Two replicas of which the first leads and the second stands by, watching. */
  async function pair(
    t: TestContext,
    name: string,
    times = timings,
  ): Promise<{ first: Replica; second: Replica }> {
    const first = await replica(t, name, 'first', times)
    const second = await replica(t, name, 'second', times)
    first.elector.start()
    await until('the first leads', () => first.elector.isLeader())
    second.elector.start()
    await until('the second stands by', () => second.requests.includes('WATCH'))
    assert.equal(second.elector.isLeader(), false)
    return { first, second }
  }

  test('makes one of two the leader, and both know which', async (t) => {
    const one = await replica(t, 'race', 'one')
    const two = await replica(t, 'race', 'two')
    one.elector.start()
    two.elector.start()
    const leader = await until('one leads', () =>
      one.elector.isLeader() ? one : two.elector.isLeader() ? two : undefined,
    )
    const other = leader === one ? two : one
    await until('the other knows', () => other.elector.leader() === leader.elector.leader())
    assert.equal(other.elector.isLeader(), false)
    assert.deepEqual([leader.history, other.history], [['acquired'], []])
    const { spec } = await read('race')
    assert.equal(spec?.holderIdentity, leader.elector.leader())
    assert.equal(spec?.leaseDurationSeconds, 4)
    assert.match(spec?.renewTime ?? '', /\.\d{6}Z$/)
  })

  test('renews with one request per period, and a standby sends nothing', async (t) => {
    const { first, second } = await pair(t, 'quiet')
    const { renewTime } = (await read('quiet')).spec ?? {}
    first.requests.length = 0
    const waiting = second.requests.length
    await until('it renewed five times', () => first.requests.length >= 5)
    assert.deepEqual([...new Set(first.requests)], ['PUT'])
    assert.deepEqual(second.requests.slice(waiting), [])
    const { spec } = await read('quiet')
    assert.notEqual(spec?.renewTime, renewTime)
    assert.equal(spec?.leaseTransitions, 0)
  })

  test('hands over at once when the leader releases', async (t) => {
    const { first, second } = await pair(t, 'release', patient)
    await first.elector.release()
    assert.equal(first.elector.isLeader(), false)
    const released = await until('the second leads', () => second.elector.isLeader() && read('release'))
    assert.equal(released.spec?.holderIdentity, 'second')
    assert.equal(released.spec?.leaseTransitions, 1)
    assert.deepEqual([first.history, second.history], [['acquired'], ['acquired']])
  })

  test('a leader that is cut off stops by itself, before another takes over', async (t) => {
    const { first, second } = await pair(t, 'cut-off')
    first.proxy.blackhole()
    // Whenever the second leads, the first must not: checked at every look.
    await until('the second leads', () => {
      const both = [first.elector.isLeader(), second.elector.isLeader()]
      assert.notDeepEqual(both, [true, true])
      return both[1]
    })
    assert.deepEqual(first.history, ['acquired', 'lost: it could not be renewed in time'])
    first.proxy.cut()
    first.proxy.heal()
    await until('the first knows its successor', () => first.elector.leader() === 'second')
    assert.equal(first.elector.isLeader(), false)
    assert.equal((await read('cut-off')).spec?.leaseTransitions, 1)
  })

  test('a leader whose process stood still is none when it wakes', async (t) => {
    const { first, second } = await pair(t, 'frozen')
    first.proxy.blackhole()
    assert.equal(first.elector.isLeader(), true)
    // The event loop stands still, as a stopped process does: no timer of the elector runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timings.renewDeadlineMs)
    assert.equal(first.elector.isLeader(), false)
    await until('the second leads', () => second.elector.isLeader())
  })

  test('a leader that finds another in the lease steps down, and competes again', async (t) => {
    const { first, second } = await pair(t, 'stolen')
    await second.elector.release()
    const lease = await until('the lease is written over', async () => {
      const { metadata, spec } = await read('stolen')
      const stolen = {
        ...spec,
        holderIdentity: 'thief',
        renewTime: microTime(new Date()),
        leaseTransitions: 9,
      }
      const answer = await plane.admin.request<Lease>('PUT', leasePath(namespace, 'stolen'), {
        metadata,
        spec: stolen,
      })
      return answer.status === 200 && answer.body
    })
    assert.equal(lease.spec?.holderIdentity, 'thief')
    await until('the first steps down', () => first.history.length === 2)
    assert.deepEqual(first.history, ['acquired', 'lost: the lease is held by thief'])
    await until('the first takes it back when the thief is silent', () => first.elector.isLeader())
    assert.equal((await read('stolen')).spec?.leaseTransitions, 10)
  })

  test('goes on after somebody annotated or deleted the lease', async (t) => {
    const { first } = await pair(t, 'edited')
    await plane.admin.patch(leasePath(namespace, 'edited'), { metadata: { annotations: { note: 'x' } } })
    first.requests.length = 0
    await until('it renewed', () => first.requests.filter((method) => method === 'PUT').length >= 3)
    assert.deepEqual(first.history, ['acquired'])
    assert.deepEqual((await read('edited')).metadata.annotations, { note: 'x' })
    await plane.admin.delete(leasePath(namespace, 'edited'))
    await until('there is a lease again', async () => {
      return (await plane.admin.request('GET', leasePath(namespace, 'edited'))).status === 200
    })
  })

  test('goes on over a restart of the API server that is shorter than the deadline or longer', async (t) => {
    const { first, second } = await pair(t, 'restart')
    await plane.restartApiServer()
    const leader = await until('one leads', () => [first, second].find(({ elector }) => elector.isLeader()))
    const other = leader === first ? second : first
    await until('the other follows', () => other.elector.leader() === leader.elector.leader())
    assert.equal((await read('restart')).spec?.holderIdentity, leader.elector.leader())
  })

  test('a released elector that was cut off gives up without an error', async (t) => {
    const alone = await replica(t, 'alone', 'alone')
    alone.elector.start()
    await until('it leads', () => alone.elector.isLeader())
    await alone.proxy.refuse()
    await alone.elector.release()
    assert.equal(alone.elector.isLeader(), false)
  })
})
