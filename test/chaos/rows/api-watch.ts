// Faults of watches.
import assert from 'node:assert/strict'
import { errorEvent, refusal, type ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, type Site } from '../site.ts'

const isWatch = ({ query, resource }: ProxiedRequest): boolean => query.has('watch') && resource !== 'leases'
const isList = ({ method, query, path }: ProxiedRequest): boolean =>
  method === 'GET' && query.has('limit') && !query.has('watch') && !path.includes('/leases')

/** The version that a list would have now: what came before is what the server knows. */
async function versionNow(site: Site): Promise<number> {
  const { metadata } = await site.cp.admin.get('/api/v1/namespaces?limit=1')
  return Number(metadata?.resourceVersion)
}

/** As the API server does after etcd has compacted its history: no watch can go on from `limit` or before. */
async function expireHistory(site: Site, name: string, effect: ReturnType<typeof refusal>): Promise<void> {
  const limit = await versionNow(site)
  const when = (request: ProxiedRequest): boolean =>
    isWatch(request) && Number(request.query.get('resourceVersion')) <= limit
  site.api.inject(name, { when, effect })
  site.api.cutWatches(isWatch)
}

export const apiWatchRows: readonly Row[] = [
  {
    name: 'watch-dropped',
    fault: 'all watches break off again and again while things change',
    stage: 'watch',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => site.api.cutWatches())
      await site.refresh()
      await site.fault(() => site.api.cutWatches())
      await site.addNamespace('late')
      await site.fault(() => site.api.inject('cut', { when: isWatch, effect: { kind: 'cut' }, times: 7 }))
      await site.fault(() => site.api.cutWatches())
      await site.fault(() => site.until('seven watches to break', () => site.api.hits('cut') === 7))
    },
    hits: (site) => site.api.hits('cut'),
    mutants: [
      {
        file: 'server/kube/reflector.ts',
        from: '        await wait(waitMs, stopped)\n',
        to: "        return this.#setPhase('stopped')\n",
        why: 'a watch that breaks is not opened anew',
      },
    ],
  },
  {
    name: 'watch-silent',
    fault: 'connections of watches stay open, but no byte comes any more',
    stage: 'watch',
    short: true,
    story: 'refresh-and-grow',
    env: { WATCH_SILENCE_SECONDS: '2', WATCH_STALE_SECONDS: '20' },
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => site.api.inject('silence', { when: isWatch, effect: { kind: 'mute' } }))
      await refreshAndGrow(site)
      await site.fault(() => site.until('each watch to be silent', () => site.api.hits('silence') >= 7))
    },
    hits: (site) => site.api.hits('silence'),
    mutants: [
      {
        file: 'server/kube/watch.ts',
        from: '      this.fired = true\n      this.#abort()\n',
        to: '      this.fired = true\n',
        why: 'a silent watch is left as it is',
      },
    ],
  },
  {
    name: 'gone-at-watch',
    fault: 'watches are refused with 410, since their version is too old',
    stage: 'watch',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => expireHistory(site, 'gone', refusal(410, 'Expired')))
      await refreshAndGrow(site)
      await site.fault(() => site.until('four refused watches', () => site.api.hits('gone') >= 4))
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('gone'),
    mutants: [
      {
        file: 'server/kube/reflector.ts',
        from: "    else if (isGone(error)) this.#forgetVersion('the version is too old')\n",
        to: '',
        why: 'nothing is listed again after a 410',
      },
    ],
  },
  {
    name: 'gone-event',
    fault: 'watches begin and then say by an event that their version is too old',
    stage: 'watch',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => expireHistory(site, 'gone', errorEvent(410, 'Expired')))
      await refreshAndGrow(site)
      await site.fault(() => site.until('four ended watches', () => site.api.hits('gone') >= 4))
      await site.fault(() => site.untilConverged())
    },
    hits: (site) => site.api.hits('gone'),
    mutants: [
      {
        file: 'server/kube/watch.ts',
        from: '      request.onErrorEvent()\n      throw errorOfStatus(`watch ${request.path}`, event.object as unknown as Status)\n',
        to: '      return\n',
        why: 'an ERROR event is taken for nothing',
      },
    ],
  },
  {
    name: 'no-bookmarks',
    fault: 'the API server knows no bookmarks, so quiet watches know old versions only',
    stage: 'watch',
    short: true,
    story: 'refresh-and-grow',
    env: { WATCH_SILENCE_SECONDS: '1', WATCH_STALE_SECONDS: '20' },
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        site.api.inject('bookmarks', { when: isWatch, effect: { kind: 'withoutBookmarks' } })
        site.api.cutWatches(isWatch)
        await site.until('all watches without bookmarks', () => site.api.hits('bookmarks') >= 7)
        site.api.inject('lists', { when: isList, effect: { kind: 'count' } })
        await site.until('each watch to be silent twice', () => site.api.hits('bookmarks') >= 21)
        assert.equal(site.api.hits('lists'), 0, 'silence alone makes nobody list anything again')
      })
      await refreshAndGrow(site)
    },
    hits: (site) => site.api.hits('bookmarks'),
    mutants: [
      {
        file: 'server/kube/reflector.ts',
        from: "    this.#options.logger?.debug({ reflector: this.#options.name, end, events }, 'watch ended, resuming')\n",
        to: "    if (end === 'silent') this.#forgetVersion('it was silent')\n",
        why: 'a watch without bookmarks is listed again whenever it was silent',
      },
    ],
  },
]
