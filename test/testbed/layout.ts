// Everything a control plane finds on disk before it starts.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate, makeServiceAccountKeys, type CertificateFiles } from './certificates.ts'
import { auditPolicy, type PlaneLayout } from './flags.ts'
import { freePort } from './ports.ts'
import { tokenFile, type KnownUser } from './users.ts'

/** Makes certificates, keys and configuration files in the folder and chooses the ports. */
export async function layOut(
  folder: string,
  users: Map<string, KnownUser>,
): Promise<{ layout: PlaneLayout; url: string }> {
  const pki = await makePki(folder)
  const apiPort = await freePort()
  const url = `https://127.0.0.1:${apiPort}`
  const layout: PlaneLayout = {
    ...pki,
    etcdPort: await freePort(),
    etcdPeerPort: await freePort(),
    apiPort,
    etcdData: join(folder, 'etcd-data'),
    tokenFile: join(folder, 'tokens.csv'),
    auditPolicy: join(folder, 'audit-policy.json'),
    auditLog: join(folder, 'audit.log'),
    adminKubeconfig: join(folder, 'kubeconfig-controllers'),
  }
  const admin = users.get('admin')
  await Promise.all([
    writeFile(layout.tokenFile, tokenFile(users.values()), { mode: 0o600 }),
    writeFile(layout.auditPolicy, JSON.stringify(auditPolicy)),
    writeFile(layout.adminKubeconfig, kubeconfig(url, layout.caFile, admin?.token ?? ''), { mode: 0o600 }),
  ])
  return { layout, url }
}

/**
 * Makes an authority, the API server's certificate and the key pair for ServiceAccount tokens, in place of those that
 * the folder may have already.
 */
export async function makePki(
  folder: string,
): Promise<CertificateFiles & Pick<PlaneLayout, 'serviceAccountKey' | 'serviceAccountPublicKey'>> {
  const pki = join(folder, 'pki')
  await rm(pki, { recursive: true, force: true })
  await mkdir(pki)
  const hosts = ['127.0.0.1', 'localhost', 'kubernetes.default.svc', '10.0.0.1']
  const [certificate, { privateKeyFile, publicKeyFile }] = await Promise.all([
    issueCertificate({ folder: pki, name: 'apiserver', hosts }),
    makeServiceAccountKeys(pki),
  ])
  return { ...certificate, serviceAccountKey: privateKeyFile, serviceAccountPublicKey: publicKeyFile }
}

/** The content of a kubeconfig for one cluster and one token; JSON is YAML. */
export function kubeconfig(server: string, caFile: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'testbed', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'testbed', user: { token } }],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user: 'testbed' } }],
    'current-context': 'testbed',
  })
}
