// Registries that change or go during their own refresh, and a CRD that is upgraded under the running server.
import assert from 'node:assert/strict'
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import { registries } from '../../integration/harness.ts'
import type { KubeObject } from '../../testbed/kube-client.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { stallUpstream, untilServed } from '../told.ts'

function ownPath(site: Site): string {
  return registries.path(site.full('own'), 'own')
}

/** Another account, another name of the Secret: the identity stays the same. */
async function edit(site: Site): Promise<void> {
  site.mayVanish.add(`${site.full('own')}/own`)
  await site.cp.admin.patch(ownPath(site), {
    spec: {
      provider: { ecr: { accounts: ['123456789012', '210987654321'] } },
      secret: { name: 'renamed' },
    },
  })
}

/** There was no moment without a Secret to pull with. */
function assertNewBeforeOld(site: Site): void {
  const at = (type: string, name: string): number =>
    site.secrets.versions.findIndex(
      ({ type: happened, object: { metadata } }) =>
        happened === type && metadata?.namespace === site.full('own') && metadata.name === name,
    )
  assert.ok(at('ADDED', 'renamed') >= 0 && at('ADDED', 'renamed') < at('DELETED', 'own'))
}

interface Crd extends KubeObject {
  readonly spec: { readonly versions: readonly CrdVersion[] }
}

interface CrdVersion {
  readonly additionalPrinterColumns: readonly object[]
  readonly schema: { openAPIV3Schema: { properties: { spec: { properties: object } } } }
}

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tokenregistries.tokenregistries.io'

/** As a later version of the chart has it: a field and a column more, the stored version stays. */
async function upgradeCrd(site: Site): Promise<readonly CrdVersion[]> {
  const { spec } = await site.cp.admin.get<Crd>(crdPath)
  const versions = structuredClone(spec.versions)
  for (const version of versions) {
    const { properties } = version.schema.openAPIV3Schema.properties.spec
    Object.assign(properties, { note: { type: 'string', maxLength: 64 } })
    Object.assign(version, {
      additionalPrinterColumns: [
        ...version.additionalPrinterColumns,
        { name: 'Note', type: 'string', jsonPath: '.spec.note' },
      ],
    })
  }
  await writeCrd(site, versions)
  return spec.versions
}

/** The API server answers 429 for a moment until it stores by the new CRD. */
async function writeCrd(site: Site, versions: readonly CrdVersion[]): Promise<void> {
  await site.cp.admin.patch(crdPath, { spec: { versions } })
  await site.until('the API server to serve the kind', async () => {
    const { status } = await site.cp.admin.request('GET', registries.path(site.full('own')))
    return status === 200
  })
}

const isRegistryWatch = ({ resource, query }: ProxiedRequest): boolean =>
  resource === 'tokenregistries' && query.has('watch')

export const objectRegistriesRows: readonly Row[] = [
  {
    name: 'registry-edited',
    fault: 'a registry is edited while its refresh is under way',
    stage: 'all',
    short: true,
    maxUpstreamCalls: 4,
    async run(site) {
      await stallUpstream(site, () => site.refresh(), 2)
      await edit(site)
      await site.fault(async () => {
        await site.until('the Secret under its new name', () => site.secret('own', 'renamed'))
        site.bed.upstream.heal()
      })
    },
    hits: (site) => site.bed.upstream.silenced,
    after: (site) => Promise.resolve(assertNewBeforeOld(site)),
    mutants: [
      [
        {
          file: 'server/controller/reconcile.ts',
          from: 'callRunning: state.call !== undefined,',
          to: 'callRunning: false,',
          why: 'a call that is under way is not waited for',
        },
        {
          file: 'server/controller/identities.ts',
          from: '    if (state.call !== undefined) return state.call\n',
          to: '',
          why: 'nor joined',
        },
      ],
    ],
  },
  {
    name: 'registry-deleted',
    fault: 'a registry is deleted while its refresh is under way',
    stage: 'all',
    short: false,
    maxUpstreamCalls: 4,
    async run(site) {
      await stallUpstream(site, () => site.refresh(), 2)
      site.mayVanish.add(`${site.full('own')}/own`)
      await site.cp.admin.delete(ownPath(site))
      await site.fault(async () => {
        await site.until('its Secret to go', async () => !(await site.secret('own', 'own')))
        site.bed.upstream.heal()
      })
    },
    hits: (site) => site.bed.upstream.silenced,
    mutants: [
      {
        file: 'server/controller/controller.ts',
        from: 'for (const namespace of this.runtimes.remove(owner))',
        to: 'for (const namespace of [] as string[])',
        why: 'a registry that is gone still claims its places',
      },
    ],
  },
  {
    name: 'crd-upgraded',
    fault: 'the CRD gets a field and a column more while the server runs',
    stage: 'watch',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      let before: readonly CrdVersion[] = []
      await site.fault(async () => {
        // No delay at all: this counts the watches that are opened anew.
        site.api.inject('again', { when: isRegistryWatch, effect: { kind: 'delay', ms: 0 } })
        before = await upgradeCrd(site)
        await site.until('the watch to be opened anew', () => site.api.hits('again') > 0)
        await site.cp.admin.patch(ownPath(site), { spec: { note: 'of a later version' } })
      })
      await site.refresh()
      await site.addNamespace('late')
      await site.fault(async () => {
        await untilServed(site, 'late')
        await site.cp.admin.patch(ownPath(site), { spec: { note: null } })
        await writeCrd(site, before)
      })
    },
    hits: (site) => site.api.hits('again'),
    mutants: [
      {
        file: 'server/kube/reflector.ts',
        from: "    this.#options.logger?.debug({ reflector: this.#options.name, end, events }, 'watch ended, resuming')\n",
        to: '    if (events >= 0) this.#stop.abort()\n',
        why: 'a watch that the API server ends is not opened again',
      },
    ],
  },
]
