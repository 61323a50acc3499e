import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryError } from '../core/errors.ts'
import type { HistoryEntry } from '../core/status.ts'
import { after, hour, noon, second } from '../core/test-objects.ts'
import type { IssuedCredential } from '../providers/provider.ts'
import { Identities } from './identities.ts'

function issued(over: Partial<IssuedCredential> = {}): IssuedCredential {
  return { username: 'AWS', password: 'pw', issuedAt: noon, expiresAt: after(12 * hour), ...over }
}

/** An upstream that answers only when a test says so. */
function bench() {
  let now = noon
  const outcomes: HistoryEntry[] = []
  const settled: string[][] = []
  const calls: (PromiseWithResolvers<IssuedCredential> & { signal: AbortSignal })[] = []
  const hooks = { onSettled: (): void => undefined }
  const identities = new Identities({
    now: () => now,
    timeoutMs: 60_000,
    maxCalls: 4,
    onOutcome: (_provider, outcome) => outcomes.push(outcome),
    onSettled: (owners) => {
      settled.push([...owners])
      hooks.onSettled()
    },
  })
  const issue = (signal: AbortSignal): Promise<IssuedCredential> => {
    const call = { ...Promise.withResolvers<IssuedCredential>(), signal }
    calls.push(call)
    return call.promise
  }
  return {
    identities,
    outcomes,
    settled,
    calls,
    hooks,
    issue,
    pass: (ms: number) => (now = after(ms, now)),
    /** One whole call with this answer. */
    async try(state: ReturnType<Identities['bind']>, answer: IssuedCredential | Error): Promise<void> {
      const done = identities.call(state, 'ecr', issue)
      const call = calls.at(-1)
      if (answer instanceof Error) call?.reject(answer)
      else call?.resolve(answer)
      await done
    },
  }
}

const a = 'TokenRegistry/shop/a'
const b = 'TokenRegistry/shop/b'

test('one call serves all owners of a key, and each is told', async () => {
  const { identities, calls, issue, settled } = bench()
  const state = identities.bind(a, 'key')
  assert.equal(identities.bind(b, 'key'), state)
  const done = identities.call(state, 'ecr', issue)
  assert.equal(identities.call(state, 'ecr', issue), done)
  assert.equal(calls.length, 1)
  assert.equal(state.call, done)
  calls[0]?.resolve(issued())
  await done
  assert.deepEqual(settled, [[a, b]])
  assert.equal(identities.of(a)?.credential?.password, 'pw')
  assert.equal(identities.of(b)?.credential, identities.of(a)?.credential)
})

test('another key is another call', async () => {
  const { identities, calls, issue } = bench()
  void identities.call(identities.bind(a, 'key-1'), 'ecr', issue)
  void identities.call(identities.bind(b, 'key-2'), 'ecr', issue)
  assert.equal(calls.length, 2)
})

test('times are cut to whole seconds, as annotations store them', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  await bed.try(state, issued({ issuedAt: after(999), expiresAt: after(hour + 999) }))
  assert.deepEqual(state.credential?.issuedAt, noon)
  assert.deepEqual(state.credential.expiresAt, after(hour))
  await bed.try(identities2(bed), issued({ expiresAt: null, principal: 'arn' }))
  assert.equal(bed.identities.of(b)?.credential?.expiresAt, null)
  assert.equal(bed.identities.of(b)?.credential?.principal, 'arn')
})

function identities2({ identities }: ReturnType<typeof bench>): ReturnType<Identities['bind']> {
  return identities.bind(b, 'key-2')
}

test('a failure keeps the last good credential, counts, and a success forgets it', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  await bed.try(state, issued())
  bed.pass(hour + 400)
  await bed.try(state, new RegistryError('RateLimited', 'slow down', { retryAfterMs: 7000 }))
  await bed.try(state, new RegistryError('Unavailable', 'down'))
  assert.equal(state.attempts, 2)
  assert.equal(state.credential?.password, 'pw')
  assert.deepEqual(state.lastFailure, {
    time: after(hour),
    code: 'Unavailable',
    message: 'down',
    retryAfterMs: undefined,
  })
  await bed.try(state, issued({ password: 'new', expiresAt: after(20 * hour) }))
  assert.equal(state.attempts, 0)
  assert.equal(state.lastFailure, undefined)
  assert.equal(state.credential.password, 'new')
})

test('what upstream asked to wait is waited in full, counted from the second that is stored', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  bed.pass(400)
  await bed.try(state, new RegistryError('RateLimited', 'slow down', { retryAfterMs: 7000 }))
  const { time, retryAfterMs = 0 } = state.lastFailure ?? {}
  assert.ok(time)
  assert.ok(after(retryAfterMs, time) >= after(7400), `${retryAfterMs} ms after ${time.toISOString()}`)
  assert.equal(after(retryAfterMs, time).getMilliseconds(), 0)
})

test('an answer that does not live longer than the one in use is a failure, and does not replace it', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  await bed.try(state, issued())
  await bed.try(state, issued({ password: 'cached' }))
  assert.equal(state.credential?.password, 'pw')
  assert.equal(state.lastFailure?.code, 'BadResponse')
  assert.equal(state.attempts, 1)
})

test('an unexpected error is recorded as ours, without its text', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  await bed.try(state, new TypeError('canary'))
  assert.equal(state.lastFailure?.code, 'InternalError')
  assert.doesNotMatch(state.lastFailure.message, /canary/)
})

