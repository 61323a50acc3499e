import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Clock } from './clock.ts'
import { day, hour, minute, noon, second } from './test-objects.ts'

/** A machine: time passes on both clocks, and the wall clock can be set. */
function machine() {
  let wall = noon.getTime()
  let monotonic = 5_000
  const clock = new Clock({ wallMs: () => wall, monotonicMs: () => monotonic })
  return {
    clock,
    pass(ms: number): void {
      wall += ms
      monotonic += ms
    },
    /** The machine sleeps: the monotonic clock stands still. */
    sleep(ms: number): void {
      wall += ms
    },
    set(ms: number): void {
      wall += ms
    },
    sinceNoon: (): number => clock.nowMs() - noon.getTime(),
    wall: (): number => wall,
  }
}

test('time passes as the wall clock says', () => {
  const m = machine()
  m.pass(hour)
  assert.equal(m.sinceNoon(), hour)
  assert.equal(m.clock.now().getTime(), noon.getTime() + hour)
  assert.equal(m.clock.distrusted, false)
})

for (const jump of [13 * hour, -13 * hour]) {
  test(`a jump of ${jump / hour} h is not believed, and time goes on from before`, () => {
    const m = machine()
    m.pass(minute)
    m.set(jump)
    assert.equal(m.sinceNoon(), minute)
    assert.equal(m.clock.distrusted, true)
    m.pass(hour)
    assert.equal(m.sinceNoon(), hour + minute)
    assert.equal(m.clock.distrusted, true)
  })

  test(`a jump of ${jump / hour} h is believed once somebody else agrees with it`, () => {
    const m = machine()
    m.set(jump)
    assert.equal(m.clock.confirm(m.wall() + second), true)
    assert.equal(m.sinceNoon(), jump)
    assert.equal(m.clock.distrusted, false)
    m.pass(minute)
    assert.equal(m.sinceNoon(), jump + minute)
  })

  test(`a jump of ${jump / hour} h is not believed when somebody else contradicts it`, () => {
    const m = machine()
    m.set(jump)
    assert.equal(m.clock.confirm(noon.getTime()), false)
    assert.equal(m.clock.confirm(noon.getTime() + jump / 2), false)
    assert.equal(m.clock.confirm(m.wall() - 31 * second), false) // nearer to the jump, but no agreement
    assert.equal(m.sinceNoon(), 0)
    assert.equal(m.clock.distrusted, true)
  })
}

test('a wall clock that is set back to where it was is trusted again', () => {
  const m = machine()
  m.set(13 * hour)
  assert.equal(m.sinceNoon(), 0)
  m.pass(minute)
  m.set(-13 * hour)
  assert.equal(m.sinceNoon(), minute)
  assert.equal(m.clock.distrusted, false)
})

test('slow corrections by NTP are followed, however far they lead', () => {
  const m = machine()
  for (let i = 0; i < 1000; i++) {
    m.pass(10 * second)
    m.set(100)
    m.clock.nowMs()
  }
  assert.equal(m.sinceNoon(), 1000 * (10 * second + 100))
  assert.equal(m.clock.distrusted, false)
})

test('a correction within the tolerance is followed at once, one beyond it is not', () => {
  const near = machine()
  near.set(2 * second)
  assert.equal(near.sinceNoon(), 2 * second)
  const far = machine()
  far.set(2 * second + 1)
  assert.equal(far.sinceNoon(), 0)
})

test('a machine that slept for a day catches up with the first answer of the API server', () => {
  const m = machine()
  m.sleep(day)
  assert.equal(m.sinceNoon(), 0)
  assert.equal(m.clock.confirm(m.wall() - 900), true) // a Date header has whole seconds
  assert.equal(m.sinceNoon(), day)
})

test('a small jump is confirmed only by who is nearer to it than to the time before', () => {
  const m = machine()
  m.set(10 * second)
  assert.equal(m.clock.confirm(noon.getTime()), false)
  assert.equal(m.clock.confirm(noon.getTime() + 5 * second), false)
  assert.equal(m.clock.confirm(noon.getTime() + 9 * second), true)
})

test('an answer that comes while nothing is in doubt changes nothing', () => {
  const m = machine()
  m.pass(minute)
  assert.equal(m.clock.confirm(noon.getTime() + 13 * hour), false)
  assert.equal(m.clock.confirm(m.wall()), false)
  assert.equal(m.sinceNoon(), minute)
})
