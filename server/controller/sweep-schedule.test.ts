import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { minute } from '../core/test-objects.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SweepSchedule } from './sweep-schedule.ts'
import type { Sweeper } from './sweeper.ts'

const interval = 5 * minute
/** Requests within this time become one pass. */
const soon = 200

/** A sweeper whose passes end only when a test says so. */
function bench(t: TestContext) {
  let nowMs = 1000
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => nowMs)
  const passes: PromiseWithResolvers<number>[] = []
  const warnings: object[] = []
  const pass = (): Promise<number> => {
    const next = Promise.withResolvers<number>()
    passes.push(next)
    return next.promise
  }
  const schedule = new SweepSchedule({
    sweeper: { pass } as Sweeper,
    intervalMs: interval,
    logger: { warn: (fields: object) => warnings.push(fields) } as unknown as Logger,
  })
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  return {
    schedule,
    passes,
    warnings,
    async wait(ms: number): Promise<void> {
      nowMs += ms
      t.mock.timers.tick(ms)
      await settled()
    },
    async end(left: number | Error): Promise<void> {
      const last = passes.at(-1)
      if (typeof left === 'number') last?.resolve(left)
      else last?.reject(left)
      await settled()
    },
  }
}

test('many requests within a moment are one pass', async (t) => {
  const { schedule, passes, wait } = bench(t)
  schedule.soon()
  await wait(100)
  schedule.soon()
  await wait(99)
  assert.equal(passes.length, 0)
  await wait(1)
  assert.equal(passes.length, 1)
  await wait(interval)
  assert.equal(passes.length, 1)
})

test('a pass that leaves nothing is the last one, until somebody asks', async (t) => {
  const { schedule, passes, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  await end(0)
  await wait(10 * interval)
  assert.equal(passes.length, 1)
  schedule.soon()
  await wait(soon)
  assert.equal(passes.length, 2)
})

test('a pass that leaves something is repeated after the interval', async (t) => {
  const { schedule, passes, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  await end(3)
  await wait(interval - 1)
  assert.equal(passes.length, 1)
  await wait(1)
  assert.equal(passes.length, 2)
})

test('a request does not wait for the interval', async (t) => {
  const { schedule, passes, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  await end(3)
  schedule.soon()
  await wait(soon)
  assert.equal(passes.length, 2)
  await end(0)
  await wait(2 * interval)
  assert.equal(passes.length, 2)
})

test('a pass that fails is told and repeated after the interval', async (t) => {
  const { schedule, passes, warnings, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  const error = new Error('no answer')
  await end(error)
  assert.deepEqual(warnings, [{ err: error }])
  await wait(interval)
  assert.equal(passes.length, 2)
})

test('a request during a pass is a pass of its own afterwards, never one beside it', async (t) => {
  const { schedule, passes, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  schedule.soon()
  await wait(soon)
  await wait(soon)
  assert.equal(passes.length, 1)
  await end(0)
  await wait(soon)
  assert.equal(passes.length, 2)
})

test('a stop ends it, also for a pass that runs', async (t) => {
  const { schedule, passes, wait, end } = bench(t)
  schedule.soon()
  await wait(soon)
  const stopped = schedule.stop()
  await end(5)
  await stopped
  schedule.soon()
  await wait(10 * interval)
  assert.equal(passes.length, 1)
})

test('a stop drops what was asked for', async (t) => {
  const { schedule, passes, wait } = bench(t)
  schedule.soon()
  await schedule.stop()
  await wait(interval)
  assert.equal(passes.length, 0)
})
