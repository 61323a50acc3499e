// What the server of the shown cluster can do, and what the page may therefore offer.
import { TYPES } from '../config/types'
import {
  apiRevision,
  type PolicySummary,
  type ServedProvider,
  type TokenRegistryServer,
} from '../generated/types'

/**
 * missing: not installed in this cluster. noRights: the user may not read what the server says of itself. silent: a
 * server has never reported. older, newer: another API revision than the page's. ready: the same.
 */
export type BackendState = 'missing' | 'noRights' | 'silent' | 'ready' | 'older' | 'newer'

/** What is known of the server; the fields are there in the states ready, older and newer alone. */
export interface Backend {
  readonly state: BackendState
  /** Of the server, such as 0.1.0. */
  readonly version?: string
  readonly apiRevision?: number
  readonly providers?: readonly ServedProvider[]
  /** Where references of cluster registries resolve. */
  readonly namespace?: string
  readonly policy?: PolicySummary
}

/** The chart's name, its release's name and its namespace are fixed (charts/token-registries/Chart.yaml). */
export const CHART = { name: 'token-registries', namespace: 'token-registries-system' } as const

/** The one object that the server writes about itself. */
const serverObject = 'default'

/** The getters and actions of the shell's store that are used here. */
interface Store {
  readonly getters: Readonly<Record<string, any>>
  dispatch(action: string, payload?: unknown): Promise<any>
}

/**
 * Asks the cluster of the store `inStore` once per call (the store caches the object and follows it).
 * @throws what the request fails with, other than 403 and 404
 */
export async function backendState(store: Store, inStore = 'cluster'): Promise<Backend> {
  const schemaFor = store.getters[`${inStore}/schemaFor`]
  if (!schemaFor(TYPES.TokenRegistryServer))
    return { state: schemaFor(TYPES.TokenRegistry) ? 'noRights' : 'missing' }
  try {
    return judgeServer(
      await store.dispatch(`${inStore}/find`, { type: TYPES.TokenRegistryServer, id: serverObject }),
    )
  } catch (error) {
    const status = (error as { _status?: number } | undefined)?._status
    if (status === 404) return { state: 'silent' }
    if (status === 403) return { state: 'noRights' }
    throw error
  }
}

/** Pure: the state of a server from what it wrote; undefined means that the object is not there. */
export function judgeServer(server: Pick<TokenRegistryServer, 'status'> | undefined): Backend {
  const status = server?.status
  if (status?.version === undefined) return { state: 'silent' }
  const { version, namespace, policy } = status
  // A server that does not say it yet is older than the first page.
  const revision = status.apiRevision ?? 0
  const complete = status.providers !== undefined && namespace !== undefined
  return {
    state: revision > apiRevision ? 'newer' : revision < apiRevision || !complete ? 'older' : 'ready',
    version,
    apiRevision: revision,
    providers: status.providers ?? [],
    namespace: namespace ?? CHART.namespace,
    policy: policy ?? {},
  }
}

/** What a provider of the page needs to be offered: its name and the blocks of spec.credentials that it takes. */
interface Offered {
  readonly name: string
  readonly credentials: readonly string[]
}

/**
 * The page's own providers that the server has too, with the credentials that both know. Without word from the
 * server all of the page's own: the API server still refuses what its schema does not have.
 */
export function offeredProviders<P extends Offered>(backend: Backend, own: readonly P[]): P[] {
  const served = backend.providers
  if (served === undefined) return [...own]
  return own.flatMap((provider) => {
    const there = served.find(({ name }) => name === provider.name)
    const credentials = provider.credentials.filter((kind) => there?.credentials.includes(kind))
    return credentials.length === 0 ? [] : [{ ...provider, credentials }]
  })
}
