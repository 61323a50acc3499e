// Writes what a user enters into an object, and nothing else: no empty values, no blocks that nobody filled, no defaults.
import type { Form, FormField } from '../generated/form'
import { fieldOf } from './form-tree'
import { isEmpty, parsePath, valueAt, withoutIndexes, withValue, type Step } from './spec-path'

/**
 * A copy of `object` with a field's new value.
 * @param initial what the form started from: what stands there explicitly is not left out for being the default
 * @param path of the field in the object, with indexes
 */
export function withField<T>(form: Form, object: T, initial: unknown, path: string, value: unknown): T {
  const field = fieldOf(form, withoutIndexes(path))
  const asDefault = value === field?.default && valueAt(initial, path) === undefined
  const changed = withValue(object, path, asDefault || isAbsent(field, value) ? undefined : value)
  return withoutEmptyParents(form, changed, parsePath(path))
}

/** Empty blocks stand for themselves where they are one side of a choice (`serverIdentity: {}`). */
function isAbsent(field: FormField | undefined, value: unknown): boolean {
  return field?.type === 'block' ? value === undefined || value === null : isEmpty(value)
}

/** Removes the blocks above a place that became empty, up to one that must be there. */
function withoutEmptyParents<T>(form: Form, object: T, steps: readonly Step[]): T {
  const parent = steps.slice(0, -1)
  if (parent.length < 2 || !isEmpty(valueAt(object, parent)) || mustStay(form, parent)) return object
  return withoutEmptyParents(form, withValue(object, parent, undefined), parent)
}

function mustStay(form: Form, steps: readonly Step[]): boolean {
  // The item of a list: others behind it would move up.
  if (typeof steps.at(-1) === 'number') return true
  const [field, above] = [steps, steps.slice(0, -1)].map((path) => fieldOf(form, descriptionPath(path)))
  return field?.required === true || above?.type === 'choice'
}

function descriptionPath(steps: readonly Step[]): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[]` : path === '' ? step : `${path}.${step}`),
    '',
  )
}

/** A copy with one block of a choice, which stays what it is where it is there already, and without the others. */
export function withBlock<T>(object: T, choice: string, name: string): T {
  const block = valueAt(object, [...parsePath(choice), name]) ?? {}
  return withValue(object, choice, { [name]: block })
}

/** Removes what fields hold that are no longer asked for, such as the names behind another choice. */
export function withoutHidden<T>(form: Form, object: T, initial: unknown, changedPath: string): T {
  return form.fields
    .filter(({ condition }) => condition?.field === changedPath)
    .filter(({ condition }) => {
      const now = valueAt(object, changedPath) ?? fieldOf(form, changedPath)?.default
      return now !== condition?.equals
    })
    .reduce((result, { path }) => withField(form, result, initial, path, undefined), object)
}
