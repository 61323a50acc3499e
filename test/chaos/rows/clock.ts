// The server's wall clock against that of upstream and of the API server.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Replica } from '../replica.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, type Site } from '../site.ts'

const hourMs = 3_600_000
const clockModule = pathToFileURL(join(import.meta.dirname, '../process-clock.ts')).href

/** Settings of a server whose wall clock can be moved: distances to the machine's clock in hours, one after another. */
function movableClock(...stepsHours: readonly number[]): Record<string, string> {
  const steps = stepsHours.map((hours) => hours * 3600)
  return { NODE_OPTIONS: `--import=${clockModule}`, CLOCK_STEPS_SECONDS: steps.join(',') }
}

function clockMoves({ log }: Replica): number {
  return log.filter((line) => line.includes('"msg":"the wall clock was set"')).length
}

/** Moves the wall clock of a server's process to its next step. */
async function moveClock(site: Site, replica = site.replica): Promise<void> {
  const before = clockMoves(replica)
  replica.process.signal('SIGUSR2')
  await site.until('the wall clock to move', () => clockMoves(replica) > before)
}

/**
 * How far two clocks are apart is known by upstream's Date, in whole seconds: of two passwords issued within two seconds the
 * later one could seem to live no longer, and would be asked for once more.
 */
async function apart(site: Site): Promise<void> {
  const since = Date.now()
  await site.until('two seconds later', () => Date.now() - since > 2000)
}

/** An edit that changes no identity: the registries are decided anew, and upstream has no reason to be asked. */
async function editRegistries(site: Site, value: string): Promise<void> {
  const spec = { secret: { labels: { edited: value } } }
  for (const path of await site.registryPaths()) await site.cp.admin.patch(path, { spec })
  await site.untilConverged()
}

/** Registries that do not say that their password lives twelve hours from about now on, as it does. */
async function wrongTimes(site: Site): Promise<string[]> {
  const now = Date.now()
  const isNear = (time: string | undefined, expected: number): boolean =>
    Math.abs(Date.parse(time ?? '') - expected) < 300_000
  return (await site.registryObjects())
    .map(({ object }) => object.status)
    .filter((status) => !isNear(status?.issuedAt, now) || !isNear(status?.expiresAt, now + 12 * hourMs))
    .map((status) => `from ${status?.issuedAt} to ${status?.expiresAt}`)
}

async function assertAllLive(site: Site): Promise<void> {
  assert.deepEqual(await wrongTimes(site), [], 'each password says how long it really lives')
}

/** Upstream's clock is elsewhere for one refresh, and right again for the next. */
function upstreamRow(name: string, hours: number, fault: string): Row {
  return {
    name,
    fault,
    stage: 'upstream',
    short: false,
    story: 'refresh-twice-and-grow',
    // Each of the two refreshes under the fault is signed for the wrong time once.
    maxUpstreamCalls: 8,
    async run(site) {
      await site.fault(async () => {
        site.aws.faults.set({ clockOffsetMs: hours * hourMs })
        await apart(site)
      })
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        await assertAllLive(site)
        site.aws.faults.clear()
        await apart(site)
      })
      await refreshAndGrow(site)
    },
    hits: (site) => site.aws.log.entries.filter(({ error }) => error.includes('Signature')).length,
    after: assertAllLive,
    mutants: [
      {
        file: 'server/providers/ecr/client.ts',
        from: '    return new Date(date.getTime() - this.skewMs)\n',
        to: '    return date\n',
        why: "upstream's expiry is taken as if both clocks were one",
      },
    ],
  }
}

export const clockRows: readonly Row[] = [
  upstreamRow(
    'upstream-clock-behind',
    -13,
    "upstream's clock is 13 hours behind the server's: its expiry has passed",
  ),
  upstreamRow('upstream-clock-ahead', 3, "upstream's clock is 3 hours ahead of the server's"),
  {
    name: 'clock-jumps',
    fault: "the server's wall clock jumps 13 hours forward, and back later",
    stage: 'all',
    short: true,
    env: movableClock(0, 13, 0),
    // Under the wrong clock each of the two calls is signed for the wrong time once.
    maxUpstreamCalls: 8,
    async run(site) {
      await site.fault(() => moveClock(site))
      await editRegistries(site, 'once')
      await site.addNamespace('meanwhile')
      await site.until('a Secret in the new namespace', () => site.secret('meanwhile', site.full('base')))
      await site.fault(() => assert.equal(site.upstreamCalls, 2, 'nothing has expired by the jump'))
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        await assertAllLive(site)
        await moveClock(site)
      })
      await editRegistries(site, 'twice')
      await refreshAndGrow(site)
    },
    hits: (site) => clockMoves(site.replica),
    after: assertAllLive,
    mutants: [
      {
        file: 'server/core/clock.ts',
        from: '    if (Math.abs(wall - carried) > toleranceMs) {\n',
        to: '    if (Math.abs(wall - carried) > toleranceMs && wall < 0) {\n',
        why: 'a wall clock that jumped is believed at once',
      },
    ],
  },
  {
    name: 'clock-wrong-at-start',
    fault:
      'the server starts with a wall clock 13 hours ahead, refreshes by it, and the clock is put right later',
    stage: 'start',
    short: false,
    story: 'refresh-twice-and-grow',
    // By the wrong clock all has expired: asked at the start and again for the refresh, each signed for the wrong time
    // once. When the clock is right, what it noted is not believed.
    maxUpstreamCalls: 14,
    async run(site) {
      await site.fault(async () => {
        await site.replica.stop('SIGTERM')
        await site.startServer({ name: 'wrong-clock', env: movableClock(13, 0) })
        // Two at the first start, and two that are signed anew now.
        await site.until('the calls of this start', () => site.upstreamCalls >= 2 + 4)
        await apart(site)
      })
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        for (const replica of site.replicas.slice(1)) await moveClock(site, replica)
        await site.until('times by the right clock', async () => (await wrongTimes(site)).length === 0)
      })
      await refreshAndGrow(site)
    },
    hits: (site) => site.replicas.slice(1).reduce((sum, replica) => sum + clockMoves(replica), 0),
    after: assertAllLive,
    mutants: [
      {
        file: 'server/core/decide.ts',
        from: '  return time.getTime() - now.getTime() > clockToleranceMs\n',
        to: '  return time.getTime() - now.getTime() > clockToleranceMs * 1000\n',
        why: 'a credential from the future is kept until its time has come',
      },
    ],
  },
]
