// Certificates, authorities and tokens that change while the server runs. None of it may need a restart.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import type { Row } from '../row.ts'
import { refreshAndGrow, type Site } from '../site.ts'
import { patientLease } from './settings.ts'
import { assertNoRestart, audited, failedWatches, isUnauthorized } from './signs.ts'

/** A token of the server's ServiceAccount that ends with a Secret, as a pod's ends with the pod. */
async function boundToken(site: Site, secret: string): Promise<string> {
  const { namespace, serviceAccount } = site.bed.bed.chart
  const secrets = `/api/v1/namespaces/${namespace}/secrets`
  const { metadata } = await site.cp.admin.create(secrets, { metadata: { name: secret } })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: secret, uid: metadata?.uid }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
  const { status } = await site.cp.admin.create<{ status: { token: string } }>(path, {
    spec: { boundObjectRef },
  })
  return status.token
}

async function deleteServerSecret(site: Site, name: string): Promise<void> {
  await site.cp.admin.delete(`/api/v1/namespaces/${site.bed.bed.chart.namespace}/secrets/${name}`)
}

export const certificateRows: readonly Row[] = [
  {
    name: 'certificate-rotated',
    fault:
      'the API server shows a certificate of a new authority, and its file in the pod changes only later',
    stage: 'all',
    short: true,
    story: 'refresh-and-grow',
    env: patientLease,
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        await site.api.rotateCertificate()
        await site.until('a refused certificate', () => failedWatches(site.replica, 'certificate') > 0)
        await writeFile(site.replica.caFile, site.api.ca)
      })
      await refreshAndGrow(site)
    },
    hits: (site) => failedWatches(site.replica, 'certificate'),
    after: assertNoRestart,
    mutants: [
      {
        file: 'server/kube/connections.ts',
        from: '    if (known?.fingerprint === credentials.fingerprint) return known.dispatcher\n',
        to: '    if (known !== undefined) return known.dispatcher\n',
        why: 'connections are made with the authority that was read first',
      },
    ],
  },
  {
    name: 'token-rotated',
    fault: "the server's token is written anew, and the old one is refused from then on",
    stage: 'all',
    short: false,
    story: 'refresh-and-grow',
    env: patientLease,
    maxUpstreamCalls: 4,
    async run(site) {
      await site.fault(async () => {
        const { replica } = site
        const [first, second] = [site.full('token-1'), site.full('token-2')]
        await writeFile(replica.tokenFile, await boundToken(site, first))
        await replica.crash('SIGTERM')
        await site.until('the server with its first token', () => replica.isReady())
        await writeFile(replica.tokenFile, await boundToken(site, second))
        await deleteServerSecret(site, first)
        const refused = async (): Promise<boolean> => (await audited(site, isUnauthorized)).length > 0
        await site.until('a refused token', refused)
      })
      await refreshAndGrow(site)
    },
    hits: async (site) => (await audited(site, isUnauthorized)).length,
    after: (site) => {
      assert.equal(site.replica.restarts, 1, 'a rotated token needed a restart')
      return deleteServerSecret(site, site.full('token-2'))
    },
    mutants: [
      {
        file: 'server/kube/client.ts',
        from: '  if (error.status === 401 || isTlsFailure(error)) return true\n',
        to: '  if (isTlsFailure(error)) return true\n',
        why: 'a refusal makes nobody look whether there is a newer token',
      },
    ],
  },
]
