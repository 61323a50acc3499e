import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  answerProblem,
  decideCredential,
  dueAt,
  isFromFuture,
  isLive,
  issueRank,
  type CredentialWorld,
} from './decide.ts'
import { errorCodes } from './errors.ts'
import { aCredential, after, hour, minute, noon, second } from './test-objects.ts'

const gap = 30 * second

function world(over: Partial<CredentialWorld> = {}): CredentialWorld {
  return {
    credential: undefined,
    intervalMs: undefined,
    jitterKey: 'identity',
    attempts: 0,
    lastFailure: undefined,
    lastCallAt: undefined,
    callRunning: false,
    suspended: false,
    refreshRequested: false,
    backoff: { minMs: 15 * second, maxMs: 15 * minute },
    minCallIntervalMs: gap,
    ...over,
  }
}

const failure = { time: noon, code: 'Unavailable', message: 'down' } as const

function waitUntil(given: CredentialWorld, now: Date): Date {
  const decision = decideCredential(given, now)
  assert.equal(decision.action, 'wait')
  return decision.until
}

test('a registry without a credential asks at once', () => {
  assert.equal(decideCredential(world(), noon).action, 'fetch')
})

test('a fresh credential waits for its due time and asks exactly then', () => {
  const fresh = world({ credential: aCredential(), lastCallAt: noon })
  const due = dueAt(fresh, aCredential())
  assert.ok(due)
  assert.deepEqual(decideCredential(fresh, after(-1, due)), { action: 'wait', until: due })
  assert.equal(decideCredential(fresh, due).action, 'fetch')
})

test('an expired credential asks, too', () => {
  assert.equal(decideCredential(world({ credential: aCredential() }), after(48 * hour)).action, 'fetch')
})

test('suspension stops everything, also what was asked for by hand', () => {
  const all = { refreshRequested: true, lastFailure: failure, attempts: 3, callRunning: true }
  assert.deepEqual(decideCredential(world({ ...all, suspended: true }), after(48 * hour)), {
    action: 'rest',
    because: 'suspended',
  })
})

test('while a call runs nothing else is asked, whatever the reasons', () => {
  const given = world({ callRunning: true, refreshRequested: true })
  assert.equal(decideCredential(given, after(48 * hour)).action, 'rest')
})

test('a failed try is repeated after its back-off, although the credential still lives', () => {
  const failed = world({ credential: aCredential(), lastFailure: failure, attempts: 1, lastCallAt: noon })
  const until = waitUntil({ ...failed, minCallIntervalMs: 0 }, noon)
  assert.ok(until >= after(12 * second) && until <= after(15 * second), until.toISOString())
  assert.equal(decideCredential({ ...failed, minCallIntervalMs: 0 }, until).action, 'fetch')
})

test('the back-off grows with the attempts and is the same after a restart', () => {
  const waits = [1, 2, 3, 4, 7, 8].map(
    (attempts) => waitUntil(world({ lastFailure: failure, attempts }), noon).getTime() - noon.getTime(),
  )
  for (const [index, full] of [15, 30, 60, 120, 900, 900].entries()) {
    const wait = waits[index] ?? 0
    assert.ok(wait <= full * second && wait >= 0.8 * full * second, `${wait} of ${full} s`)
  }
  assert.deepEqual(
    waitUntil(world({ lastFailure: { ...failure }, attempts: 3 }), after(second)),
    waitUntil(world({ lastFailure: failure, attempts: 3 }), noon),
  )
})

test('identities that fail together do not all try again together', () => {
  const keys = Array.from({ length: 100 }, (_, i) => `${String.fromCodePoint(65 + (i % 26))}${'x'.repeat(i)}`)
  const waits = keys.map((jitterKey) =>
    waitUntil(world({ lastFailure: failure, attempts: 7, jitterKey }), noon).getTime(),
  )
  assert.ok(new Set(waits).size >= 5, `${new Set(waits).size} different times`)
})

test('a failure without a count of attempts counts as the first', () => {
  const until = waitUntil(world({ lastFailure: failure, attempts: 0 }), noon)
  assert.ok(until >= after(12 * second), until.toISOString())
})

test('what upstream asked to wait is waited, even beyond the longest back-off', () => {
  const asked = world({ lastFailure: { ...failure, retryAfterMs: 0.5 * hour }, attempts: 1 })
  assert.deepEqual(waitUntil(asked, noon), after(0.5 * hour))
})

test('no wish of upstream is waited for longer than an hour', () => {
  const asked = world({ lastFailure: { ...failure, retryAfterMs: 200 * hour }, attempts: 1 })
  assert.deepEqual(waitUntil(asked, noon), after(hour))
})

