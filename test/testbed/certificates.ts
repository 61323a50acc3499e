// Certificates of the testbed's own authority, and the key pair for ServiceAccount tokens.
import { execFile } from 'node:child_process'
import { generateKeyPair } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureBinary } from './binary.ts'
import { childEnvironment } from './server-process.ts'

const run = promisify(execFile)
const makeKeyPair = promisify(generateKeyPair)

/** A certificate to issue. */
export interface CertificateOptions {
  /** Folder of the authority (ca.crt, ca.key), which is made there on first use. */
  folder: string
  /** Base name of the two files; issuing the same name again rotates it. */
  name: string
  /** Names and addresses it is valid for (default: 127.0.0.1 and localhost). */
  hosts?: string[]
  /** Validity in days (default 30); a negative number makes an expired one. */
  days?: number
}

/** Paths of a certificate, its key and the authority that signed it, all PEM. */
export interface CertificateFiles {
  certFile: string
  keyFile: string
  caFile: string
}

/** Issues an EC certificate for servers and clients, signed by the folder's own authority. */
export async function issueCertificate(options: CertificateOptions): Promise<CertificateFiles> {
  const { folder, name, hosts = ['127.0.0.1', 'localhost'], days = 30 } = options
  await mkdir(folder, { recursive: true })
  const args = ['--dir', folder, '--name', name, '--hosts', hosts.join(','), '--days', String(days)]
  await run(await ensureBinary(), ['certs', ...args], { env: childEnvironment(folder) })
  return {
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
    caFile: join(folder, 'ca.crt'),
  }
}

/** Writes an RSA key pair (sa.key, sa.pub) for signing ServiceAccount tokens and returns both paths. */
export async function makeServiceAccountKeys(
  folder: string,
): Promise<{ privateKeyFile: string; publicKeyFile: string }> {
  const { privateKey, publicKey } = await makeKeyPair('rsa', { modulusLength: 2048 })
  const privateKeyFile = join(folder, 'sa.key')
  const publicKeyFile = join(folder, 'sa.pub')
  await mkdir(folder, { recursive: true })
  await writeFile(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  return { privateKeyFile, publicKeyFile }
}
