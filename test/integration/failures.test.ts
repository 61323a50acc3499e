// What happens when refreshing fails: a new registry says why, a running one keeps its Secret until it expires, and
// both heal by themselves.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ErrorCode } from '../../server/core/errors.ts'
import { assertNoneOf } from './canaries.ts'
import {
  isFailing,
  isIssued,
  isPullable,
  isStalled,
  registryName,
  startFailureBed,
  type FailureBed,
} from './failure-bed.ts'
import { failureCases, type FailureCase, type Site } from './failure-cases.ts'
import { condition, isReady, type RegistryView, type ServerProcess } from './harness.ts'

/** Due at two thirds of it; the rest is what a failing refresh has before pulls stop. */
const tokenLifetimeMs = 24_000
const skews = { 'date-ahead': 20 * 60_000, 'date-behind': -20 * 60_000 }

let bed: FailureBed
let server: ServerProcess

before(async () => {
  const names = failureCases.map(({ name }) => name)
  bed = await startFailureBed([...names, ...Object.keys(skews), 'forbidden', 'bystander'], tokenLifetimeMs)
  bed.upstreams.get('forbidden')!.tokens.lifetimeMs = 8000
  await allowAllBut('forbidden')
  server = await bed.bed.startServer({ env: { UPSTREAM_TIMEOUT_SECONDS: '4', METRICS_AUTH: 'none' } })
  // One that works, so that loading the AWS SDK is not part of the first case's time.
  const site = await bed.makeSite('bystander')
  await bed.addRegistry(site)
  await bed.untilRegistry(site, 'ready', isReady)
})
after(() => bed?.close())

describe('a failure', { concurrency: true, timeout: 180_000 }, () => {
  for (const failure of failureCases) {
    describe(failure.name, { concurrency: false }, () => {
      let site: Site

      it('is told by a new registry, which heals when it ends', async () => {
        site = await bed.makeSite(failure.name, failure.session)
        await failure.start(site)
        await bed.addRegistry(site, failure.ecr)
        const tries = failure.beforeCall ? 0 : 2
        const told = await bed.untilRegistry(
          site,
          'stalled',
          (object) => isStalled(object) && (object.status?.attempts ?? 0) >= tries,
        )
        assertTold(told, failure)
        assert.equal(condition(told, 'Ready')?.reason, failure.code)
        assert.equal(condition(told, 'Stalled')?.reason, failure.code)
        assert.equal(told.status?.summary?.reason, failure.code)
        assert.equal(told.status?.issuedAt, undefined)
        assert.deepEqual(bed.pullSecrets(site), [])

        const seen = bed.seen(site)
        await failure.end(site)
        const healed = await bed.untilRegistry(site, 'ready', isReady, seen)
        assertHealed(healed, failure)
        assert.deepEqual(codesOf(site), [failure.code])
      })

      it('leaves the last good Secret until it expires, and then heals', async () => {
        const before = bed.seen(site)
        await failure.start(site)
        const failing = await bed.untilRegistry(site, 'failing', (object) => !isIssued(object), before)
        const good = bed.pullSecrets(site).at(-1)?.object
        assertTold(failing, failure)
        assert.ok(isPullable(failing))
        assert.equal(condition(failing, 'Stalled'), undefined)
        assert.match(condition(failing, 'Ready')?.message ?? '', new RegExp(failure.code))
        const { expiresAt = '' } = failing.status ?? {}
        assert.equal(good?.metadata?.annotations?.['tokenregistries.io/expires-at'], expiresAt)

        const expired = await bed.untilRegistry(site, 'expired', (object) => !isPullable(object), before)
        assertTold(expired, failure)
        assert.ok(isStalled(expired))
        assert.equal(condition(expired, 'Ready')?.reason, failure.code)
        assert.equal(expired.status?.expiresAt, expiresAt)
        assert.ok(since(expired, 'Ready') >= expiresAt, 'Ready ended before the credential')
        const written = bed.pullSecrets(site)
        assert.equal(written.length, successes(failing), 'written or removed without a new credential')
        assert.deepEqual(written.at(-1)?.object, good)

        const seen = bed.seen(site)
        await failure.end(site)
        const healed = await bed.untilRegistry(site, 'ready again', isReady, seen)
        assertHealed(healed, failure)
        const fresh = bed.pullSecrets(site)
        assert.equal(fresh.at(-1)?.object.metadata?.uid, good?.metadata?.uid)
        assert.notDeepEqual(fresh.at(-1)?.object.data, good?.data)
        assert.ok(fresh.every(({ type }) => type !== 'DELETED'))
        assert.deepEqual(codesOf(site), [failure.code])
      })

      it('is told by one event, counted each time that it begins', async () => {
        await bed.untilTold(site, 'Issued', 2)
        const events = await bed.untilTold(site, failure.code, 2) // it began twice, and went on each time
        assert.equal(events.length, 1)
        for (const { note = '' } of events) {
          for (const words of failure.says) assert.match(note, words)
        }
      })
    })
  }

  for (const [name, clockOffsetMs] of Object.entries(skews)) {
    it(`of the clock is corrected where AWS tells its own (${name})`, async () => {
      const site = await bed.makeSite(name)
      site.aws.faults.set({ clockOffsetMs })
      await bed.addRegistry(site)
      const { status } = await bed.untilRegistry(site, 'ready', isReady)
      const life = Date.parse(status?.expiresAt ?? '') - Date.parse(status?.issuedAt ?? '')
      assert.ok(Math.abs(life - tokenLifetimeMs) <= 3000, `a life of ${life} ms on our clock`)
      assert.deepEqual(codesOf(site), [])
    })
  }
})

