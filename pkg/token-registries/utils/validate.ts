// Says at once what the API server would refuse. The form's description is the one source of both.
import type { Form, FormField } from '../generated/form'
import { checkField } from './validate-field'
import { conditionHolds, nameOf, pathIn, topFields, childrenOf } from './form-tree'
import type { Message, Problem } from './form-message'
import { isEmpty, valueAt } from './spec-path'
import { brokenRules } from './spec-rules'

/** As much of a registry as the form looks at. */
export interface Draft {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly spec?: unknown
}

const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const longestName = 253

/**
 * Everything that is wrong with a registry as far as the page can tell, in the order of the form. What it does not know
 * (fields of a newer server) it leaves to the server, as well as the rules that `brokenRules` does not check.
 */
export function validate(form: Form, object: Draft): Problem[] {
  const problems = topFields(form).flatMap((field) => check(form, field, object, field.path))
  const checked = [...checkName(object.metadata?.name), ...problems]
  // Rules speak of well-formed fields only, as at the API server.
  const wrong = new Set(checked.map(({ path }) => path))
  return [...checked, ...brokenRules(form, object).filter(({ path }) => !wrong.has(path))]
}

/** The name of an object, and of any other that it names. */
export function checkName(name: string | undefined, path = 'metadata.name'): Problem[] {
  if (!name) return [problem(path, { key: 'form.invalid.required' })]
  if (name.length > longestName)
    return [problem(path, { key: 'form.invalid.maxLength', args: { count: longestName } })]
  return namePattern.test(name) ? [] : [problem(path, { key: 'form.invalid.name' })]
}

function check(form: Form, field: FormField, object: Draft, path: string): Problem[] {
  const value = valueAt(object, path)
  if (!conditionHolds(form, field, object, path) && isEmpty(value)) return []
  if (value === undefined || value === null)
    return field.required ? [problem(path, { key: 'form.invalid.required' })] : []
  if (field.type === 'block') return checkBlock(form, field, object, path, value)
  if (field.type === 'choice') return checkChoice(form, field, object, path, value)
  if (field.type === 'blocks') return checkBlocks(form, field, object, path, value)
  return checkField(field, value, path)
}

function checkBlock(form: Form, field: FormField, object: Draft, path: string, value: unknown): Problem[] {
  if (typeof value !== 'object' || Array.isArray(value)) return [problem(path, { key: 'form.invalid.type' })]
  return childrenOf(form, field).flatMap((child) => check(form, child, object, pathIn(path, child)))
}

/** Exactly one block; one that this page does not know counts too. */
function checkChoice(form: Form, field: FormField, object: Draft, path: string, value: unknown): Problem[] {
  const chosen = Object.entries(value as object).filter(([, block]) => block !== null && block !== undefined)
  if (chosen.length !== 1)
    return [problem(path, { key: chosen.length === 0 ? 'form.invalid.choice' : 'form.invalid.choices' })]
  return childrenOf(form, field)
    .filter((block) => nameOf(block) === chosen[0]?.[0])
    .flatMap((block) => check(form, block, object, block.path))
}

function checkBlocks(form: Form, field: FormField, object: Draft, path: string, value: unknown): Problem[] {
  const own = checkField(field, value, path)
  if (!Array.isArray(value)) return own
  const items = value.flatMap((_, index) =>
    childrenOf(form, field).flatMap((child) =>
      check(form, child, object, pathIn(`${path}[${index}]`, child)),
    ),
  )
  return [...own, ...items]
}

function problem(path: string, message: Message): Problem {
  return { path, message }
}
