// Rules that span fields. The API server checks them all; those that no provider needs to be known for are checked here too.
import { providers, type Form } from '../generated/form'
import type { Problem } from './form-message'
import { chosenBlock } from './form-tree'
import { isEmpty, valueAt } from './spec-path'

/** Places where a rule is broken; none where it holds. */
type Check = (object: unknown) => string[]

const materialNames = 'spec.credentials.secret.keys'
const expressions = 'spec.namespaces.selector.matchExpressions'
const comparing = ['In', 'NotIn']
const asking = ['Exists', 'DoesNotExist']
const minutes = { shortest: 5, longest: 720 * 60 }

/** By the rule's id, as in the description. Each has rows in test/api/bad-specs.ts that it must find. */
const checks: Readonly<Record<string, Check>> = {
  'secret-name-of-credentials': (object) => {
    const used = valueAt(object, 'spec.credentials.secret.name')
    const written = valueAt(object, 'spec.secret.name') ?? valueAt(object, 'metadata.name')
    return used !== undefined && used === written ? ['spec.credentials.secret.name'] : []
  },
  'service-account-names-missing': (object) =>
    valueAt(object, 'spec.serviceAccounts.attach') === 'Named' &&
    isEmpty(valueAt(object, 'spec.serviceAccounts.names'))
      ? ['spec.serviceAccounts.names']
      : [],
  'service-account-names-unused': (object) =>
    valueAt(object, 'spec.serviceAccounts.attach') !== 'Named' &&
    !isEmpty(valueAt(object, 'spec.serviceAccounts.names'))
      ? ['spec.serviceAccounts.names']
      : [],
  'namespaces-selection-missing': (object) =>
    isEmpty(valueAt(object, 'spec.namespaces.projects')) &&
    isEmpty(valueAt(object, 'spec.namespaces.selector')) &&
    isEmpty(valueAt(object, 'spec.namespaces.names'))
      ? ['spec.namespaces']
      : [],
  'namespaces-trust-missing': (object) =>
    isEmpty(valueAt(object, 'spec.namespaces.projects')) &&
    !isEmpty(valueAt(object, 'spec.namespaces.selector') ?? valueAt(object, 'spec.namespaces.names')) &&
    valueAt(object, 'spec.namespaces.trustLabelsAndNames') !== true
      ? ['spec.namespaces.trustLabelsAndNames']
      : [],
  'expression-values-missing': (object) => expressionsWhere(object, comparing, (values) => isEmpty(values)),
  'expression-values-unused': (object) => expressionsWhere(object, asking, (values) => !isEmpty(values)),
  'refresh-interval-range': (object) => {
    const interval = valueAt(object, 'spec.refresh.interval')
    const parts = typeof interval === 'string' ? /^(?:(\d+)h)?(?:(\d+)m)?$/.exec(interval) : null
    if (!parts) return []
    const length = Number(parts[1] ?? 0) * 60 + Number(parts[2] ?? 0)
    return length < minutes.shortest || length > minutes.longest ? ['spec.refresh.interval'] : []
  },
}

function expressionsWhere(
  object: unknown,
  operators: readonly string[],
  broken: (values: unknown) => boolean,
): string[] {
  const items = valueAt(object, expressions)
  if (!Array.isArray(items)) return []
  return items.flatMap((item: { operator?: string; values?: unknown } | null, index) =>
    operators.includes(item?.operator ?? '') && broken(item?.values)
      ? [`${expressions}[${index}].values`]
      : [],
  )
}

/** What the provider's description says of credentials: which blocks it takes, and which keys of a Secret it knows. */
function ofProvider(object: unknown): Record<string, string[]> {
  const name = chosenBlock(object, 'spec.provider')
  const provider = providers.find((known) => known.name === name)
  if (!provider) return {}
  const credentials = chosenBlock(object, 'spec.credentials')
  const keys = Object.keys((valueAt(object, materialNames) as object | null | undefined) ?? {})
  const known = new Set(provider.materialKeys.map((key) => key.name))
  return {
    [`${name}-refuses-${credentials}`]: credentials === undefined ? [] : [`spec.credentials.${credentials}`],
    [`${name}-secret-keys`]: keys.every((key) => known.has(key)) ? [] : [materialNames],
  }
}

/** The rules of this form that an object breaks, at the places that they are about. */
export function brokenRules(form: Form, object: unknown): Problem[] {
  const provider = ofProvider(object)
  return form.rules.flatMap(({ id, message }) =>
    (checks[id]?.(object) ?? provider[id] ?? []).map((path) => ({ path, message: { text: message } })),
  )
}

/** Ids of the rules that only the server checks: it names the field, and the page shows its answer there. */
export function serverRules(form: Form): string[] {
  const known = (id: string): boolean =>
    id in checks ||
    providers.some(({ name }) => id === `${name}-secret-keys` || id.startsWith(`${name}-refuses-`))
  return form.rules.filter(({ id }) => !known(id)).map(({ id }) => id)
}
