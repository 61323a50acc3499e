import { randomBytes } from 'node:crypto'
import { stateSecretType } from '../core/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts'
import { secretPath } from '../kube/paths.ts'
import type { Secret } from '../kube/types.ts'

const dataKey = 'macKey'
const keyBytes = 32

/**
 * The key that vouches for our Secrets, made once per cluster and kept in the server's own namespace. When it is
 * lost, a new one is made and every credential is asked for once more. Where the server may make no Secrets, the
 * chart has made an empty one for it.
 * @throws KubeError; Error when the Secret is there without a usable key
 */
export async function loadMacKey(client: KubeClient, namespace: string, name: string): Promise<Buffer> {
  const path = secretPath(namespace, name)
  const found = await readState(client, path)
  if (found !== undefined && !isEmpty(found)) return keyOf(found, `${namespace}/${name}`)
  const key = randomBytes(keyBytes)
  const content = { immutable: true, data: { [dataKey]: key.toString('base64') } }
  try {
    if (found === undefined) {
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace },
        type: stateSecretType,
        ...content,
      }
      await client.request({ method: 'POST', path: secretPath(namespace), body })
    } else {
      const { uid, resourceVersion } = found.metadata
      await client.request({
        method: 'PATCH',
        path,
        body: { metadata: { uid, resourceVersion }, ...content },
      })
    }
    return key
  } catch (error) {
    if (!isAlreadyExists(error) && !isConflict(error)) throw error // another replica was faster: its key counts
    return loadMacKey(client, namespace, name)
  }
}

async function readState(client: KubeClient, path: string): Promise<Secret | undefined> {
  try {
    return await client.request<Secret>({ method: 'GET', path })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function isEmpty({ type, data }: Secret): boolean {
  return type === stateSecretType && Object.keys(data ?? {}).length === 0
}

function keyOf(secret: Secret, name: string): Buffer {
  const key = Buffer.from(secret.data?.[dataKey] ?? '', 'base64')
  if (secret.type === stateSecretType && key.length === keyBytes) return key
  throw new Error(
    `Secret ${name} must be of type ${stateSecretType} with ${keyBytes} bytes under ${dataKey}; delete it, and it is made anew`,
  )
}
