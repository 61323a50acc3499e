// The fields of a spec that say something, with the labels of the form: a new provider's fields appear by themselves.
import {
  formClusterTokenRegistry,
  formTokenRegistry,
  type Form,
  type FormField,
  type FormGroup,
} from '../generated/form'
import { valueAt } from './spec-path'

export interface FactRow {
  /** Of the field, from the spec's root; unique. */
  readonly path: string
  readonly group: FormGroup
  readonly label: string
  /** What the form says about the field. */
  readonly help: string
  /** One line for each value. */
  readonly lines: readonly string[]
}

/** Words for what has no text of its own. */
export interface FactWords {
  readonly yes: string
  readonly no: string
}

/** Of an object as the API server has it: which of the two forms describes it. */
export function formOf(object: { readonly metadata?: { readonly namespace?: string } }): Form {
  return object.metadata?.namespace ? formTokenRegistry : formClusterTokenRegistry
}

/**
 * Rows of the fields that are set and differ from their default, in the order of the form's description.
 * @param object a registry; a spec with fields that the form does not know (of a newer server) does no harm
 */
export function factRows(form: Form, object: unknown, words: FactWords): FactRow[] {
  const rows = form.fields
    .filter(({ path }) => !path.includes('[]'))
    .map((field) => ({ field, lines: linesOf(form, field, valueAt(object, field.path), words) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ field: { path, group, label, help }, lines }) => ({ path, group, label, help, lines }))
  return rows.map((row) => ({ ...row, label: distinctLabel(form, rows, row) }))
}

/** "Pull Secret: Labels" where a registry sets labels at two places. */
function distinctLabel(form: Form, rows: readonly FactRow[], { path, label }: FactRow): string {
  if (rows.filter((row) => row.label === label).length === 1) return label
  const parent = path.slice(0, path.lastIndexOf('.'))
  const block = form.fields.find((field) => field.path === parent)
  return block === undefined ? label : `${block.label}: ${label}`
}

function linesOf(form: Form, field: FormField, value: unknown, words: FactWords): string[] {
  if (value === undefined || value === null || sameAsDefault(field, value)) return []
  switch (field.type) {
    case 'block':
      return []
    case 'choice':
      return chosenBlock(form, field, value)
    case 'switch':
      return [value === true ? words.yes : words.no]
    case 'list':
      return items(value).map(String)
    case 'map':
      return entries(value).map(([key, item]) => `${key}: ${String(item)}`)
    case 'blocks':
      return items(value).map((item) => blockLine(form, field, item, words))
    default:
      return value === '' ? [] : [String(value)]
  }
}

/** Label of the block that was chosen; its bare name where the form does not know it. */
function chosenBlock(form: Form, field: FormField, value: unknown): string[] {
  return entries(value).map(
    ([name]) => form.fields.find(({ path }) => path === `${field.path}.${name}`)?.label ?? name,
  )
}

/** One item of a list of blocks in one line: the first field bare, the others with their labels. */
function blockLine(form: Form, field: FormField, item: unknown, words: FactWords): string {
  const prefix = `${field.path}[].`
  return form.fields
    .filter(({ path }) => path.startsWith(prefix))
    .map((part) => ({
      part,
      text: linesOf(form, part, valueAt(item, part.path.slice(prefix.length)), words).join(', '),
    }))
    .filter(({ text }) => text !== '')
    .map(({ part, text }, index) => (index === 0 ? text : `${part.label}: ${text}`))
    .join(' · ')
}

function sameAsDefault(field: FormField, value: unknown): boolean {
  return field.default !== undefined && JSON.stringify(field.default) === JSON.stringify(value)
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function entries(value: unknown): [string, unknown][] {
  // A map that lost all its keys may come back as null from the API.
  return isRecord(value) ? Object.entries(value) : []
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
