// Namespaces that hang in their deletion, come back under their name, or move to another project.
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import { errorEvent } from '../../fakes/api-proxy.ts'
import { projectKey } from '../../testbed/rancher.ts'
import type { Row } from '../row.ts'
import { standardNamespaces, type Site } from '../site.ts'
import { deletionsOf, untilServed, untilTold } from '../told.ts'

const holder = 'chaos.example/hold'

function namespacePath(site: Site, name: string): string {
  return `/api/v1/namespaces/${site.full(name)}`
}

/** Somebody deletes a namespace; what is in it goes with it. */
async function deleteNamespace(site: Site, name: string): Promise<void> {
  site.mayVanish.add(site.full(name))
  await site.cp.admin.delete(namespacePath(site, name))
}

const followed = ({ resource }: ProxiedRequest): boolean => ['secrets', 'namespaces'].includes(resource)
const isWatch = (request: ProxiedRequest): boolean => followed(request) && request.query.has('watch')
const isList = (request: ProxiedRequest): boolean =>
  followed(request) && request.method === 'GET' && !isWatch(request) && request.path.split('/').length < 5

/** The server sees nothing of Secrets and namespaces until `see`; then only lists, no events of what went before. */
function blind({ api }: Site): void {
  api.inject('lists', { when: isList, effect: { kind: 'hold' } })
  api.inject('watches', { when: isWatch, effect: errorEvent(410, 'Expired') })
  api.cutWatches(followed)
}

function see({ api }: Site): void {
  api.heal('watches')
  api.heal('lists')
}

/** Two projects; `base` serves the namespaces of the first. */
function projectOf(site: Site, part: 'first' | 'second'): Record<string, string> {
  return { [projectKey]: `c-${site.id}:p-${part}` }
}

async function projectSetup(site: Site): Promise<void> {
  const annotations = projectOf(site, 'first')
  await Promise.all(standardNamespaces.map((name) => site.addNamespace(name, { annotations })))
  await site.addClusterRegistry('base', { namespaces: { projects: [annotations[projectKey]] } })
  await site.addRegistry('own')
  await site.startServer()
  await site.untilConverged()
}

export const objectNamespacesRows: readonly Row[] = [
  {
    name: 'namespace-terminating',
    fault: 'a namespace is deleted, and a finalizer holds it',
    stage: 'write',
    short: false,
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() =>
        site.cp.admin.patch(namespacePath(site, 'e'), { metadata: { finalizers: [holder] } }),
      )
      await deleteNamespace(site, 'e')
      await site.fault(() =>
        site.until('its Secret to go', async () => !(await site.secret('e', site.full('base')))),
      )
      await site.refresh()
      await site.addNamespace('late')
      await site.fault(async () => {
        await untilServed(site, 'late')
        await untilTold(
          site,
          'base',
          'a refresh that is done without the namespace that goes',
          ({ Ready, answered }) => Ready === 'True Ready' && answered === true,
        )
        await site.cp.admin.patch(namespacePath(site, 'e'), { metadata: { finalizers: null } })
      })
      await site.cp.admin.waitUntilGone(namespacePath(site, 'e'))
    },
    hits: (site) => deletionsOf(site, site.full('e'), site.full('base')),
    mutants: [
      [
        {
          file: 'server/core/targets.ts',
          from: "  if (namespace.terminating) return 'held'\n",
          to: '',
          why: 'a namespace that goes is served like any other',
        },
        {
          file: 'server/controller/target-work.ts',
          from: 'if (isTerminating(thrown) || (',
          to: 'if ((',
          why: 'and that nothing can be made there counts as a failure',
        },
      ],
    ],
  },
  {
    name: 'namespace-recreated',
    fault: 'a namespace is deleted and made again under its name while the server sees nothing',
    stage: 'watch',
    short: false,
    maxUpstreamCalls: 2,
    async run(site) {
      await site.fault(async () => {
        blind(site)
        await site.until('the watches to break', () => site.api.hits('lists') > 0)
      })
      await deleteNamespace(site, 'e')
      await site.cp.admin.waitUntilGone(namespacePath(site, 'e'))
      await site.addNamespace('e')
      await site.fault(() => see(site))
    },
    hits: (site) => site.api.hits('lists'),
    mutants: [
      {
        file: 'server/controller/secret-cache.ts',
        from: '      this.#remove(key)\n      this.#tell(known)\n',
        to: '',
        why: 'what a complete list does not hold is believed to be there',
      },
    ],
  },
  {
    name: 'project-moves',
    fault: 'a namespace moves to another project while its Secret is being refreshed',
    stage: 'write',
    short: true,
    setup: projectSetup,
    maxUpstreamCalls: 4,
    async run(site) {
      const isWrite = ({ method, resource }: ProxiedRequest): boolean =>
        method === 'PATCH' && resource === 'secrets'
      await site.fault(() => site.api.inject('writes', { when: isWrite, effect: { kind: 'hold' } }))
      await site.refresh()
      await site.fault(() => site.until('all writes to be under way', () => site.api.hits('writes') >= 6))
      site.mayVanish.add(`${site.full('b')}/${site.full('base')}`)
      await site.cp.admin.patch(namespacePath(site, 'b'), {
        metadata: { annotations: projectOf(site, 'second') },
      })
      await site.addNamespace('late', { annotations: projectOf(site, 'first') })
      await site.fault(async () => {
        await untilServed(site, 'late')
        site.api.heal('writes')
      })
    },
    hits: (site) => site.api.hits('writes'),
    mutants: [
      {
        file: 'server/controller/world.ts',
        from: 'a.uid !== b.uid || a.project !== b.project ||',
        to: 'a.uid !== b.uid ||',
        why: 'a namespace that moves keeps what it had',
      },
    ],
  },
]
