// Others make, overwrite, change or delete Secrets under the names of ours.
import assert from 'node:assert/strict'
import type { ProxiedRequest } from '../../fakes/api-proxy.ts'
import { registries, type RegistryView, type SecretView } from '../../integration/harness.ts'
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { deletionsOf, untilServed, untilTold } from '../told.ts'

const managedBy = 'app.kubernetes.io/managed-by'
const docker = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }

function secretPath(site: Site, namespace: string): string {
  return `/api/v1/namespaces/${site.full(namespace)}/secrets/${site.full('base')}`
}

async function untilNotOwner(site: Site, namespace: string, message: RegExp): Promise<void> {
  const read = (): Promise<RegistryView> => site.cp.admin.get(registries.clusterPath(site.full('base')))
  await site.until(
    `NotOwner for ${namespace}, with ${message}`,
    async () => {
      const { status } = await read()
      return status?.failures?.some(
        (failure) =>
          failure.namespace === site.full(namespace) &&
          failure.reason === 'NotOwner' &&
          message.test(failure.message),
      )
    },
    async () => JSON.stringify((await read()).status?.failures),
  )
}

/** Nobody has written it since. */
async function assertUntouched(site: Site, namespace: string, version: string | undefined): Promise<void> {
  const { metadata } = await site.cp.admin.get<SecretView>(secretPath(site, namespace))
  assert.equal(metadata?.resourceVersion, version, `the Secret in ${namespace} was written`)
}

/** As Rancher writes a project-scoped secret over one of the same name: data and labels replaced, marks added. */
async function copyOver(site: Site, namespace: string): Promise<void> {
  site.mayVanish.add(`${site.full(namespace)}/${site.full('base')}`)
  const mark = 'management.cattle.io/project-scoped-secret'
  await site.tamper(namespace, site.full('base'), {
    metadata: {
      labels: { [managedBy]: null, 'tokenregistries.io/owner-uid': null, [mark]: 'p-chaos' },
      annotations: { [`${mark}-copy`]: 'true', 'secret.user.cattle.io/secret': 'true' },
    },
    data: docker,
  })
}

async function deleteSecret(site: Site, namespace: string): Promise<void> {
  site.mayVanish.add(`${site.full(namespace)}/${site.full('base')}`)
  await site.cp.admin.delete(secretPath(site, namespace))
}

const isWrite = ({ method, resource }: ProxiedRequest): boolean =>
  method === 'PATCH' && resource === 'secrets'

export const objectSecretsRows: readonly Row[] = [
  {
    name: 'foreign-secret',
    fault: 'a Secret of somebody else has the name in a namespace, and goes later',
    stage: 'write',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      const late = await site.addNamespace('late', { labels: {} })
      let foreign: SecretView | undefined
      await site.fault(async () => {
        foreign = await site.cp.admin.create<SecretView>(`/api/v1/namespaces/${late}/secrets`, {
          metadata: { name: site.full('base') },
          type: 'kubernetes.io/dockerconfigjson',
          data: docker,
        })
      })
      await site.cp.admin.patch(`/api/v1/namespaces/${late}`, { metadata: { labels: { chaos: site.id } } })
      await site.refresh()
      await site.fault(async () => {
        await untilTold(site, 'base', 'the one refresh', ({ answered }) => answered === true)
        await untilNotOwner(site, 'late', /left as it is/)
        await assertUntouched(site, 'late', foreign?.metadata?.resourceVersion)
        await deleteSecret(site, 'late')
      })
    },
    hits: (site) => deletionsOf(site, site.full('late'), site.full('base')),
    mutants: [
      {
        file: 'server/core/decide-target.ts',
        from: '  if (!handedOver) {\n',
        to: '  if (!handedOver && found.immutable) {\n',
        why: 'what stands in the way is taken over without being handed over',
      },
    ],
  },
  {
    name: 'rancher-copy',
    fault: 'Rancher copies a project-scoped secret over ours, and takes it back later',
    stage: 'write',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => copyOver(site, 'a'))
      const copy = await site.secret('a', site.full('base'))
      await site.refresh()
      await site.addNamespace('late')
      await site.fault(async () => {
        await untilServed(site, 'late')
        await untilNotOwner(site, 'a', /copy of one of Rancher's project-scoped secrets/)
        await assertUntouched(site, 'a', copy?.metadata?.resourceVersion)
        await deleteSecret(site, 'a')
      })
    },
    hits: (site) => deletionsOf(site, site.full('a'), site.full('base')),
    mutants: [
      {
        file: 'server/core/decide-target.ts',
        from: "  return marks[rancherCopyAnnotation] === 'true'\n",
        to: '  return marks[rancherCopyAnnotation] === undefined\n',
        why: "Rancher's marks are not known",
      },
    ],
  },
  {
    name: 'secrets-touched',
    fault: 'during a fan-out one Secret is deleted, one is changed, and one is taken out of our hands',
    stage: 'write',
    short: true,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      const name = site.full('base')
      await site.fault(() => site.api.inject('writes', { when: isWrite, effect: { kind: 'hold' } }))
      await site.refresh()
      await site.fault(async () => {
        await site.until('all writes to be under way', () => site.api.hits('writes') >= 6)
        await deleteSecret(site, 'a')
        await site.tamper('b', name, { data: docker })
        await site.tamper('c', name, { metadata: { labels: { [managedBy]: null } } })
        const released = await site.secret('c', name)
        site.api.heal('writes')
        await untilNotOwner(site, 'c', /has lost its label .* left as it is/)
        await assertUntouched(site, 'c', released?.metadata?.resourceVersion)
        await site.tamper('c', name, { metadata: { labels: { [managedBy]: 'token-registries' } } })
      })
      await site.addNamespace('late')
    },
    hits: (site) => site.api.hits('writes'),
    mutants: [
      [
        {
          file: 'server/controller/secret-writer.ts',
          from: '      if (isOurs(secret.metadata)) secrets.observeFull(secret)\n      else secrets.forget(namespace, name)\n',
          to: '      secrets.observeFull(secret)\n',
          why: 'a Secret that has lost our label counts as ours when it is read',
        },
        {
          file: 'server/controller/secret-cache.ts',
          from: '    this.#remove(key)\n    this.#emit(object, known.annotations',
          to: '    this.#emit(object, known.annotations',
          why: 'and when the watch tells of it',
        },
      ],
    ],
  },
]
