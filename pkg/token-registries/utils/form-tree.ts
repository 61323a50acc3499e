// The form's description as a tree: which fields a block holds, and which field a path of an object belongs to.
import type { Form, FormField } from '../generated/form'
import { valueAt, withoutIndexes } from './spec-path'

/** The fields right below a block or choice, or of one item of blocks, in their order. */
export function childrenOf(form: Form, { path, type }: Pick<FormField, 'path' | 'type'>): FormField[] {
  const prefix = `${path}${type === 'blocks' ? '[]' : ''}.`
  return form.fields
    .filter((field) => field.path.startsWith(prefix) && !field.path.slice(prefix.length).includes('.'))
    .sort((one, other) => one.order - other.order)
}

/** The fields right below spec, in their order. */
export function topFields(form: Form): FormField[] {
  return childrenOf(form, { path: 'spec', type: 'block' })
}

/** The field of exactly that path of the description. */
export function fieldOf(form: Form, path: string): FormField | undefined {
  return form.fields.find((field) => field.path === path)
}

/**
 * The innermost field that a place of an object belongs to: for an item of a list the list, for a key of a map the map.
 * Undefined for what the form does not know at all.
 */
export function fieldAt(form: Form, place: string): FormField | undefined {
  const path = withoutIndexes(place)
  return form.fields
    .filter(
      (field) =>
        path === field.path || path.startsWith(`${field.path}.`) || path.startsWith(`${field.path}[`),
    )
    .sort((one, other) => other.path.length - one.path.length)[0]
}

/** Path of a field of one item: the indexes of `place` in place of the field's []. */
export function pathIn(place: string, field: FormField): string {
  const indexes = place.match(/\[\d+\]/g) ?? []
  return indexes.reduce((path, index) => path.replace('[]', index), field.path)
}

/** The last part of a field's path: its name in the block. */
export function nameOf({ path }: Pick<FormField, 'path'>): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

/** Whether a field is asked for, by its condition. `place` tells the item of a list that it is in. */
export function conditionHolds(form: Form, field: FormField, object: unknown, place = field.path): boolean {
  if (field.condition === undefined) return true
  const other = fieldOf(form, field.condition.field)
  const path = other ? pathIn(place, other) : field.condition.field
  return (valueAt(object, path) ?? other?.default) === field.condition.equals
}

/** The block of a choice that an object has; undefined when it has none. */
export function chosenBlock(object: unknown, choice: string): string | undefined {
  const blocks = valueAt(object, choice)
  if (blocks === null || typeof blocks !== 'object') return undefined
  return Object.entries(blocks).find(([, block]) => block !== null && block !== undefined)?.[0]
}
