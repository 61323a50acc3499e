// The Secret with the credentials that a registry names: made, renewed and looked at, never shown.
import type { FormProvider } from '../generated/form'
import { currentCluster, rawPath, rawRequest, type PageStore } from './raw'

type MaterialKey = FormProvider['materialKeys'][number]

/** What a user entered, by the provider's names of the keys. Lives in the form alone. */
export type Material = Readonly<Record<string, string>>

/** A Secret that this form made, so that a second try renews it instead of running into it. */
export interface MadeSecret {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

const longestName = 253
const suffix = '-credentials'

/** `<registry>-credentials`; empty while the registry has no name. */
export function credentialsName(registry: string | undefined): string {
  return registry ? `${registry.slice(0, longestName - suffix.length).replace(/[-.]+$/, '')}${suffix}` : ''
}

/** Names of the keys that must be filled in and are not. */
export function missingMaterial(keys: readonly MaterialKey[], material: Material): string[] {
  return keys.filter(({ name, optional }) => !optional && !clean(material[name])).map(({ name }) => name)
}

/** Names of the needed keys that an existing Secret does not have. `mapping` is spec.credentials.secret.keys. */
export function missingKeys(
  keys: readonly MaterialKey[],
  present: readonly string[],
  mapping: Readonly<Record<string, string>> = {},
): string[] {
  return keys
    .filter(({ name, optional }) => !optional && !present.includes(mapping[name] ?? name))
    .map(({ name }) => mapping[name] ?? name)
}

/** Line breaks that came along with a copied value; anything else may belong to it. */
function clean(value: string | undefined): string {
  return (value ?? '').replace(/^[\r\n]+|[\r\n]+$/g, '')
}

function filled(material: Material, mapping: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(material)
      .map(([name, value]) => [mapping[name] ?? name, clean(value)] as const)
      .filter(([, value]) => value !== ''),
  )
}

/**
 * The body for Steve. `type` is Kubernetes' own here: with Steve's `type: secret` and `_type` a Secret of the type
 * "secret" comes out. The API server encodes stringData.
 */
export function newSecret(
  place: { readonly namespace: string; readonly name: string },
  material: Material,
  mapping: Readonly<Record<string, string>> = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { namespace: place.namespace, name: place.name },
    stringData: filled(material, mapping),
  }
}

/** A merge patch with new values. Optional keys that were left empty go: an old session token beside a new key fails. */
export function renewal(
  keys: readonly MaterialKey[],
  material: Material,
  mapping: Readonly<Record<string, string>> = {},
  uid?: string,
): object {
  const stringData = filled(material, mapping)
  const names = keys.map(({ name }) => mapping[name] ?? name)
  const gone = names.filter((name) => !(name in stringData)).map((name) => [name, null])
  return {
    ...(uid !== undefined && { metadata: { uid } }),
    ...(gone.length > 0 && { data: Object.fromEntries(gone) }),
    stringData,
  }
}

interface SteveSchema {
  linkFor(link: string): string | undefined
}

/** Address of Secrets at Steve: it knows whether the cluster's links have a prefix. Undefined without any right on them. */
function collection(store: PageStore): string | undefined {
  const schemaFor = store.getters['cluster/schemaFor'] as (type: string) => SteveSchema | undefined
  return schemaFor('secret')?.linkFor('collection')
}

/** @throws what Steve refuses it with; 404 when the user has no right on Secrets */
export async function createSecret(store: PageStore, data: object): Promise<MadeSecret> {
  const url = collection(store)
  if (url === undefined) throw { _status: 404, message: 'secrets' }
  const { metadata } = (await store.dispatch('cluster/request', { url, method: 'POST', data })) as {
    metadata: MadeSecret
  }
  return { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid }
}

/** @throws what Steve refuses it with */
export async function renewSecret(
  store: PageStore,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  data: object,
): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' }
  const url = `${collection(store)}/${namespace}/${name}`
  await store.dispatch('cluster/request', { url, method: 'PATCH', headers, data })
}

/** Removes a Secret that this form made, and no other of its name. @throws what the cluster refuses it with */
export async function removeSecret(store: PageStore, { namespace, name, uid }: MadeSecret): Promise<void> {
  await rawRequest(store, {
    url: rawPath(currentCluster(store), `/api/v1/namespaces/${namespace}/secrets/${name}`),
    method: 'DELETE',
    data: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
  })
}

/** Names of the Opaque Secrets of a namespace, without what is in them. @throws what the cluster refuses it with */
export async function secretNames(store: PageStore, namespace: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets?fieldSelector=type%3DOpaque&limit=1000`
  const { items = [] } = await rawRequest<{ items?: { metadata: { name: string } }[] }>(store, {
    url: rawPath(currentCluster(store), path),
    headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
  })
  return items.map(({ metadata }) => metadata.name).sort()
}

/** Names of the keys of a Secret; its values are dropped at once. @throws what the cluster refuses it with */
export async function secretKeys(store: PageStore, namespace: string, name: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${encodeURIComponent(name)}`
  const { data = {} } = await rawRequest<{ data?: Record<string, string> }>(store, {
    url: rawPath(currentCluster(store), path),
  })
  return Object.keys(data).sort()
}
