// The pull Secrets of a registry, as far as the user may see them: one filtered list, without what is in them.
import type { PullSecretObject } from './targets'
import type { PageStore } from './raw'

/** Steve's name of the kind. */
export const SECRET_TYPE = 'secret'
const ownerLabel = 'tokenregistries.io/owner-uid'
/** More rows than a person reads; the rest is counted. */
const mostRows = 1000

interface Schema {
  readonly collectionMethods?: readonly string[]
  readonly links?: { readonly collection?: string }
}

interface SecretList {
  readonly data?: readonly PullSecretObject[]
}

/** Whether the user may list Secrets in some namespace; which ones the answer then shows. */
export function canListSecrets(store: PageStore): boolean {
  return collectionUrl(store) !== undefined
}

/**
 * Steve filters by the label and by the user's rights, and leaves the passwords out.
 * @returns undefined when the user may not list Secrets anywhere
 * @throws what the request was refused with, other than by rights
 */
export async function listPullSecrets(
  store: PageStore,
  ownerUid: string,
): Promise<readonly PullSecretObject[] | undefined> {
  const collection = collectionUrl(store)
  if (collection === undefined) return undefined
  const query = [
    `filter=${encodeURIComponent(`metadata.labels[${ownerLabel}]=${ownerUid}`)}`,
    `pagesize=${mostRows}`,
    'exclude=data',
    'exclude=metadata.managedFields',
  ].join('&')
  try {
    const url = `${collection}?${query}`
    const list = (await store.dispatch('cluster/request', { url, redirectUnauthorized: false })) as SecretList
    return list.data ?? []
  } catch (refusal) {
    if (isRefusal(refusal)) return undefined
    throw refusal
  }
}

function collectionUrl(store: PageStore): string | undefined {
  const schemaFor = store.getters['cluster/schemaFor'] as (type: string) => Schema | undefined
  const schema = schemaFor(SECRET_TYPE)
  const mayList = schema?.collectionMethods?.some((method) => method.toUpperCase() === 'GET')
  return mayList ? schema?.links?.collection : undefined
}

/** Rights that were withdrawn since the schema was read. */
function isRefusal(thrown: unknown): boolean {
  const status = (thrown as { readonly _status?: number } | undefined)?._status
  return status === 403 || status === 404
}
