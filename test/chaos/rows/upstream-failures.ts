// Upstream refuses, breaks off, or answers nonsense. Meanwhile the last good credential stays, new namespaces get it,
// status tells the reason, and upstream is not hammered.
import assert from 'node:assert/strict'
import type { FaultSettings } from '../../fakes/aws/index.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { untilAmber, untilServed } from '../told.ts'

interface Trouble {
  /** One after the other; each is in force until status tells of it and it was hit often enough. */
  readonly faults: readonly FaultSettings[]
  /** What status gives as the reason. */
  readonly reason: string
  /** Answers that each of the faults spoils before the next one, or the end. */
  readonly hits: number
}

/** Somebody asks for a refresh while upstream fails, and a namespace comes. */
async function refreshInTrouble(site: Site, { faults, reason, hits }: Trouble): Promise<void> {
  const [first, ...others] = faults
  await site.fault(() => site.aws.faults.set(first ?? {}))
  await site.refresh()
  await site.fault(() => untilAmber(site, reason))
  await site.addNamespace('late')
  await site.fault(async () => {
    await untilServed(site, 'late')
    await untilHit(site, hits)
    for (const [index, fault] of others.entries()) {
      site.aws.faults.set(fault)
      await untilHit(site, hits * (index + 2))
      await untilAmber(site, reason)
    }
  })
}

function untilHit(site: Site, hits: number): Promise<true> {
  return site.until(`${hits} answers of upstream to fail`, () => site.aws.faults.hits >= hits || undefined)
}

type Named = Pick<Row, 'name' | 'fault' | 'short' | 'maxUpstreamCalls' | 'mutants' | 'env' | 'after'>

function row(trouble: Trouble, named: Named): Row {
  return {
    ...named,
    stage: 'upstream',
    story: 'refresh-and-grow',
    run: (site) => refreshInTrouble(site, trouble),
    hits: (site) => site.aws.faults.hits,
  }
}

const retryAfterSeconds = 3

/** No identity comes again sooner than so long after a call that was refused. @param least milliseconds */
function assertQuiet(site: Site, least: number): void {
  const calls = site.aws.log.entries.filter(({ action }) => action === 'GetAuthorizationToken')
  for (const [index, { principal, status, time }] of calls.entries()) {
    if (status < 400) continue
    const next = calls.slice(index + 1).find((call) => call.principal === principal)
    // The server counts from the answer, which comes after the call.
    const apart = Date.parse(next?.time ?? '') - Date.parse(time)
    assert.ok(apart >= least, `${principal} asked again after ${apart} ms`)
  }
}

