// Faults of lists, and of answers that do not come whole.
import assert from 'node:assert/strict'
import { errorEvent, refusal, type ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, standardSetup, type Site } from '../site.ts'

const isPage = ({ method, query }: ProxiedRequest): boolean => method === 'GET' && query.has('continue')

async function setupWithThree(site: Site): Promise<void> {
  await site.addRegistry('second')
  await site.addRegistry('third')
  await standardSetup(site)
}

const badEnd = 'no failed page ends a list'

export const apiListRows: readonly Row[] = [
  {
    name: 'gone-at-list',
    fault: 'small pages expire with 410 before the list is at its end',
    stage: 'start',
    short: true,
    story: 'refresh-and-grow',
    env: { LIST_PAGE_SIZE: '2' },
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        const when = (request: ProxiedRequest): boolean =>
          isPage(request) && request.query.get('limit') === '2'
        site.api.inject('gone', { when, effect: refusal(410, 'Expired') })
        await site.replica.crash()
      })
      await refreshAndGrow(site)
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('gone'),
    mutants: [
      {
        file: 'server/kube/list.ts',
        from: '      limit *= 4\n',
        to: '',
        why: 'a list that expires is begun again with pages as small as before',
      },
    ],
  },
  {
    name: 'list-page-2',
    fault: 'the list of registries fails on its second page, while watches are too old to go on',
    stage: 'watch',
    short: true,
    env: { LIST_PAGE_SIZE: '2' },
    setup: setupWithThree,
    maxUpstreamCalls: 8,
    async run(site) {
      const ofRegistries = ({ resource }: ProxiedRequest): boolean => resource === 'tokenregistries'
      await site.fault(async () => {
        const isSecondPage = (request: ProxiedRequest): boolean => ofRegistries(request) && isPage(request)
        site.api.inject('page-2', { when: isSecondPage, effect: refusal(503, 'ServiceUnavailable') })
        const isWatch = (request: ProxiedRequest): boolean =>
          ofRegistries(request) && request.query.has('watch')
        site.api.inject('too-old', { when: isWatch, effect: errorEvent(410, 'Expired') })
        site.api.cutWatches(ofRegistries)
        await site.until('three tries at page 2', () => site.api.hits('page-2') >= 3)
        assert.equal(await site.replica.isReady(), false, `${badEnd}: /readyz says no`)
        await site.replica.crash()
        const before = site.api.hits('page-2')
        await site.until('tries of the new process', () => site.api.hits('page-2') >= before + 2)
        await site.replica.untilStarted()
        assert.equal(await site.replica.isReady(), false, `${badEnd}: /readyz says no`)
      })
      await refreshAndGrow(site)
    },
    hits: (site) => site.api.hits('page-2'),
    mutants: [
      {
        file: 'server/kube/list.ts',
        from: 'await requestPage<T>(request, limit, token)\n',
        to: `await requestPage<T>(request, limit, token).catch((error) => {
      if (token === undefined) throw error
      return { items: [], metadata: {} }
    })\n`,
        why: 'a page that fails counts as the last one',
      },
    ],
  },
  {
    name: 'truncated-answers',
    fault: 'answers to reads end in the middle, some as if that were all',
    stage: 'all',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        const isList = ({ method, query }: ProxiedRequest): boolean => method === 'GET' && query.has('limit')
        const isKeys = ({ method, path }: ProxiedRequest): boolean =>
          method === 'GET' && path.endsWith('keys')
        site.api.inject('clean', { when: isList, effect: { kind: 'truncate', clean: true }, times: 4 })
        site.api.inject('broken', { when: isList, effect: { kind: 'truncate', clean: false }, times: 4 })
        const isCopy = ({ method, path }: ProxiedRequest): boolean =>
          method === 'GET' && path.includes(`/namespaces/${site.id}-`) && path.includes('/secrets/')
        site.api.inject('copy', { when: isCopy, effect: { kind: 'truncate', clean: true }, times: 2 })
        site.api.inject('keys', { when: isKeys, effect: { kind: 'truncate', clean: true }, times: 2 })
        await site.replica.crash()
        await site.until('the new process to be ready', () => site.replica.isReady())
        await site.until('work by the new process', () => site.replica.leads)
        await site.untilConverged()
      })
      await refreshAndGrow(site)
      await site.fault(() => site.until('all of them', () => truncated(site) === 12))
    },
    hits: truncated,
    mutants: [
      {
        file: 'server/kube/client.ts',
        from: "    throw new KubeError({ status: 0, reason: 'BadResponse', message: `${what}: the answer is not JSON` })\n",
        to: '    return { items: [], metadata: {} }\n',
        why: 'an answer that is no JSON counts as an empty one',
      },
    ],
  },
]

function truncated(site: Site): number {
  return ['clean', 'broken', 'copy', 'keys'].reduce((sum, name) => sum + site.api.hits(name), 0)
}