test('a refresh request passes the back-off and the due time', () => {
  const lastCallAt = after(-gap)
  const failed = world({ lastFailure: failure, attempts: 8, refreshRequested: true, lastCallAt })
  assert.equal(decideCredential(failed, noon).action, 'fetch')
  const fresh = world({ credential: aCredential(), refreshRequested: true, lastCallAt })
  assert.equal(decideCredential(fresh, noon).action, 'fetch')
})

test('a refresh request does not pass the 30 s between two calls', () => {
  const given = world({ credential: aCredential(), refreshRequested: true, lastCallAt: noon })
  assert.deepEqual(waitUntil(given, after(gap - 1)), after(gap))
  assert.equal(decideCredential(given, after(gap)).action, 'fetch')
})

test('neither a short back-off nor a due time passes the 30 s between two calls', () => {
  const failed = world({ lastFailure: failure, attempts: 1, lastCallAt: noon })
  assert.deepEqual(waitUntil(failed, noon), after(gap))
  const short = aCredential({ expiresAt: after(8 * second) })
  assert.deepEqual(waitUntil(world({ credential: short, lastCallAt: noon }), noon), after(gap))
  assert.deepEqual(waitUntil(world({ lastCallAt: noon }), noon), after(gap))
})

test('a credential that states no end rests without an interval and is refreshed with one', () => {
  const endless = aCredential({ expiresAt: null })
  assert.equal(decideCredential(world({ credential: endless }), after(1000 * hour)).action, 'rest')
  const given = world({ credential: endless, intervalMs: hour })
  assert.ok(waitUntil(given, noon) <= after(hour))
  assert.equal(decideCredential(given, after(hour)).action, 'fetch')
})

// A clock that was far ahead, and was put right.

test('a credential that was issued in the future asks at once, since its end is as wrong', () => {
  const ahead = aCredential({ issuedAt: after(13 * hour), expiresAt: after(25 * hour) })
  assert.equal(decideCredential(world({ credential: ahead }), noon).action, 'fetch')
  const unending = aCredential({ issuedAt: after(13 * hour), expiresAt: null })
  assert.equal(decideCredential(world({ credential: unending }), noon).action, 'fetch')
})

test('calls and failures of the future hold nothing up', () => {
  const credential = aCredential({ issuedAt: after(-11 * hour), expiresAt: after(hour) })
  const given = world({ credential, lastCallAt: after(13 * hour) })
  assert.equal(decideCredential(given, noon).action, 'fetch')
  const failed = world({ lastFailure: { ...failure, time: after(13 * hour) }, attempts: 5 })
  assert.equal(decideCredential(failed, noon).action, 'fetch')
})

test('clocks of replicas may differ by minutes without a call', () => {
  const ahead = aCredential({ issuedAt: after(4 * minute), expiresAt: after(12 * hour) })
  assert.equal(decideCredential(world({ credential: ahead }), noon).action, 'wait')
  assert.equal(isFromFuture(after(5 * minute), noon), false)
  assert.equal(isFromFuture(after(5 * minute + 1), noon), true)
})

test('what claims to be from the future counts as older than anything else, but as more than nothing', () => {
  const ranked = [undefined, after(13 * hour), after(-hour), noon].map((time) => issueRank(time, noon))
  assert.deepEqual(
    ranked,
    ranked.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(ranked).size, 4)
})

// Any world at all, as seen at noon by clocks that agree as clocks do.

const times = fc
  .oneof(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -300, max: 200_000 }))
  .map((seconds) => after(-seconds * second))