export const upstreamFailureRows: readonly Row[] = [
  row(
    { faults: [{ ecr: 'hang' }], reason: 'Unavailable', hits: 4 },
    {
      name: 'upstream-hangs',
      fault: 'upstream takes requests and never answers',
      short: false,
      env: { UPSTREAM_TIMEOUT_SECONDS: '1' },
      maxUpstreamCalls: 12,
      mutants: [
        {
          file: 'server/controller/identities.ts',
          from: 'AbortSignal.any([this.#shutdown.signal, AbortSignal.timeout(timeoutMs)])',
          to: 'this.#shutdown.signal',
          why: 'a call of upstream may last for ever',
        },
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'serverError' }, { ecr: 'unavailable' }], reason: 'Unavailable', hits: 4 },
    {
      name: 'upstream-storm',
      fault: 'upstream answers 500, then 503',
      short: false,
      // A try asks twice: what a moment can heal gets one more chance.
      maxUpstreamCalls: 20,
      mutants: [
        {
          file: 'server/providers/ecr/client.ts',
          from: "if (token.getRetryCount() === 0 && errorType === 'TRANSIENT')",
          to: "if (errorType === 'TRANSIENT')",
          why: 'one try asks as often as it likes',
        },
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'throttled' }], reason: 'RateLimited', hits: 2 },
    {
      name: 'upstream-throttles',
      fault: 'upstream throttles as ECR documents it: HTTP 400 with ThrottlingException',
      short: true,
      env: { BACKOFF_MIN_SECONDS: '2', BACKOFF_MAX_SECONDS: '2' },
      maxUpstreamCalls: 10,
      // Up to a fifth comes off, and failures are stored in whole seconds.
      after: (site) => Promise.resolve(assertQuiet(site, 600)),
      mutants: [
        {
          file: 'server/core/decide.ts',
          from: 'notBefore(latest(retryAt(world), callGap(world)), now,',
          to: 'notBefore(callGap(world), now,',
          why: 'a failed try is repeated without a pause',
        },
        {
          file: 'server/providers/ecr/refusals.ts',
          from: '  Throttling: throttled,\n',
          to: '',
          why: 'the code of throttling is not known',
        },
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'tooManyRequests', retryAfterSeconds }], reason: 'RateLimited', hits: 2 },
    {
      name: 'upstream-429',
      fault: 'a gateway before upstream answers 429 with Retry-After',
      short: false,
      maxUpstreamCalls: 8,
      after: (site) => Promise.resolve(assertQuiet(site, retryAfterSeconds * 1000)),
      mutants: [
        {
          file: 'server/core/schedule.ts',
          from: 'Math.max(Math.min(retryAfterMs, longestRetryAfterMs), Math.round(doubled * (1 - 0.2 * random)))',
          to: 'Math.round(doubled * (1 - 0.2 * random))',
          why: 'Retry-After is not honoured',
        },
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'expiredCredential' }], reason: 'BadResponse', hits: 4 },
    {
      name: 'upstream-expired-token',
      fault: 'upstream hands out tokens that have expired already',
      short: false,
      maxUpstreamCalls: 10,
      mutants: [
        [
          {
            file: 'server/providers/ecr/token.ts',
            from: 'if (end.getTime() <= issuedAt.getTime()) {',
            to: 'if (end.getTime() <= 0) {',
            why: 'a token that has expired counts as an answer',
          },
          {
            file: 'server/core/decide.ts',
            from: "  if (!isLive(fresh, now)) return 'upstream handed out a credential that has already expired'\n",
            to: '',
            why: 'an expired answer replaces what is held',
          },
          {
            file: 'server/core/decide.ts',
            from: '  return fresh.expiresAt > held.expiresAt\n',
            to: '  return fresh.expiresAt !== undefined\n',
            why: 'so does one that ends earlier',
          },
        ],
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'html' }, { ecr: 'garbage' }, { ecr: 'noColon' }], reason: 'BadResponse', hits: 2 },
    {
      name: 'upstream-garbage',
      fault: 'upstream answers 200 with a login page, with another JSON, with a token that is none',
      short: false,
      maxUpstreamCalls: 18,
      mutants: [
        {
          file: 'server/providers/ecr/token.ts',
          from: 'if (colon < 1 || colon === pair.length - 1) return undefined',
          to: 'if (pair.length < 1) return undefined',
          why: 'any text is taken for user and password',
        },
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'truncated' }], reason: 'Unavailable', hits: 4 },
    {
      name: 'upstream-truncated',
      fault: 'answers of upstream end in the middle',
      short: false,
      maxUpstreamCalls: 16,
      mutants: [
        [
          {
            file: 'server/providers/ecr/upstream-facts.ts',
            from: "  ERR_STREAM_PREMATURE_CLOSE: 'connection',\n",
            to: '',
            why: 'an answer that ends in the middle is not known as such',
          },
          {
            file: 'server/providers/ecr/upstream-facts.ts',
            from: "  ECONNRESET: 'connection',\n",
            to: '',
            why: 'nor by its other name',
          },
        ],
      ],
    },
  ),
  row(
    { faults: [{ ecr: 'reset' }], reason: 'Unavailable', hits: 8 },
    {
      name: 'upstream-resets',
      fault: 'upstream breaks connections instead of answering',
      short: false,
      maxUpstreamCalls: 20,
      mutants: [
        [
          {
            file: 'server/controller/identities.ts',
            from: '      failure = toFailure(error, now())\n',
            to: '      failure = toFailure(error, now())\n      state.credential = undefined\n',
            why: 'a refresh that fails forgets the credential that is held',
          },
          {
            file: 'server/controller/reconcile.ts',
            from: '    if (tag !== undefined && credential !== undefined) runtime.inUse = {',
            to: '    runtime.inUse = tag === undefined || fresh === undefined ? undefined : {',
            why: 'and the one in use',
          },
          {
            file: 'server/controller/reconcile.ts',
            from: 'credential, identityTag: tag, hosts }',
            to: 'credential: fresh, identityTag: tag, hosts }',
            why: 'so that the last good one does not stay',
          },
        ],
      ],
    },
  ),
]
