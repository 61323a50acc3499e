// How the registry gets its credentials, as far as it is no part of the object: keys that were typed, Secrets to be made.
import { _EDIT } from '@shell/config/query-params'
import type { FormProvider } from '../../generated/form'
import { credentialsName, missingMaterial, type Material } from '../../utils/credentials-secret'
import { chosenBlock } from '../../utils/form-tree'
import { credentialsPath } from '../../utils/form-layout'
import type { SecretPlan } from '../../utils/form-save'
import { valueAt, withValue } from '../../utils/spec-path'
import { withBlock } from '../../utils/spec-values'
import type { FormPlace } from './place'

/** new: keys are entered here, into a new Secret. existing: a Secret is named. Else a block of spec.credentials. */
export type Way = 'new' | 'existing' | (string & {})

export interface Identity {
  readonly way: Way
  /** Of the new Secret; empty for the usual name. */
  readonly name: string
  /** Lives here alone until it is sent. */
  readonly material: Material
  /** Put new keys into the existing Secret. */
  readonly renew: boolean
}

const namePath = `${credentialsPath}.secret.name`

/** What the form starts with: what the object says, or what is easiest to a user who has nothing yet. */
export function firstIdentity(
  object: object,
  provider: FormProvider | undefined,
  place: FormPlace,
): Identity {
  const block = chosenBlock(object, credentialsPath) ?? provider?.credentials[0] ?? 'secret'
  const isNamed = valueAt(object, namePath) !== undefined
  const secret = isNamed || !place.mayCreateSecret ? 'existing' : 'new'
  return { way: block === 'secret' ? secret : block, name: '', material: {}, renew: false }
}

/** The block of spec.credentials that a way fills. */
export function blockOf(way: Way): string {
  return way === 'new' || way === 'existing' ? 'secret' : way
}

/** Name of the Secret that is made; empty while the registry has no name. */
export function newSecretName(identity: Identity, registry: string | undefined): string {
  return identity.name || credentialsName(registry)
}

/** A copy of the object whose credentials are those of the identity. */
export function withIdentity<T>(object: T, identity: Identity, registry: string | undefined): T {
  const { way } = identity
  const chosen = withBlock(object, credentialsPath, blockOf(way))
  return way === 'new' ? withValue(chosen, namePath, newSecretName(identity, registry) || undefined) : chosen
}

/** Whether keys are asked for and the needed ones are there. */
export function isComplete(identity: Identity, provider: FormProvider, mode: string): boolean {
  if (!writesSecret(identity, mode)) return true
  return missingMaterial(provider.materialKeys, identity.material).length === 0
}

function writesSecret({ way, renew }: Identity, mode: string): boolean {
  return way === 'new' || (way === 'existing' && renew && mode === _EDIT)
}

/** What is to be done to the Secret when the registry is saved. */
export function secretPlan(
  object: object,
  identity: Identity,
  provider: FormProvider,
  place: FormPlace,
  mode: string,
): SecretPlan | undefined {
  if (!writesSecret(identity, mode)) return undefined
  return {
    action: identity.way === 'new' ? 'create' : 'renew',
    namespace: place.namespace,
    name: valueAt(object, namePath) as string,
    material: identity.material,
    keys: provider.materialKeys,
    mapping: (valueAt(object, `${credentialsPath}.secret.keys`) as Record<string, string> | undefined) ?? {},
  }
}
