// Back-off after failures: remembered over a crash, left at once when somebody acts, and polite to upstream.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isFailing, startFailureBed, type FailureBed } from './failure-bed.ts'
import type { Site } from './failure-cases.ts'
import {
  allowTokens,
  assertApart,
  askForRefresh,
  attemptsOf,
  call,
  currentSecretKey,
  denyTokens,
  keysPath,
  patchRegistry,
  readRegistry,
  spoilSecretKey,
  writeKey,
} from './failure-acts.ts'
import { isReady, type RegistryView, type ServerProcess } from './harness.ts'

/** So long that no further try comes by itself. */
const patience = { BACKOFF_MIN_SECONDS: '600', BACKOFF_MAX_SECONDS: '900' }
const survivors = ['refused', 'repaired', 'running', 'throttled', 'in-role', 'replaced', 'removed']
const names = [...survivors, 'asked', 'edited', 'rekeyed', 'spaced', 'polite', 'witness-1', 'witness-2']

let bed: FailureBed
let server: ServerProcess

before(async () => {
  bed = await startFailureBed(names)
  server = await bed.bed.startServer({ env: patience })
})
after(() => bed?.close())

describe('after a crash', { timeout: 180_000 }, () => {
  const sites: Record<string, Site> = {}
  const left: Record<string, RegistryView> = {}

  before(async () => {
    for (const name of survivors) sites[name] = await bed.makeSite(name)
    const { refused, repaired, running, throttled, replaced, removed } = sites as Record<string, Site>
    for (const site of [refused!, repaired!]) spoilSecretKey(site)
    throttled!.aws.faults.set({ ecr: 'throttled', retryAfterSeconds: 1800 })
    const role = sites['in-role']!.aws.world.addRole({
      name: 'pull',
      trust: { principals: [sites['in-role']!.key.principal.arn] },
    })
    for (const [name, site] of Object.entries(sites)) {
      await bed.addRegistry(
        site,
        name === 'in-role' ? () => ({ assumeRoles: [{ arn: role.arn }] }) : undefined,
      )
    }
    await Promise.all([running, replaced, removed].map((site) => bed.untilRegistry(site!, 'ready', isReady)))
    denyTokens(running!)
    await askForRefresh(running!, 'before the crash')
    await writeKey(replaced!, 'secretAccessKey', 'a secret that is wrong')
    await removed!.cp.admin.delete(keysPath(removed!))

    const failing: Record<string, string> = {
      refused: 'CredentialsInvalid',
      repaired: 'CredentialsInvalid',
      running: 'AccessDenied',
      throttled: 'RateLimited',
      replaced: 'CredentialsInvalid',
      removed: 'ReferenceMissing',
    }
    for (const [name, site] of Object.entries(sites)) {
      const code = failing[name]
      await bed.untilRegistry(site, code ?? 'ready', (object) =>
        code === undefined ? isReady(object) : isFailing(object, code),
      )
    }
    await server.kill('SIGKILL')
    for (const [name, site] of Object.entries(sites)) left[name] = await readRegistry(site)
    await writeKey(repaired!, 'secretAccessKey', currentSecretKey(repaired!))
    for (const { aws } of Object.values(sites)) aws.resetCounters()
    server = await bed.bed.startServer({ env: patience })
    await witness('witness-1')
  })

  /** Whoever had something to do at the start has done it. */
  async function witness(name: string): Promise<void> {
    const site = await bed.makeSite(name)
    await bed.addRegistry(site)
    await bed.untilRegistry(site, 'ready', isReady)
  }

  for (const name of ['refused', 'running', 'throttled', 'in-role']) {
    it(`nothing changes for the registry ${name}: no call, the same status`, async () => {
      const site = sites[name]!
      assert.equal(site.aws.log.count(), 0)
      const now = await readRegistry(site)
      assert.deepEqual(now.status, left[name]?.status)
      assert.equal(now.metadata?.resourceVersion, left[name]?.metadata?.resourceVersion)
    })
  }

  for (const name of ['replaced', 'removed']) {
    it(`pulls go on by the registry ${name}, whose keys no longer work`, async () => {
      const site = sites[name]!
      assert.equal(site.aws.log.count(), 0)
      assert.deepEqual((await readRegistry(site)).status, left[name]?.status)
    })
  }

  it('a Secret that was corrected meanwhile is used at once', async () => {
    const site = sites['repaired']!
    await bed.untilRegistry(site, 'ready', isReady)
    assert.equal(site.aws.log.count(call), 1)
  })

  it('a Secret that is corrected now is used at once', async () => {
    const site = sites['refused']!
    await writeKey(site, 'secretAccessKey', currentSecretKey(site))
    const healed = await bed.untilRegistry(site, 'ready', isReady)
    assert.equal(healed.status?.attempts, 0)
    assert.equal(site.aws.log.count(call), 1)
  })

  it('tries are counted on', async () => {
    const site = sites['running']!
    const seen = bed.seen(site)
    await askForRefresh(site, 'after the crash')
    const again = await bed.untilRegistry(site, 'failing again', (object) => attemptsOf(object) !== 1, seen)
    assert.equal(again.status?.attempts, 2)
    assert.equal(site.aws.log.count(call), 1)
  })
})

