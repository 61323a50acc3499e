// A standby that knows less than it believes.
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import type { Row } from '../row.ts'
import { shortLease } from './settings.ts'

const isSecretWatch = ({ query, resource }: ProxiedRequest): boolean =>
  query.has('watch') && resource === 'secrets'

export const takeoverRows: readonly Row[] = [
  {
    name: 'takeover-behind',
    fault: 'the leader is killed after a refresh of which the watches of the standby have told only in part',
    stage: 'start',
    short: true,
    story: 'refresh-and-late',
    env: shortLease,
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        await site.startServer({ name: 'standby' })
        site.api.inject('behind', { when: isSecretWatch, effect: { kind: 'mute' } })
      })
      await site.refresh()
      await site.untilConverged()
      await site.fault(async () => {
        await site.replica.stop()
        await site.until('the standby to lead', () => site.replicas[1]?.leads)
      })
      await site.addNamespace('late')
      await site.untilConverged()
    },
    hits: (site) => site.api.hits('behind'),
    mutants: [
      {
        file: 'server/server.ts',
        from: '      if (this.#watches?.complete === true) await this.#catchUp(this.#watches)\n',
        to: '',
        why: 'a new leader trusts what it had listed as a standby',
      },
    ],
  },
]
