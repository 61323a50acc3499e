// The server's wall clock against that of upstream and of the API server.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RegistryView } from '../../integration/harness.ts'
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

/** An edit that changes no identity: the registries are decided anew, and upstream has no reason to be asked. */
async function editRegistries(site: Site, value: string): Promise<void> {
  const spec = { secret: { labels: { edited: value } } }
  for (const path of await site.registryPaths()) await site.cp.admin.patch(path, { spec })
  await site.untilConverged()
}

/** Every registry says that its password lives twelve hours from about now on, as it does. @throws AssertionError */
function assertLives({ metadata, status }: RegistryView): void {
  const [issued, end] = [status?.issuedAt ?? '', status?.expiresAt ?? ''].map((time) => Date.parse(time))
  const name = metadata?.name ?? ''
  assert.ok(
    Math.abs((end ?? NaN) - Date.now() - 12 * hourMs) < 300_000,
    `${name} ends at ${status?.expiresAt}`,
  )
  assert.ok(Math.abs((issued ?? NaN) - Date.now()) < 300_000, `${name} was issued at ${status?.issuedAt}`)
}

async function assertAllLive(site: Site): Promise<void> {
  for (const { object } of await site.registryObjects()) assertLives(object)
}

/** Upstream's clock is elsewhere for one refresh, and right again for the next. */
function upstreamRow(name: string, hours: number, fault: string): Row {
  return {
    name,
    fault,
    stage: 'upstream',
    short: hours < 0,
    story: 'refresh-twice-and-grow',
    // Each of the two refreshes under the fault is signed for the wrong time once.
    maxUpstreamCalls: 8,
    async run(site) {
      await site.fault(() => site.aws.faults.set({ clockOffsetMs: hours * hourMs }))
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        await assertAllLive(site)
        site.aws.faults.clear()
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
]
