// The server is killed, or told to stop, at points of its loop that the seed chooses, and started anew as by the kubelet.
import assert from 'node:assert/strict'
import type { Effect, ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { judgeSite } from '../witness.ts'

/** As many requests as a start makes in any case: what comes later may only be renewals of the Lease, one a second. */
const startRequests = 24

interface KillPoint {
  /** Counted from when it was chosen. */
  readonly request: number
  readonly signal: 'SIGKILL' | 'SIGTERM'
  /** What becomes of the request in whose middle the process ends. */
  readonly effect: Effect
}

/** A killed process' request is carried out or not; one that is told to stop may still hear the answer. */
function choosePoint(site: Site, last: number): KillPoint {
  const request = 1 + Math.floor(site.random() * last)
  const effects: readonly Effect[] = [{ kind: 'cut' }, { kind: 'loseAnswer' }, { kind: 'count' }]
  const effect = effects[Math.floor(site.random() * 3)] ?? { kind: 'count' }
  return site.random() < 0.5
    ? { request, signal: 'SIGKILL', effect }
    : { request, signal: 'SIGTERM', effect: { kind: 'count' } }
}

/**
 * Ends the server's process while one of its next requests is on its way. Resolves when that has happened.
 * @param last the latest of these requests
 */
async function killAtPoint(site: Site, last: number): Promise<void> {
  const { request, signal, effect } = choosePoint(site, last)
  const { replica } = site
  const { restarts } = replica
  let left = request
  const when = (_: ProxiedRequest): boolean => {
    left--
    if (left === 0) replica.process.signal(signal) // in the very moment, not when somebody has noticed
    return left === 0
  }
  site.api.inject('kill', { when, effect, times: 1 })
  const describe = (): string => `${signal} at request ${request}, ${left} to go`
  await site.until('the process to end', () => replica.restarts > restarts, describe)
}

/** Each of them while the process starts that came after the last one. */
async function killWhileStarting(site: Site, points: number): Promise<void> {
  for (let point = 0; point < points; point++) await killAtPoint(site, startRequests)
}

/** After each act, so that a violation is known near the kill that led to it. @throws AssertionError */
async function assertNothingLost(site: Site): Promise<void> {
  await site.untilWitnessed()
  assert.deepEqual(judgeSite(site), [])
}

interface KillPlan {
  /** Things that people do, one after another. */
  readonly acts: number
  /** Kills while one of them is worked off. */
  readonly perAct: number
  /** As many requests as the server makes for one act in any case. */
  readonly actRequests: number
}

function killRow(
  row: Pick<Row, 'name' | 'fault' | 'short' | 'mutants' | 'maxUpstreamCalls'>,
  { acts, perAct, actRequests }: KillPlan,
  act: (site: Site, index: number) => Promise<unknown>,
): Row {
  return {
    ...row,
    stage: 'all',
    env: { WRITE_BUDGET_PER_SECOND: '8' },
    limitSeconds: 60 + acts * perAct * 15,
    async run(site) {
      for (let index = 0; index < acts; index++) {
        await Promise.all([site.fault(() => killAtPoint(site, actRequests)), act(site, index)])
        await site.fault(() => killWhileStarting(site, perAct - 1))
        await site.untilConverged()
        await site.fault(() => assertNothingLost(site))
      }
    },
    hits: (site) => site.api.hits('kill'),
  }
}

export const killRows: readonly Row[] = [
  killRow(
    {
      name: 'killed-while-growing',
      fault:
        'the process is killed at four points of its loop while namespaces come; its passwords are still good',
      short: true,
      maxUpstreamCalls: 2,
      mutants: [
        {
          file: 'server/controller/take-back.ts',
          from: '.slice(0, maxReads)',
          to: '.slice(maxReads)',
          why: 'a restart takes no credential back',
        },
      ],
    },
    { acts: 2, perAct: 2, actRequests: 3 },
    (site, index) => site.addNamespace(`late-${index}`),
  ),
  killRow(
    {
      name: 'killed-while-refreshing',
      fault: 'the process is killed at 96 points of its loop while refreshes run',
      short: false,
      // One for each identity at the start and for each refresh, and less than one more for each kill: most cost none.
      maxUpstreamCalls: 2 + 2 * 24 + 96,
      mutants: [
        [
          {
            file: 'server/controller/take-back.ts',
            from: 'rank(b) - rank(a)',
            to: 'rank(a) - rank(b)',
            why: 'a restart takes back the oldest copy that runs',
          },
          {
            file: 'server/controller/take-back.ts',
            from: '  if (issuedAt(known) < issuedLast(registry, now())) return false\n',
            to: '',
            why: 'a copy older than what status tells of is trusted',
          },
        ],
      ],
    },
    { acts: 24, perAct: 4, actRequests: 12 },
    (site) => site.refresh(),
  ),
]
