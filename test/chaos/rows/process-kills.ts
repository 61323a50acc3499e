// The server is killed, or told to stop, at points of its loop that the seed chooses, and started anew as by the kubelet.
import type { Effect, ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'

/** About as many requests as a start with a refresh makes: later ones only renew the Lease. */
const lastRequest = 40

interface KillPoint {
  /** Counted from when it was chosen, over all processes. */
  readonly request: number
  readonly signal: 'SIGKILL' | 'SIGTERM'
  /** What becomes of the request in whose middle the process ends. */
  readonly effect: Effect
}

/** A killed process' request is carried out or not; one that is told to stop may still hear the answer. */
function choosePoint(site: Site): KillPoint {
  const request = 1 + Math.floor(site.random() * lastRequest)
  const effects: readonly Effect[] = [{ kind: 'cut' }, { kind: 'loseAnswer' }, { kind: 'count' }]
  const effect = effects[Math.floor(site.random() * 3)] ?? { kind: 'count' }
  return site.random() < 0.7
    ? { request, signal: 'SIGKILL', effect }
    : { request, signal: 'SIGTERM', effect: { kind: 'count' } }
}

/** Ends the server's process while its n-th request from now on is on its way. Resolves when that has happened. */
async function killAtPoint(site: Site): Promise<void> {
  const { request, signal, effect } = choosePoint(site)
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

async function killOften(site: Site, points: number): Promise<void> {
  for (let point = 0; point < points; point++) await killAtPoint(site)
}

/** @param perAct kills while one thing that people did is worked off */
function killRow(
  row: Pick<Row, 'name' | 'fault' | 'short' | 'mutants' | 'maxUpstreamCalls'>,
  { acts, perAct }: { acts: number; perAct: number },
  act: (site: Site, index: number) => Promise<unknown>,
): Row {
  return {
    ...row,
    stage: 'all',
    env: { WRITE_BUDGET_PER_SECOND: '8' },
    limitSeconds: 60 + acts * perAct * 15,
    async run(site) {
      for (let index = 0; index < acts; index++) {
        await act(site, index)
        await site.fault(() => killOften(site, perAct))
        await site.untilConverged()
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
        'the process is killed at 8 points of its loop while namespaces come; its passwords are still good',
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
    { acts: 2, perAct: 4 },
    (site, index) => site.addNamespace(`late-${index}`),
  ),
  killRow(
    {
      name: 'killed-while-refreshing',
      fault: 'the process is killed at 92 points of its loop while refreshes run',
      short: false,
      // One for each identity at the start, and for each refresh; one more for each that a kill can have cost.
      maxUpstreamCalls: 2 + 2 * 23 + 2 * 92,
      mutants: [
        [
          {
            file: 'server/controller/take-back.ts',
            from: '(issuedAt(a) < issuedAt(b) ? 1 : -1)',
            to: '(issuedAt(a) < issuedAt(b) ? -1 : 1)',
            why: 'a restart takes back the oldest copy that runs',
          },
          {
            file: 'server/controller/take-back.ts',
            from: "  if (issuedAt(known) < (registry.status?.issuedAt ?? '')) return false\n",
            to: '',
            why: 'a copy older than what status tells of is trusted',
          },
        ],
      ],
    },
    { acts: 23, perAct: 4 },
    (site) => site.refresh(),
  ),
]
