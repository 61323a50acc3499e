import { randomBytes } from 'node:crypto'
import { stateSecretType } from '../core/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { isAlreadyExists, isNotFound } from '../kube/errors.ts'
import { secretPath } from '../kube/paths.ts'
import type { Secret } from '../kube/types.ts'

const dataKey = 'macKey'
const keyBytes = 32

/**
 * The key that vouches for our Secrets, made once per cluster and kept in the server's own namespace. When it is
 * lost, a new one is made and every credential is asked for once more.
 * @throws KubeError; Error when the Secret is there without a usable key
 */
export async function loadMacKey(client: KubeClient, namespace: string, name: string): Promise<Buffer> {
  const found = await readKey(client, namespace, name)
  if (found !== undefined) return found
  const key = randomBytes(keyBytes)
  try {
    await client.request({
      method: 'POST',
      path: secretPath(namespace),
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace },
        type: stateSecretType,
        immutable: true,
        data: { [dataKey]: key.toString('base64') },
      },
    })
    return key
  } catch (error) {
    if (!isAlreadyExists(error)) throw error // another replica was faster: its key counts
    return loadMacKey(client, namespace, name)
  }
}

async function readKey(client: KubeClient, namespace: string, name: string): Promise<Buffer | undefined> {
  let secret: Secret
  try {
    secret = await client.request<Secret>({ method: 'GET', path: secretPath(namespace, name) })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
  const key = Buffer.from(secret.data?.[dataKey] ?? '', 'base64')
  if (secret.type === stateSecretType && key.length === keyBytes) return key
  throw new Error(
    `Secret ${namespace}/${name} must be of type ${stateSecretType} with ${keyBytes} bytes under ${dataKey}; delete it, and it is made anew`,
  )
}
