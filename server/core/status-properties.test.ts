// What holds for any facts at all, and the patch that carries a status to the API server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Condition, RegistryStatus } from '../api/v1alpha1/index.ts'
import { registryStatusSchema } from '../api/v1alpha1/status.ts'
import { errorCodes } from './errors.ts'
import { computeStatus, sameStatus, statusPatch, type StatusWorld } from './status.ts'
import { aCredential, after, aRegistry, aStatusWorld as world, noon, second } from './test-objects.ts'

const down = { time: noon, code: 'Unavailable', message: 'ECR is down' } as const
const refused = { namespace: 'shop-2', code: 'NotOwner', message: 'Secret in the way', since: noon } as const

function conditions(given: StatusWorld, now: Date): Record<string, Condition> {
  return Object.fromEntries((computeStatus(given, now).conditions ?? []).map((each) => [each.type, each]))
}

// The patch.

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

test('the patch nulls keys that vanished, and only those', () => {
  const before = computeStatus(world({ lastFailure: down, handledRequest: 'now' }), noon)
  const next = computeStatus(world({ handledRequest: 'now' }), noon)
  const patch = statusPatch(before, next)
  assert.equal(patch['lastFailure'], null)
  assert.equal(patch['lastHandledRefreshRequest'], 'now')
  assert.equal(Object.values(patch).filter((value) => value === null).length, 1)
  assert.deepEqual(statusPatch(undefined, next), next)
})

test('the patch removes a vanished key inside a block, too', () => {
  const before = computeStatus(world({ lastFailure: down, material: '77' }), noon)
  const next = computeStatus(world({ lastFailure: { ...down, code: 'ReferenceMissing' } }), noon)
  assert.deepEqual(mergePatch(before, statusPatch(before, next)), next)
})

test('key order says nothing, order in lists and every value do', () => {
  const status = computeStatus(world({ failures: [refused, { ...refused, namespace: 'shop-3' }] }), noon)
  const turned = (value: unknown): unknown =>
    value === null || typeof value !== 'object'
      ? value
      : Array.isArray(value)
        ? value.map(turned)
        : Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, part]) => [key, turned(part)]),
          )
  assert.equal(sameStatus(turned(status) as RegistryStatus, status), true)
  assert.equal(sameStatus(undefined, status), false)
  assert.equal(sameStatus({ ...status, failures: [...(status.failures ?? [])].reverse() }, status), false)
  assert.equal(sameStatus({ ...status, attempts: 1 }, status), false)
  const { conditions: _gone, ...rest } = status
  assert.equal(sameStatus(rest, status), false)
})

// Any facts.

const moment = fc.integer({ min: -100_000, max: 100_000 }).map((s) => after(s * second))
const failures = fc.record({
  time: moment,
  code: fc.constantFrom(...errorCodes),
  message: fc.string(),
})
const maybe = <T>(each: fc.Arbitrary<T>) => fc.option(each, { nil: undefined })
const worlds: fc.Arbitrary<StatusWorld> = fc
  .record({
    generation: fc.nat(9),
    suspend: fc.boolean(),
    hosts: fc.array(fc.domain(), { maxLength: 4 }),
    outdated: fc.boolean(),
    credential: maybe(
      fc
        .record({ issuedAt: moment, expiresAt: fc.option(moment), principal: maybe(fc.string()) })
        .map(aCredential),
    ),
    nextRefreshAt: maybe(moment),
    problem: maybe(failures),
    attempts: fc.nat(99),
    lastFailure: maybe(failures),
    material: maybe(fc.string()),
    desired: fc.nat(30),
    synced: fc.nat(30),
    failures: fc.array(
      fc.record({
        namespace: fc.string(),
        code: fc.constantFrom(...errorCodes),
        message: fc.string(),
        since: moment,
      }),
      { maxLength: 30 },
    ),
    progressing: fc.boolean(),
    handledRequest: maybe(fc.string()),
    newHistory: fc.array(
      fc.record({
        time: moment,
        outcome: fc.constantFrom('Succeeded' as const, 'Failed' as const),
        code: maybe(fc.constantFrom(...errorCodes)),
        expiresAt: maybe(moment),
        // The clock may be corrected by years while a call runs.
        durationMs: fc.double({ min: -1e11, max: 1e11, noNaN: true }),
      }),
      { maxLength: 30 },
    ),
  })
  .map(({ generation, suspend, ...rest }) => ({ ...rest, registry: aRegistry({ generation, suspend }) }))

test('any facts: the API server takes the status', () => {
  fc.assert(
    fc.property(worlds, moment, (given, now) => {
      const { error } = registryStatusSchema.safeParse(computeStatus(given, now))
      assert.equal(error?.message, undefined)
    }),
  )
})

test('any facts: Stalled and Reconciling never stand beside Ready, nor beside each other', () => {
  fc.assert(
    fc.property(worlds, moment, (given, now) => {
      const { Ready, Stalled, Reconciling } = conditions(given, now)
      assert.ok(Ready)
      if (Stalled !== undefined) assert.equal(Ready.status, 'False')
      assert.ok(Stalled === undefined || Reconciling === undefined)
    }),
  )
})

test('any facts: Ready means that every target holds a credential that has not expired', () => {
  fc.assert(
    fc.property(worlds, moment, (given, now) => {
      if (conditions(given, now)['Ready']?.status !== 'True') return
      const { credential, failures: failed, synced, desired } = given
      assert.ok(credential !== undefined)
      assert.ok(credential.expiresAt === null || credential.expiresAt > now)
      assert.equal(synced, desired)
      assert.deepEqual(failed, [])
    }),
  )
})

test('any two statuses: the patch makes the second of the first', () => {
  fc.assert(
    fc.property(worlds, worlds, (a, b) => {
      const before = computeStatus(a, noon)
      const next = computeStatus({ ...b, registry: { ...b.registry, status: before } }, noon)
      assert.deepEqual(mergePatch(before, statusPatch(before, next)), next)
    }),
  )
})
