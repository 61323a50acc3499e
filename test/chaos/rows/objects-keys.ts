// The Secrets with the keys that registries name: deleted, made again, changed.
import type { Row } from '../row.ts'
import type { Site } from '../site.ts'
import { deletionsOf, stallUpstream, untilAmber, untilServed, untilStalled } from '../told.ts'

/** Where the keys of the standard setup lie. */
function keysOf(site: Site): { user: string; namespace: string; name: string }[] {
  return [
    { user: 'base', namespace: site.bed.bed.chart.namespace, name: `${site.full('base')}-keys` },
    { user: 'own', namespace: site.full('own'), name: 'aws-keys' },
  ]
}

async function deleteKeys(site: Site): Promise<void> {
  for (const { namespace, name } of keysOf(site))
    await site.cp.admin.delete(`/api/v1/namespaces/${namespace}/secrets/${name}`)
}

/** Exactly as they were. */
async function restoreKeys(site: Site): Promise<void> {
  for (const { user, namespace, name } of keysOf(site)) {
    const { accessKeyId, secretAccessKey } = site.users.get(user) ?? {}
    await site.cp.admin.create(`/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name },
      stringData: { accessKeyId, secretAccessKey },
    })
  }
}

/** Somebody puts the key of another user into the Secret of `own`. */
async function changeKeys(site: Site): Promise<void> {
  const key = site.aws.world.addUser({ name: site.full('other') })
  site.users.set('other', key)
  const { accessKeyId, secretAccessKey } = key
  await site.cp.admin.patch(`/api/v1/namespaces/${site.full('own')}/secrets/aws-keys`, {
    stringData: { accessKeyId, secretAccessKey },
  })
}

export const objectKeysRows: readonly Row[] = [
  {
    name: 'keys-deleted',
    fault: 'the Secrets with the keys are deleted, and made again later',
    stage: 'gather',
    short: false,
    story: 'refresh-and-grow',
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(() => deleteKeys(site))
      await site.refresh()
      await site.fault(() => untilAmber(site, 'ReferenceMissing'))
      await site.addNamespace('late')
      await site.fault(async () => {
        await untilServed(site, 'late')
        await restoreKeys(site)
      })
    },
    async hits(site) {
      const counts: number[] = []
      for (const { namespace, name } of keysOf(site)) counts.push(await deletionsOf(site, namespace, name))
      return Math.min(...counts)
    },
    mutants: [
      {
        file: 'server/controller/controller.ts',
        from: 'foreignSecretChanged(namespace: string, name: string): void {\n    this.#materialChanged(namespace, name)\n',
        to: 'foreignSecretChanged(namespace: string, name: string): void {\n',
        why: 'keys that come back are not noticed',
      },
    ],
  },
  {
    name: 'keys-changed',
    fault: 'the keys become those of another user while a refresh with the old ones is under way',
    stage: 'gather',
    short: false,
    maxUpstreamCalls: 5,
    async run(site) {
      await stallUpstream(site, () => site.refresh(), 2)
      await changeKeys(site)
      await untilStalled(site, 3)
      await site.fault(() => site.bed.upstream.heal())
    },
    hits: (site) => site.bed.upstream.silenced,
    mutants: [
      {
        file: 'server/controller/gather.ts',
        from: 'known?.generation === registry.generation && known.epoch === epoch',
        to: 'known?.generation === registry.generation',
        why: 'keys that changed are not read again',
      },
    ],
  },
]
