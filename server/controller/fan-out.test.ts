import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { FanOut, priority } from './fan-out.ts'

/** Everything that can happen without time passing has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** A queue whose work ends, and whose time passes, only when a test says so. */
function bench(t: TestContext, over: { workers?: number; budgetPerSecond?: number } = {}) {
  let nowMs = 1000
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => nowMs)
  const started: string[] = []
  const errors: [string, unknown][] = []
  const running = new Map<string, PromiseWithResolvers<void>>()
  const queue = new FanOut<string>({
    workers: over.workers ?? 1,
    budgetPerSecond: over.budgetPerSecond ?? 1000,
    run: (key) => {
      assert.ok(!running.has(key), `${key} runs twice at once`)
      started.push(key)
      const end = Promise.withResolvers<void>()
      running.set(key, end)
      return end.promise
    },
    onError: (key, error) => errors.push([key, error]),
  })
  return {
    queue,
    started,
    errors,
    running,
    async end(key: string, error?: Error): Promise<void> {
      const end = running.get(key)
      running.delete(key)
      if (error === undefined) end?.resolve()
      else end?.reject(error)
      await settled()
    },
    async endAll(): Promise<void> {
      for (const [key] of running) await this.end(key)
    },
    async pass(ms: number): Promise<void> {
      for (let i = 0; i < ms; i++) {
        nowMs += 1
        t.mock.timers.tick(1)
        await this.endAll()
      }
    },
  }
}

test('missing goes before drift and drift before refresh, each in the order of its coming', async (t) => {
  const b = bench(t)
  b.queue.add('first', priority.refresh)
  b.queue.add('refresh-1', priority.refresh)
  b.queue.add('drift-1', priority.drift)
  b.queue.add('missing-1', priority.missing)
  b.queue.add('drift-2', priority.drift)
  b.queue.add('missing-2', priority.missing)
  b.queue.add('refresh-2', priority.refresh)
  await b.endAll()
  const rest = ['missing-1', 'missing-2', 'drift-1', 'drift-2', 'refresh-1', 'refresh-2']
  assert.deepEqual(b.started, ['first', ...rest])
})

test('no more run at once than there are workers', async (t) => {
  const b = bench(t, { workers: 3 })
  for (const key of ['a', 'b', 'c', 'd', 'e']) b.queue.add(key, priority.missing)
  assert.deepEqual([...b.running.keys()], ['a', 'b', 'c'])
  assert.equal(b.queue.depth, 2)
  await b.end('b')
  assert.deepEqual([...b.running.keys()], ['a', 'c', 'd'])
})

test('a key that waits already is not run twice', async (t) => {
  const b = bench(t)
  b.queue.add('busy', priority.missing)
  for (const level of [priority.refresh, priority.drift, priority.refresh, priority.drift])
    b.queue.add('key', level)
  assert.equal(b.queue.depth, 1)
  await b.endAll()
  assert.deepEqual(b.started, ['busy', 'key'])
})

test('a key that is added again keeps its place', async (t) => {
  const b = bench(t)
  for (const key of ['busy', 'first', 'second', 'first']) b.queue.add(key, priority.drift)
  await b.endAll()
  assert.deepEqual(b.started, ['busy', 'first', 'second'])
})

test('a key that waits is raised by a more urgent reason, and never lowered', async (t) => {
  const b = bench(t)
  b.queue.add('busy', priority.missing)
  b.queue.add('raised', priority.refresh)
  b.queue.add('kept', priority.missing)
  b.queue.add('drift', priority.drift)
  b.queue.add('raised', priority.missing)
  b.queue.add('kept', priority.refresh)
  await b.endAll()
  assert.deepEqual(b.started, ['busy', 'kept', 'raised', 'drift'])
})

test('a key that is added while it runs is run once more afterwards, however often it was added', async (t) => {
  const b = bench(t, { workers: 2 })
  b.queue.add('key', priority.missing)
  b.queue.add('key', priority.drift)
  b.queue.add('key', priority.drift)
  assert.deepEqual(b.started, ['key'])
  await b.end('key')
  assert.deepEqual(b.started, ['key', 'key'])
  await b.end('key')
  assert.deepEqual(b.started, ['key', 'key'])
})

