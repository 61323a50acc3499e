// What the server is allowed to see, and the kinds that it serves, go and come back. None of it says that a Secret is unwanted.
import type { KubeObject } from '../../testbed/kube-client.ts'
import type { Row } from '../row.ts'
import { refreshAndGrow, type Site } from '../site.ts'
import { audited } from './signs.ts'

const clusterRole = '/apis/rbac.authorization.k8s.io/v1/clusterroles/token-registries-server'
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const kinds = ['tokenregistries', 'clustertokenregistries']

interface ClusterRole extends KubeObject {
  readonly rules: readonly { readonly resources?: readonly string[] }[]
}

/** Refused requests of the server about the kinds, over the whole row. */
async function refusals(site: Site): Promise<number> {
  const refused = await audited(
    site,
    ({ objectRef, responseStatus, userAgent = '' }) =>
      responseStatus?.code === 403 &&
      kinds.includes(objectRef?.resource ?? '') &&
      userAgent.startsWith('token-registries/'),
  )
  return refused.length
}

/** Takes the rights on registries away while the server runs, and lets it start anew without them. */
async function withdrawRights(site: Site): Promise<() => Promise<unknown>> {
  const { rules } = await site.cp.admin.get<ClusterRole>(clusterRole)
  const rest = rules.filter(({ resources = [] }) => !kinds.some((kind) => resources.includes(kind)))
  await site.cp.admin.patch(clusterRole, { rules: rest })
  site.api.cutWatches()
  await site.until('refused watches', async () => (await refusals(site)) >= 3)
  const before = await refusals(site)
  await site.replica.crash()
  await site.until('refused lists of the next process', async () => (await refusals(site)) >= before + 3)
  return () => site.cp.admin.patch(clusterRole, { rules })
}

/** What somebody who keeps it elsewhere applies anew: neither state nor what the API server adds. */
function asApplied({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = metadata ?? {}
  const kept = Object.entries({ name, namespace, labels, annotations }).filter(
    ([, value]) => value !== undefined,
  )
  return { apiVersion, kind, metadata: Object.fromEntries(kept), spec } as KubeObject
}

async function recreateKinds(site: Site): Promise<void> {
  const { admin } = site.cp
  const registries = await site.registryObjects()
  const paths = kinds.map((kind) => `${crds}/${kind}.tokenregistries.io`)
  const definitions = await Promise.all(paths.map((path) => admin.get(path)))
  await Promise.all(paths.map((path) => admin.delete(path)))
  await Promise.all(paths.map((path) => admin.waitUntilGone(path)))
  await site.until('the loss to show in /readyz', async () => !(await site.replica.isReady()))
  for (const definition of definitions) await admin.create(crds, asApplied(definition))
  await site.until(
    'the sweep to look at all Secrets',
    async () => (await keptByCrd(site)) >= registries.length,
  )
  for (const { path, object } of registries) {
    const { apiVersion, kind } = path.includes('/clustertokenregistries/')
      ? { apiVersion: 'tokenregistries.io/v1alpha1', kind: 'ClusterTokenRegistry' }
      : { apiVersion: 'tokenregistries.io/v1alpha1', kind: 'TokenRegistry' }
    await admin.create(path.slice(0, path.lastIndexOf('/')), asApplied({ ...object, apiVersion, kind }))
  }
}

/** Secrets that the sweep kept since they are older than their owner's kind. */
function keptByCrd({ replica }: Site): Promise<number> {
  const kept = replica.log.filter((line) => line.includes('"reason":"CrdRecreated"'))
  return Promise.resolve(new Set(kept.map((line) => /"namespace":"[^"]*"/.exec(line)?.[0])).size)
}

export const rightsRows: readonly Row[] = [
  {
    name: 'rights-withdrawn',
    fault:
      "the server's rights on registries are withdrawn, it starts anew without them, and they are given back",
    stage: 'sweep',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      let giveBack: (() => Promise<unknown>) | undefined
      await site.fault(async () => {
        giveBack = await withdrawRights(site)
      })
      await refreshAndGrow(site)
      await site.fault(() => giveBack?.())
    },
    hits: refusals,
    mutants: [
      [
        {
          file: 'server/kube/reflector.ts',
          from: '    this.#forbidden = isForbidden(error)\n',
          to: '    this.#forbidden = isForbidden(error)\n    if (this.#forbidden) { this.#options.handler.replaced?.(new Set()); this.#synced = true }\n',
          why: 'a list that is refused counts as empty',
        },
        {
          file: 'server/controller/sweeper.ts',
          from: "      return isNotFound(error) && named ? { found: 'no' } : { found: 'unclear', why: String(error) }\n",
          to: "      return named || !isNotFound(error) ? { found: 'no' } : { found: 'unclear', why: String(error) }\n",
          why: 'an owner that may not be read counts as gone',
        },
      ],
    ],
  },
  {
    name: 'kinds-recreated',
    fault: 'the CRDs are deleted with all registries, made again, and the registries are applied anew',
    stage: 'sweep',
    short: false,
    story: 'refresh-and-grow',
    // Registries with new uids cannot prove that the credentials in place were theirs.
    maxUpstreamCalls: 6,
    async run(site) {
      await site.fault(() => recreateKinds(site))
      await site.fault(() => site.untilConverged())
      await refreshAndGrow(site)
    },
    hits: keptByCrd,
    mutants: [
      {
        file: 'server/core/sweep.ts',
        from: "  if (candidate.createdAt < crd.createdAt) return keep('CrdRecreated')\n",
        to: '',
        why: 'a Secret whose registry went with its kind counts as unwanted',
      },
    ],
  },
]