// Afterwards, because a change of the policy makes every registry look at its keys again.
describe("an endpoint that the administrator's policy forbids", { timeout: 120_000 }, () => {
  const says = [
    /spec\.provider\.ecr names the endpoint 127\.0\.0\.1:\d+/,
    /ask for it to be added to policy\.allowedEndpoints of the chart, or remove the field/,
  ]
  const failure = { code: 'NotAllowed', says, beforeCall: true } as const
  let site: Site

  it('is told by a new registry, which heals when it is allowed', async () => {
    site = await bed.makeSite('forbidden')
    await bed.addRegistry(site)
    const told = await bed.untilRegistry(site, 'stalled', isStalled)
    assertTold(told, failure)
    assert.equal(condition(told, 'Ready')?.reason, 'NotAllowed')
    assert.equal(condition(told, 'Stalled')?.reason, 'NotAllowed')
    assert.equal(site.aws.log.count(), 0)
    assert.deepEqual(bed.pullSecrets(site), [])
    const seen = bed.seen(site)
    await bed.setAllowed(bed.upstreams.values())
    assertHealed(await bed.untilRegistry(site, 'ready', isReady, seen), failure)
  })

  it('is told by a running registry at once, while its Secret stays', async () => {
    const seen = bed.seen(site)
    const calls = (): number => site.aws.log.count()
    await allowAllBut('forbidden')
    const told = await bed.untilRegistry(site, 'stalled', isStalled, seen)
    assertTold(told, failure)
    const before = calls()
    const secrets = bed.pullSecrets(site)
    const { expiresAt = '' } = told.status ?? {}
    await bed.untilRegistry(
      site,
      'expired',
      (object) => condition(object, 'CredentialIssued')?.message.includes('expired at') === true,
      seen,
    )
    assert.equal(secrets.at(-1)?.object.metadata?.annotations?.['tokenregistries.io/expires-at'], expiresAt)
    assert.deepEqual(bed.pullSecrets(site), secrets)
    assert.equal(secrets.length, successes(told))
    assert.equal(calls(), before, 'upstream was asked although the policy forbids it')
    const after = bed.seen(site)
    await bed.setAllowed(bed.upstreams.values())
    assertHealed(await bed.untilRegistry(site, 'ready', isReady, after), failure)
    await bed.untilTold(site, 'Issued', 2)
    await bed.untilTold(site, 'NotAllowed', 2)
  })
})

describe('what was written meanwhile', () => {
  it('holds no key, password or token in any spelling', async () => {
    const metrics = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)
    assert.equal(metrics.status, 200)
    const statuses = bed.registries.all.map(({ object }) => object.status)
    const places = {
      'a status': JSON.stringify(statuses),
      'an event': JSON.stringify(bed.events.all),
      'the log': server.log.join('\n'),
      'the metrics': await metrics.text(),
    }
    for (const [where, text] of Object.entries(places)) assert.ok(text.length > 1000, `${where} is empty`)
    const handedOut = bed.handedOut()
    assert.ok(Object.keys(bed.planted).length >= 2 && Object.keys(handedOut).length >= 2)
    assertNoneOf({ ...bed.planted, ...handedOut }, places)
  })
})

function allowAllBut(name: string): Promise<void> {
  return bed.setAllowed([...bed.upstreams].filter(([other]) => other !== name).map(([, aws]) => aws))
}

/** All codes that the site's registry ever gave for a credential that could not be had. */
function codesOf({ namespace }: Site): string[] {
  const found = bed.registries.of(namespace, registryName).flatMap(({ object }) => {
    const issued = condition(object, 'CredentialIssued')
    return issued?.status === 'False' ? [issued.reason] : []
  })
  return [...new Set(found)]
}

function assertTold(object: RegistryView, failure: { code: ErrorCode; says: readonly RegExp[] }): void {
  assert.ok(isFailing(object, failure.code), JSON.stringify(object.status?.conditions))
  const message = condition(object, 'CredentialIssued')?.message ?? ''
  for (const words of failure.says) assert.match(message, words)
  assert.equal(object.status?.lastFailure?.reason, failure.code)
  assert.equal(object.status?.observedGeneration, object.metadata?.['generation'])
}

/** Nothing of the failure is left but the history. */
function assertHealed(
  object: RegistryView,
  { code, beforeCall }: Pick<FailureCase, 'code' | 'beforeCall'>,
): void {
  assert.ok(isIssued(object))
  assert.equal(condition(object, 'Stalled'), undefined)
  assert.equal(object.status?.attempts, 0)
  assert.equal(object.status?.lastFailure, undefined)
  const history = object.status?.history ?? []
  assert.equal(history.at(-1)?.outcome, 'Succeeded')
  if (beforeCall) return
  const { outcome, reason } = history.at(-2) ?? {}
  assert.deepEqual({ outcome, reason }, { outcome: 'Failed', reason: code })
}

function successes({ status }: RegistryView): number {
  return (status?.history ?? []).filter(({ outcome }) => outcome === 'Succeeded').length
}

function since(object: RegistryView, type: string): string {
  return object.status?.conditions?.find((each) => each.type === type)?.lastTransitionTime ?? ''
}