test('a key that is run once more keeps the most urgent of its reasons', async (t) => {
  const b = bench(t)
  b.queue.add('key', priority.missing)
  b.queue.add('key', priority.missing)
  b.queue.add('key', priority.refresh)
  b.queue.add('drift', priority.drift)
  await b.end('key')
  assert.deepEqual(b.started, ['key', 'key'])
})

test('a key whose work fails is told, and neither its worker nor the others are lost', async (t) => {
  const b = bench(t)
  const error = new Error('quota')
  b.queue.add('bad', priority.missing)
  b.queue.add('good', priority.missing)
  b.queue.add('bad', priority.missing)
  await b.end('bad', error)
  assert.deepEqual(b.errors, [['bad', error]])
  assert.deepEqual(b.started, ['bad', 'good'])
  await b.endAll()
  assert.deepEqual(b.started, ['bad', 'good', 'bad'])
})

// The budget.

function addMany(queue: FanOut<string>, name: string, count: number, level: 0 | 1 | 2): void {
  for (let i = 0; i < count; i++) queue.add(`${name}-${i}`, level)
}

test('refreshes begin with a quarter second of the budget and then keep to it', async (t) => {
  const b = bench(t, { workers: 50, budgetPerSecond: 100 })
  addMany(b.queue, 'refresh', 200, priority.refresh)
  await b.endAll()
  assert.equal(b.started.length, 25)
  await b.pass(1000)
  assert.ok(b.started.length >= 115 && b.started.length <= 125, `${b.started.length} after a second`)
  await b.pass(1000)
  assert.equal(b.started.length, 200)
})

test('missing and drifted Secrets neither wait for the budget nor use it up', async (t) => {
  const b = bench(t, { workers: 500, budgetPerSecond: 100 })
  addMany(b.queue, 'missing', 200, priority.missing)
  addMany(b.queue, 'drift', 100, priority.drift)
  assert.equal(b.started.length, 300)
  addMany(b.queue, 'refresh', 100, priority.refresh)
  assert.equal(b.started.length, 325)
  b.queue.add('late', priority.missing)
  assert.equal(b.started.at(-1), 'late')
})

test('an idle time does not save up more than a quarter second of the budget', async (t) => {
  const b = bench(t, { workers: 500, budgetPerSecond: 100 })
  await b.pass(5000)
  addMany(b.queue, 'refresh', 200, priority.refresh)
  assert.equal(b.started.length, 25)
})

test('a budget of less than four in a second still lets one after another through', async (t) => {
  const b = bench(t, { workers: 10, budgetPerSecond: 2 })
  addMany(b.queue, 'refresh', 4, priority.refresh)
  await b.pass(2500)
  assert.equal(b.started.length, 4)
})

test('without a budget refreshes run at once, also when no time passes between them', async (t) => {
  const b = bench(t, { workers: 2, budgetPerSecond: Infinity })
  addMany(b.queue, 'refresh', 100, priority.refresh)
  await b.endAll()
  assert.equal(b.started.length, 100)
})

// Figures and the end.

test('depth and age tell of what waits, and the age of a raised key goes on', async (t) => {
  const b = bench(t)
  assert.equal(b.queue.oldestSeconds, 0)
  b.queue.add('busy', priority.missing)
  b.queue.add('key', priority.drift)
  t.mock.method(performance, 'now', () => 4000)
  b.queue.add('key', priority.missing)
  assert.equal(b.queue.depth, 1)
  assert.equal(b.queue.oldestSeconds, 3)
})

test('a stop drops what waits, lets what runs end, and takes nothing more', async (t) => {
  const b = bench(t, { budgetPerSecond: 1 })
  b.queue.add('running', priority.missing)
  b.queue.add('running', priority.missing)
  b.queue.add('waiting', priority.missing)
  addMany(b.queue, 'refresh', 5, priority.refresh)
  b.queue.stop()
  b.queue.add('late', priority.missing)
  assert.equal(b.queue.depth, 0)
  let drained = false
  const end = b.queue.drained().then(() => (drained = true))
  await b.pass(0)
  assert.equal(drained, false)
  await b.pass(5000)
  await end
  assert.deepEqual(b.started, ['running'])
})