const worlds: fc.Arbitrary<CredentialWorld> = fc.record({
  credential: fc.option(
    fc
      .record({ issuedAt: times, lifeMs: fc.option(fc.integer({ min: 0, max: 40 * 24 * hour })) })
      .map(({ issuedAt, lifeMs }) =>
        aCredential({ issuedAt, expiresAt: lifeMs === null ? null : after(lifeMs, issuedAt) }),
      ),
    { nil: undefined },
  ),
  intervalMs: fc.option(fc.integer({ min: 5 * minute, max: 720 * hour }), { nil: undefined }),
  jitterKey: fc.string(),
  attempts: fc.nat(10_000),
  lastFailure: fc.option(
    fc.record({
      time: times,
      code: fc.constantFrom(...errorCodes),
      message: fc.constant('failed'),
      retryAfterMs: fc.option(fc.nat(24 * hour), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  lastCallAt: fc.option(times, { nil: undefined }),
  callRunning: fc.boolean(),
  suspended: fc.boolean(),
  refreshRequested: fc.boolean(),
  backoff: fc.constant({ minMs: 15 * second, maxMs: 15 * minute }),
  minCallIntervalMs: fc.constant(gap),
})

test('any world: a wait has an end in the future, and at that end upstream is asked', () => {
  fc.assert(
    fc.property(worlds, (given) => {
      const decision = decideCredential(given, noon)
      if (decision.action !== 'wait') return
      assert.ok(decision.until > noon)
      assert.equal(decideCredential(given, decision.until).action, 'fetch')
      assert.equal(decideCredential(given, after(-1, decision.until)).action, 'wait')
    }),
  )
})

test('any world: only suspension, a running call or a credential without due time rest', () => {
  fc.assert(
    fc.property(worlds, (given) => {
      const { action } = decideCredential(given, noon)
      const endless =
        given.credential !== undefined &&
        dueAt(given, given.credential) === undefined &&
        given.lastFailure === undefined &&
        !given.refreshRequested
      assert.equal(action === 'rest', given.suspended || given.callRunning || endless)
    }),
  )
})

test('any world: upstream is never asked within 30 s of the last call', () => {
  fc.assert(
    fc.property(worlds, (given) => {
      if (given.lastCallAt === undefined || noon >= after(gap, given.lastCallAt)) return
      assert.notEqual(decideCredential(given, noon).action, 'fetch')
    }),
  )
})

test('any history of calls: each failure and success leads to a next call, and healthy ones in time', () => {
  const outcome = fc.oneof(
    fc.record({ lifeMs: fc.integer({ min: 90 * second, max: 13 * hour }) }),
    fc.record({ retryAfterMs: fc.option(fc.nat(hour), { nil: undefined }) }),
  )
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 30 }), fc.string(), (outcomes, jitterKey) => {
      let state = world({ jitterKey })
      let now = noon
      for (const result of outcomes) {
        const decision = decideCredential(state, now)
        assert.notEqual(decision.action, 'rest')
        if (decision.action === 'wait') now = decision.until
        const { credential } = state
        if (credential !== undefined && state.lastFailure === undefined)
          assert.ok(isLive(credential, now), 'the credential ended before it was refreshed')
        assert.equal(decideCredential(state, now).action, 'fetch')
        state =
          'lifeMs' in result
            ? {
                ...state,
                credential: aCredential({ issuedAt: now, expiresAt: after(result.lifeMs, now) }),
                lastFailure: undefined,
                attempts: 0,
                lastCallAt: now,
              }
            : {
                ...state,
                lastFailure: { ...failure, time: now, retryAfterMs: result.retryAfterMs },
                attempts: state.attempts + 1,
                lastCallAt: now,
              }
      }
    }),
  )
})

// Answers.

test('a credential is live before its end and dead from that moment on', () => {
  assert.equal(isLive({ expiresAt: after(1) }, noon), true)
  assert.equal(isLive({ expiresAt: noon }, noon), false)
  assert.equal(isLive({ expiresAt: null }, noon), true)
  assert.equal(isLive(undefined, noon), false)
})

const answers: [string, Parameters<typeof answerProblem>, RegExp | undefined][] = [
  ['the first one', [aCredential(), undefined, noon], undefined],
  ['one that has already ended', [aCredential({ expiresAt: noon }), undefined, noon], /already expired/],
  ['one that lives longer', [aCredential({ expiresAt: after(13 * hour) }), aCredential(), noon], undefined],
  ['the same end again', [aCredential(), aCredential(), noon], /does not live longer/],
  ['an earlier end', [aCredential({ expiresAt: after(hour) }), aCredential(), noon], /does not live longer/],
  [
    'an earlier end than that of a dead one',
    [aCredential({ expiresAt: after(2 * hour) }), aCredential({ expiresAt: noon }), noon],
    undefined,
  ],
  [
    'an earlier end than one that was noted by a clock far ahead',
    [aCredential(), aCredential({ issuedAt: after(13 * hour), expiresAt: after(25 * hour) }), noon],
    undefined,
  ],
  ['no end after one with an end', [aCredential({ expiresAt: null }), aCredential(), noon], undefined],
  ['an end after one without', [aCredential(), aCredential({ expiresAt: null }), noon], undefined],
]
for (const [what, given, expected] of answers) {
  test(`an answer is ${expected === undefined ? 'taken' : 'refused'}: ${what}`, () => {
    const problem = answerProblem(...given)
    if (expected === undefined) assert.equal(problem, undefined)
    else assert.match(problem ?? '', expected)
  })
}
