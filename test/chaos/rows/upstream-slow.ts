// Upstream answers in the end, but late: everything else goes on meanwhile.
import { registries } from '../../integration/harness.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { stallUpstream, untilServed } from '../told.ts'

/** A second registry with the identity of `own`, in its namespace. */
async function addTwin(site: Site): Promise<void> {
  const namespace = site.full('own')
  const { apiVersion, kind, spec } = await site.cp.admin.get(registries.path(namespace, 'own'))
  const metadata = { name: 'twin', namespace }
  await site.cp.admin.create(registries.path(namespace), { apiVersion, kind, metadata, spec })
}

export const upstreamSlowRows: readonly Row[] = [
  {
    name: 'upstream-slow',
    fault: 'answers of upstream come only when everything else has been done',
    stage: 'upstream',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      await stallUpstream(site, () => site.refresh(), 2)
      await site.addNamespace('late')
      await addTwin(site)
      await site.fault(async () => {
        await untilServed(site, 'late')
        await site.until('the twin to share what is held', () => site.secret('own', 'twin'))
        site.bed.upstream.heal()
      })
    },
    hits: (site) => site.bed.upstream.silenced,
    mutants: [
      {
        file: 'server/controller/target-work.ts',
        from: '    const { registry, rendered } = runtime\n    if (rendered === undefined ||',
        to: '    const { registry, rendered } = runtime\n    if (runtime.requestInCall !== undefined || rendered === undefined ||',
        why: 'a namespace that comes during a refresh waits for its end',
      },
    ],
  },
]