describe('while a failure is waited out', { timeout: 120_000 }, () => {
  it('a request for a refresh is tried at once, and echoed', async () => {
    const site = await failingSite('asked')
    const seen = bed.seen(site)
    await askForRefresh(site, 'now, please')
    const tried = await bed.untilRegistry(site, 'the second try', (object) => attemptsOf(object) === 2, seen)
    assert.equal(tried.status?.lastHandledRefreshRequest, 'now, please')
    assert.ok(isFailing(tried, 'AccessDenied'))
    assert.equal(site.aws.log.count(call), 2)

    allowTokens(site)
    await askForRefresh(site, 'and now')
    const healed = await bed.untilRegistry(site, 'ready', isReady, seen)
    assert.equal(healed.status?.lastHandledRefreshRequest, 'and now')
    assert.deepEqual(
      healed.status?.history?.map(({ outcome }) => outcome),
      ['Failed', 'Failed', 'Succeeded'],
    )
    assert.equal(site.aws.log.count(call), 3)
  })

  it('a new spec starts over', async () => {
    const site = await failingSite('edited')
    await askForRefresh(site, 'once more')
    await bed.untilRegistry(site, 'the second try', (object) => attemptsOf(object) === 2)
    await patchRegistry(site, { spec: { secret: { labels: { team: 'shop' } } } })
    const anew = await untilGeneration(site, 2)
    assert.equal(anew.status?.attempts, 1)
    assert.equal(site.aws.log.count(call), 3)
    await patchRegistry(site, { spec: { provider: { ecr: { region: 'eu-central-1' } } } })
    const elsewhere = await untilGeneration(site, 3)
    assert.equal(elsewhere.status?.attempts, 1)
    assert.deepEqual(
      site.aws.log.entries.map(({ region }) => region),
      ['eu-west-1', 'eu-west-1', 'eu-west-1', 'eu-central-1'],
    )
  })

  it('other keys in the Secret start over, another label on it does not', async () => {
    const site = await failingSite('rekeyed')
    await askForRefresh(site, 'once more')
    await bed.untilRegistry(site, 'the second try', (object) => attemptsOf(object) === 2)
    await bed.bed.cp.admin.patch(keysPath(site), { metadata: { labels: { team: 'shop' } } })
    await askForRefresh(site, 'and once more')
    await bed.untilRegistry(site, 'the third try', (object) => attemptsOf(object) === 3)
    assert.equal(site.aws.log.count(call), 3)

    const seen = bed.seen(site)
    await writeKey(site, 'secretAccessKey', 'a secret that is wrong')
    const code = 'CredentialsInvalid'
    const anew = await bed.untilRegistry(site, code, (object) => isFailing(object, code), seen)
    assert.equal(anew.status?.attempts, 1)
    assert.equal(site.aws.log.count(call), 4)
  })
})

describe('upstream is asked no more often than', { timeout: 120_000 }, () => {
  const intervalMs = 3000
  before(async () => {
    await server.kill('SIGTERM')
    const env = { MIN_CALL_INTERVAL_SECONDS: String(intervalMs / 1000) }
    server = await bed.bed.startServer({ env })
  })

  it('the least interval, however often a refresh is requested', async () => {
    const site = await bed.makeSite('spaced')
    await bed.addRegistry(site)
    await bed.untilRegistry(site, 'ready', isReady)
    for (const request of ['first', 'second']) {
      await askForRefresh(site, request)
      await bed.untilRegistry(site, 'handled', ({ status }) => status?.lastHandledRefreshRequest === request)
    }
    const { history = [] } = (await readRegistry(site)).status ?? {}
    assertApart(site.aws, 3, intervalMs, history)
  })

  it('it wishes by Retry-After, although the back-off is shorter', async () => {
    const site = await bed.makeSite('polite')
    site.aws.faults.set({ ecr: 'tooManyRequests', retryAfterSeconds: 5 })
    await bed.addRegistry(site)
    const told = await bed.untilRegistry(site, 'the third try', (object) => attemptsOf(object) === 3)
    assertApart(site.aws, 3, 5000, told.status?.history ?? [])
    const { lastFailure, nextRefreshAt = '' } = told.status ?? {}
    assert.ok(Date.parse(nextRefreshAt) - Date.parse(lastFailure?.time ?? '') >= 5000)
  })
})

async function failingSite(name: string): Promise<Site> {
  const site = await bed.makeSite(name)
  denyTokens(site)
  await bed.addRegistry(site)
  await bed.untilRegistry(site, 'failing', (object) => isFailing(object, 'AccessDenied'))
  return site
}

/** The status of this spec, after its try. */
function untilGeneration(site: Site, generation: number): Promise<RegistryView> {
  return bed.untilRegistry(
    site,
    `generation ${generation}`,
    (object) => object.status?.observedGeneration === generation && isFailing(object, 'AccessDenied'),
  )
}
