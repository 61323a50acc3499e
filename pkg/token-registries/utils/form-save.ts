// Sends a registry and the Secret that belongs to it, in an order that leaves nothing half done.
import type { FormProvider } from '../generated/form'
import { apiVersion } from '../generated/types'
import {
  createSecret,
  newSecret,
  removeSecret,
  renewal,
  renewSecret,
  type MadeSecret,
  type Material,
} from './credentials-secret'
import { currentCluster, rawPath, rawRequest, type PageStore } from './raw'
import { isEmpty } from './spec-path'

/** A registry as the form holds it: the API's object with more in metadata than the API has. */
export interface EditedObject {
  readonly kind?: string
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string
    readonly namespace?: string
  }
  readonly spec?: object
}

/** Kind and plural of a registry's type. */
export interface KindNames {
  readonly kind: string
  readonly plural: string
}

/** What happens to the Secret of the credentials before the registry is written. */
export interface SecretPlan {
  readonly action: 'create' | 'renew'
  readonly namespace: string
  readonly name: string
  readonly material: Material
  readonly keys: FormProvider['materialKeys']
  /** spec.credentials.secret.keys */
  readonly mapping: Readonly<Record<string, string>>
}

/** A refusal of the Secret, told apart from one of the registry. */
export class SecretRefused extends Error {
  readonly answer: unknown

  constructor(answer: unknown) {
    super('the Secret of the credentials was refused')
    this.answer = answer
  }
}

/** The registry was sent, and no answer tells whether it was written. */
export class Unconfirmed extends Error {
  readonly answer: unknown

  constructor(answer: unknown) {
    super('it is not known whether the registry was written')
    this.answer = answer
  }
}

/** Waits for what writes a registry. @throws Unconfirmed without an answer of the API server, or its refusal */
export async function confirmed(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    const { _status: status, status: ofError } = (error ?? {}) as { _status?: number; status?: unknown }
    const code = status ?? ofError
    // Texts and lists of texts are the shell's own refusals.
    const isAnswer = typeof error === 'string' || Array.isArray(error)
    if (isAnswer || (typeof code === 'number' && code < 500)) throw error
    throw new Unconfirmed(error)
  }
}

/** What the API server has of metadata. Steve adds to it, and the strict API server refuses what it does not know. */
const metadataFields = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
]

/** Marks of the object that a copy was made from, which are not the copy's. */
const notCopied = [
  'tokenregistries.io/refresh-requested-at',
  'kubectl.kubernetes.io/last-applied-configuration',
]

/** The object as the API server takes it. A new one leaves behind what belongs to the one that it was copied from. */
export function body({ kind }: KindNames, object: EditedObject, isNew: boolean): object {
  const copied = Object.entries((object.metadata['annotations'] ?? {}) as Record<string, string>)
  const annotations = Object.fromEntries(copied.filter(([key]) => !isNew || !notCopied.includes(key)))
  const all: Record<string, unknown> = { ...object.metadata, annotations }
  const known = metadataFields.filter((field) => !isEmpty(all[field]))
  const metadata = Object.fromEntries(known.map((field) => [field, all[field]]))
  return { apiVersion, kind, metadata, spec: object.spec ?? {} }
}

/**
 * Steve passes fieldValidation on for new objects alone, and refuses its own `type` with it: so the registry goes to
 * the API server itself, which also lists the causes of a refusal by field.
 */
export function registryUrl(
  store: PageStore,
  { plural }: KindNames,
  object: EditedObject,
  name?: string,
): string {
  const { namespace } = object.metadata
  const place = namespace ? `namespaces/${namespace}/` : ''
  const path = `/apis/${apiVersion}/${place}${plural}${name === undefined ? '' : `/${name}`}`
  return rawPath(currentCluster(store), path)
}

/** Writes the registry. @throws the refusal of the API server */
function send(
  store: PageStore,
  names: KindNames,
  object: EditedObject,
  isNew: boolean,
  dryRun = false,
): Promise<unknown> {
  const url = registryUrl(store, names, object, isNew ? undefined : object.metadata.name)
  return rawRequest(store, {
    url: `${url}?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`,
    method: isNew ? 'POST' : 'PUT',
    data: body(names, object, isNew),
  })
}

/** The registry as it is now, with who wrote it. @throws what the cluster refuses it with */
export function liveRegistry<T>(store: PageStore, names: KindNames, object: EditedObject): Promise<T> {
  return rawRequest(store, { url: registryUrl(store, names, object, object.metadata.name) })
}

/** Whether an object has all that was sent; the API server adds defaults. */
export function covers(live: unknown, sent: unknown): boolean {
  if (Array.isArray(sent))
    return (
      Array.isArray(live) && live.length === sent.length && sent.every((item, i) => covers(live[i], item))
    )
  if (typeof sent !== 'object' || sent === null) return live === sent
  if (typeof live !== 'object' || live === null) return isEmpty(sent)
  return Object.entries(sent).every(
    ([key, value]) => value === undefined || covers(live[key as never], value),
  )
}

/**
 * Writes the Secret. One that this form made before is renewed, or replaced when it shall have another name.
 * @returns the Secret that this form has made, if any
 * @throws SecretRefused
 */
export async function writeSecret(
  store: PageStore,
  plan: SecretPlan,
  made: MadeSecret | undefined,
): Promise<MadeSecret | undefined> {
  const { action, keys, material, mapping } = plan
  const isMade = made?.namespace === plan.namespace && made.name === plan.name
  try {
    if (action === 'renew' || isMade) {
      await renewSecret(store, plan, renewal(keys, material, mapping, isMade ? made.uid : undefined))
      return made
    }
    const now = await createSecret(store, newSecret(plan, material, mapping))
    if (made) await removeSecret(store, made)
    return now
  } catch (answer) {
    throw new SecretRefused(answer)
  }
}

/** What is to be saved. */
export interface Saving {
  readonly names: KindNames
  readonly object: EditedObject
  readonly isNew: boolean
  readonly secret?: SecretPlan
  readonly made?: MadeSecret
  /** Called as soon as the Secret is written, also when the registry is refused afterwards: with the one that the form made. */
  readonly onSecret: (made: MadeSecret | undefined) => void
}

/**
 * Saves a registry. With a Secret it asks first, without writing anything, whether the registry would be taken.
 * @throws SecretRefused, Unconfirmed, or the refusal of the API server
 */
export async function saveRegistry(store: PageStore, saving: Saving): Promise<void> {
  const { names, object, isNew, secret, made, onSecret } = saving
  if (secret) {
    await send(store, names, object, isNew, true)
    onSecret(await writeSecret(store, secret, made))
  }
  await confirmed(send(store, names, object, isNew))
}
