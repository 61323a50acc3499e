// What the YAML editors save: read, and asked about strictly before anything is written.
import { load } from 'js-yaml'
import { apiVersion } from '../generated/types'
import { registryUrl, type EditedObject, type KindNames } from './form-save'
import { rawRequest, type PageStore } from './raw'

/** What Steve adds to an object, which the API server does not know, and what only the servers write. */
const notSent = ['id', 'type', '_type', 'links', 'actions', 'status']
const notSentMetadata = ['fields', 'relationships', 'state', 'managedFields']

/** The object of a YAML text; undefined when there is none in it. @throws YAMLException */
export function registryFromYaml(yaml: string): EditedObject | undefined {
  const object = load(yaml) as Partial<EditedObject> | string | null | undefined
  if (typeof object !== 'object' || object === null || typeof object.metadata !== 'object') return undefined
  return object as EditedObject
}

/**
 * Asks the API server whether it would take the object, without writing it. Steve does not pass strict validation on
 * for changes, so without this a mistyped field would be dropped without a word.
 * @param current the object that is changed; undefined for a new one
 * @throws the refusal of the API server; a conflict is left to who writes the object
 */
export async function askStrictly(
  store: PageStore,
  names: KindNames,
  object: EditedObject,
  current: EditedObject | undefined,
): Promise<void> {
  const url = registryUrl(store, names, current ?? object, current?.metadata.name)
  const metadata = without(object.metadata, notSentMetadata)
  const data = { apiVersion, kind: names.kind, ...without(object, notSent), metadata }
  try {
    await rawRequest(store, {
      url: `${url}?fieldValidation=Strict&dryRun=All`,
      method: current ? 'PUT' : 'POST',
      data,
    })
  } catch (error) {
    if (!current || (error as { _status?: number })._status !== 409) throw error
  }
}

/** As much of a registry's model as is asked about. */
export interface YamlModel extends EditedObject {
  /** In the cluster; a new one has none. */
  readonly id?: string
  readonly schema?: {
    readonly attributes: { readonly kind: string; readonly resource: string; readonly namespaced?: boolean }
  }
  readonly $rootGetters: PageStore['getters']
  $dispatch(action: string, payload?: unknown, options?: { root: boolean }): Promise<unknown>
}

/** askStrictly about the YAML text of a model. What is not there at all is left to the shell, which says so itself. */
export async function askAboutYaml(model: YamlModel, yaml: string): Promise<void> {
  const object = registryFromYaml(yaml)
  const { id, schema, $rootGetters: getters } = model
  if (!object || !schema || (schema.attributes.namespaced && !object.metadata.namespace)) return
  const store: PageStore = {
    getters,
    dispatch: (action, payload) => model.$dispatch(action, payload, { root: true }),
  }
  const { kind, resource: plural } = schema.attributes
  await askStrictly(store, { kind, plural }, object, id === undefined ? undefined : model)
}

function without(object: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}
