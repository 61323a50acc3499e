// Saving from the YAML editor of the form: the registry is that of the YAML, the keys are those that were typed.
import type { Message } from '../../utils/form-message'
import { providerPath, credentialsPath } from '../../utils/form-layout'
import { chosenBlock } from '../../utils/form-tree'
import { SecretRefused, Unconfirmed, type EditedObject, type SecretPlan } from '../../utils/form-save'
import { readRefusal } from '../../utils/refusal'
import { valueAt } from '../../utils/spec-path'
import type { Draft } from './draft'
import { isComplete } from './identity'

/** What stands against saving, before the cluster was asked. */
export class NotSaved extends Error {
  readonly reason: Message

  constructor(reason: Message) {
    super('the registry cannot be saved as it is')
    this.reason = reason
  }
}

/**
 * What becomes of the Secret. Nothing was typed: nothing, the YAML may name any.
 * @param plan what the form would do
 * @throws NotSaved when keys were typed that do not belong to what the YAML says
 */
export function planForYaml(
  plan: SecretPlan | undefined,
  object: EditedObject,
  { identity, mode, provider, value }: Draft,
): SecretPlan | undefined {
  const isTyped = Object.values(plan?.material ?? {}).some((value) => value !== '')
  if (!plan || !provider || !isTyped) return undefined
  if (!isComplete(identity, provider, mode)) throw new NotSaved({ key: 'form.yaml.incomplete' })
  const secret = valueAt(object, `${credentialsPath}.secret`) as Partial<Named> | undefined
  const name = secret?.name
  // Without a name of the registry the form has proposed none for the Secret.
  const isNamed = name !== undefined && name === (plan.name ?? name)
  // Those of cluster registries lie with the server: neither names a namespace.
  const { namespace } = object.metadata
  const isThere = namespace === value.metadata.namespace && (namespace ?? plan.namespace) === plan.namespace
  const isFor = chosenBlock(object, providerPath) === provider.name
  if (!isNamed || !isThere || !isFor) {
    const args = { name: plan.name ?? '', namespace: plan.namespace, provider: provider.label }
    throw new NotSaved({ key: plan.name ? 'form.yaml.otherSecret' : 'form.yaml.noSecret', args })
  }
  return { ...plan, name, mapping: secret?.keys ?? {} }
}

interface Named {
  readonly name: string
  readonly keys: Readonly<Record<string, string>>
}

/** Why it was not saved: the YAML editor has one place for all of it. */
export function sentences(error: unknown, { form }: Draft, say: (message: Message) => string): string[] {
  if (error instanceof NotSaved) return [say(error.reason)]
  if (typeof error === 'string') return [error]
  if (Array.isArray(error)) return error.map(String)
  if (error instanceof Error && error.name === 'YAMLException') return [error.message]
  const ofSecret = error instanceof SecretRefused
  const wrapped = ofSecret || error instanceof Unconfirmed
  const { kind, fields, general } = readRefusal(wrapped ? error.answer : error, form)
  if (ofSecret && kind === 'exists') return [say({ key: 'form.secretExists' })]
  const atFields = fields.map(({ path, message }) =>
    path.startsWith('spec')
      ? say({ key: 'form.itemProblem', args: { item: path, problem: say(message) } })
      : say(message),
  )
  return [...(ofSecret ? [say({ key: 'form.secretRefused' })] : []), ...general.map(say), ...atFields]
}
