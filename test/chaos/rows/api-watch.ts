// Faults of watches and of the lists that begin them.
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'

const isWatch = ({ query }: ProxiedRequest): boolean => query.has('watch')

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
        to: '        return this.#setPhase("stopped")\n',
        why: 'a watch that breaks is not opened anew',
      },
    ],
  },
]
