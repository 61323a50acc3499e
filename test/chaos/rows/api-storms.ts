// Faults of the API server as a whole, for a while.
import { refusal, type ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, standardSetup, type Site } from '../site.ts'

const isNotLease = ({ path }: ProxiedRequest): boolean => !path.includes('/leases')

export const apiStormRows: readonly Row[] = [
  {
    name: 'storm-reads',
    fault: 'whatever is read is answered with 500 or 503, while the watches go on',
    stage: 'gather',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      const when = (request: ProxiedRequest): boolean =>
        request.method === 'GET' && !request.query.has('watch') && isNotLease(request)
      await site.fault(() => {
        site.api.inject('500', { when, effect: refusal(500, 'InternalError'), share: 0.5 })
        site.api.inject('503', { when, effect: refusal(503, 'ServiceUnavailable') })
      })
      await refreshAndGrow(site)
      await site.fault(() => site.until('six failed reads', () => refused(site) >= 6))
    },
    hits: refused,
    mutants: [
      {
        file: 'server/controller/reconcile.ts',
        from: '    if (problem === undefined) return undefined\n',
        to: '    return undefined\n',
        why: 'a registry whose material could not be read is not tried again',
      },
    ],
  },
  {
    name: 'storm-all',
    fault: 'everything is answered with 500 or 503, the Lease too, until the leader gives up',
    stage: 'lease',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        site.api.inject('500', { when: () => true, effect: refusal(500, 'InternalError'), share: 0.5 })
        site.api.inject('503', { when: () => true, effect: refusal(503, 'ServiceUnavailable') })
        site.api.cutWatches()
      })
      await refreshAndGrow(site)
      await site.fault(() => site.until('the leader to give up', () => site.replica.restarts >= 1))
    },
    hits: refused,
    mutants: [
      {
        file: 'server/main.ts',
        from: 'onLost: (reason) => end(1, reason)',
        to: 'onLost: () => undefined',
        why: 'a process that lost the Lease goes on',
      },
    ],
  },
  {
    name: 'slow-answers',
    fault: 'every answer takes ten seconds, those of the Lease excepted',
    stage: 'all',
    short: false,
    story: 'refresh-and-grow',
    patienceSeconds: 90,
    limitSeconds: 200,
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() =>
        site.api.inject('slow', { when: isNotLease, effect: { kind: 'delay', ms: 10_000 } }),
      )
      await refreshAndGrow(site)
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('slow'),
    mutants: [
      {
        file: 'server/kube/client.ts',
        from: 'const defaultTimeoutMs = 30_000\n',
        to: 'const defaultTimeoutMs = 8_000\n',
        why: 'an answer is given up after eight seconds',
      },
    ],
  },
  {
    name: 'hanging-requests',
    fault: 'writes are taken and never answered',
    stage: 'write',
    short: false,
    story: 'refresh-and-grow',
    patienceSeconds: 90,
    limitSeconds: 200,
    maxUpstreamCalls: 4,
    async run(site) {
      const when = ({ method, resource }: ProxiedRequest): boolean =>
        method === 'PATCH' && (resource === 'secrets' || resource.endsWith('/status'))
      await site.fault(() => site.api.inject('hang', { when, effect: { kind: 'hold' }, times: 3 }))
      await refreshAndGrow(site)
      await site.fault(() => site.until('three requests to hang', () => site.api.hits('hang') === 3))
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('hang'),
    mutants: [
      {
        file: 'server/kube/deadline.ts',
        from: '      this.#controller.abort(new TimeoutReached(`no answer within ${timeoutMs} ms`))\n',
        to: '',
        why: 'a request that hangs is waited for without end',
      },
    ],
  },
  {
    name: 'five-percent',
    fault: 'five of a hundred requests fail, each in another way, during a whole run',
    stage: 'all',
    short: false,
    limitSeconds: 240,
    patienceSeconds: 90,
    maxUpstreamCalls: 14,
    async setup(site) {
      await Promise.all(Array.from({ length: 60 }, (_, index) => site.addNamespace(`many-${index}`)))
      await standardSetup(site)
    },
    async run(site) {
      await site.fault(() => injectFivePercent(site))
      for (const round of [1, 2, 3, 4]) {
        await site.refresh()
        await site.addNamespace(`late-${round}`)
        await site.fault(() => {
          if (round % 2 === 0) site.api.cutWatches()
        })
        await site.untilConverged()
      }
    },
    hits: (site) => fivePercentKinds.reduce((sum, { name }) => sum + site.api.hits(name), 0),
    mutants: [
      {
        file: 'server/controller/target-work.ts',
        from: 'this.#retries.set(formatKey(registry.owner, namespace), new Date(now.getTime() + wait))',
        to: 'void wait',
        why: 'a write that failed is not tried again',
      },
    ],
  },
]

function refused(site: Site): number {
  return site.api.hits('500') + site.api.hits('503')
}

const everything = (): boolean => true
const isNoWatch = ({ query }: ProxiedRequest): boolean => !query.has('watch')
const isWrite = ({ method }: ProxiedRequest): boolean => method !== 'GET'

const fivePercentKinds = [
  { name: 'cut', fault: { when: everything, effect: { kind: 'cut' } } },
  { name: 'internal', fault: { when: everything, effect: refusal(500, 'InternalError') } },
  { name: 'unavailable', fault: { when: everything, effect: refusal(503, 'ServiceUnavailable') } },
  {
    name: 'too-many',
    fault: { when: everything, effect: refusal(429, 'TooManyRequests', 'injected', { 'retry-after': '1' }) },
  },
  { name: 'lost', fault: { when: isNoWatch, effect: { kind: 'loseAnswer' } } },
  { name: 'truncated', fault: { when: isNoWatch, effect: { kind: 'truncate', clean: true } } },
  { name: 'conflict', fault: { when: isWrite, effect: refusal(409, 'Conflict') } },
] as const

/** Each kind has its part, so that together they are five of a hundred. */
function injectFivePercent(site: Site): void {
  for (const { name, fault } of fivePercentKinds)
    site.api.inject(name, { ...fault, share: 0.05 / fivePercentKinds.length })
}