test('a provider that throws before it begins is a failure like any other', async () => {
  const { identities, outcomes } = bench()
  const state = identities.bind(a, 'key')
  await identities.call(state, 'ecr', () => {
    throw new RegistryError('SpecInvalid', 'no region')
  })
  assert.equal(state.lastFailure?.code, 'SpecInvalid')
  assert.equal(outcomes.length, 1)
  assert.equal(state.call, undefined)
})

test('the outcome tells when the call ended and how long it took', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  const done = bed.identities.call(state, 'ecr', bed.issue)
  bed.pass(250)
  bed.calls[0]?.resolve(issued())
  await done
  await bed.try(state, new RegistryError('AccessDenied', 'no'))
  assert.deepEqual(bed.outcomes, [
    {
      time: after(250),
      outcome: 'Succeeded',
      code: undefined,
      expiresAt: after(12 * hour),
      durationMs: 250,
    },
    { time: after(250), outcome: 'Failed', code: 'AccessDenied', expiresAt: undefined, durationMs: 0 },
  ])
})

test('the start of a call is known while it runs, for the 30 s between two', async () => {
  const { identities, calls, issue, pass } = bench()
  const state = identities.bind(a, 'key')
  const done = identities.call(state, 'ecr', issue)
  pass(5 * second)
  calls[0]?.resolve(issued())
  await done
  assert.deepEqual(state.lastCallAt, noon)
})

test('when owners are told, the call is over for them, so that they can ask again', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  let seen: unknown = 'not told'
  bed.hooks.onSettled = () => (seen = state.call) as undefined
  await bed.try(state, issued())
  assert.equal(seen, undefined)
})

test('a call that begins while owners are told of the one before is joined, too', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  let second: Promise<void> | undefined
  bed.hooks.onSettled = () => {
    second ??= bed.identities.call(state, 'ecr', bed.issue)
  }
  await bed.try(state, issued())
  await Promise.resolve()
  assert.equal(bed.calls.length, 2)
  assert.equal(state.call, second)
  void bed.identities.call(state, 'ecr', bed.issue)
  assert.equal(bed.calls.length, 2)
})

test('a try that takes too long is aborted and counts as failed', async (t) => {
  const timeout = new AbortController()
  const asked = t.mock.method(AbortSignal, 'timeout', () => timeout.signal)
  const { identities, calls, issue } = bench()
  const state = identities.bind(a, 'key')
  const done = identities.call(state, 'ecr', issue)
  assert.deepEqual(asked.mock.calls[0]?.arguments, [60_000])
  calls[0]?.signal.addEventListener('abort', () =>
    calls[0]?.reject(new RegistryError('Unavailable', 'no answer within 60 s')),
  )
  timeout.abort()
  await done
  assert.equal(state.lastFailure?.code, 'Unavailable')
  assert.equal(state.attempts, 1)
})

test('a stop aborts what runs and records nothing of it', async () => {
  const { identities, calls, issue, outcomes, settled } = bench()
  const state = identities.bind(a, 'key')
  const done = identities.call(state, 'ecr', issue)
  calls[0]?.signal.addEventListener('abort', () => calls[0]?.reject(new Error('aborted')))
  identities.stop()
  await done
  assert.equal(state.lastFailure, undefined)
  assert.equal(state.attempts, 0)
  assert.equal(state.call, undefined)
  assert.deepEqual([outcomes, settled], [[], []])
})

test('an answer that comes after the stop is not recorded either', async () => {
  const { identities, calls, issue, outcomes, settled } = bench()
  const state = identities.bind(a, 'key')
  const done = identities.call(state, 'ecr', issue)
  identities.stop()
  calls[0]?.resolve(issued())
  await done
  assert.equal(state.credential, undefined)
  assert.deepEqual([outcomes, settled], [[], []])
})

// Who shares what.

test('the state of a key goes with its last owner', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  bed.identities.bind(b, 'key')
  await bed.try(state, issued())
  bed.identities.release(a)
  assert.equal(bed.identities.of(a), undefined)
  assert.equal(bed.identities.bind(a, 'key').credential?.password, 'pw')
  bed.identities.release(a)
  bed.identities.release(b)
  assert.equal(bed.identities.bind(a, 'key').credential, undefined)
})

test('a registry whose proof changes leaves the old identity, and takes nothing of it along', async () => {
  const bed = bench()
  const old = bed.identities.bind(a, 'key-1')
  bed.identities.bind(b, 'key-1')
  await bed.try(old, issued())
  const next = bed.identities.bind(a, 'key-2')
  assert.equal(next.credential, undefined)
  assert.deepEqual([...old.owners], [b])
  assert.deepEqual([...next.owners], [a])
  assert.equal(bed.identities.of(a), next)
})

test('binding again to the same key changes nothing', async () => {
  const bed = bench()
  const state = bed.identities.bind(a, 'key')
  await bed.try(state, issued())
  assert.equal(bed.identities.bind(a, 'key'), state)
  assert.equal(state.credential?.password, 'pw')
  assert.deepEqual([...state.owners], [a])
})

test('releasing somebody unknown does nothing', () => {
  const { identities } = bench()
  identities.bind(a, 'key')
  identities.release(b)
  assert.ok(identities.of(a))
})
