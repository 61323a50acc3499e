// Checks of one field without fields below it: the limits that its description states.
import type { FormField } from '../generated/form'
import type { Message, Problem } from './form-message'

/** What is wrong with a value that is there. Items of lists and values of maps are named by their own paths. */
export function checkField(field: FormField, value: unknown, path: string): Problem[] {
  switch (field.type) {
    case 'text':
      return at(path, textProblem(field, value))
    case 'number':
      return at(path, numberProblem(field, value))
    case 'switch':
      return at(path, typeof value === 'boolean' ? undefined : { key: 'form.invalid.type' })
    case 'select':
      return at(path, selectProblem(field, value))
    case 'list':
      return [...at(path, countProblem(field, value)), ...itemProblems(field, value, path)]
    case 'blocks':
      return at(path, countProblem(field, value))
    case 'map':
      return mapProblems(field, value, path)
    case 'block':
    case 'choice':
      return []
  }
}

function at(path: string, message: Message | undefined): Problem[] {
  return message === undefined ? [] : [{ path, message }]
}

function textProblem(field: FormField, value: unknown): Message | undefined {
  if (typeof value !== 'string') return { key: 'form.invalid.type' }
  const { pattern, patternMessage, minLength = 0, maxLength = Infinity } = field
  // Characters as the API server counts them: an emoji is one.
  const length = [...value].length
  if (length === 0 && minLength > 0) return { key: 'form.invalid.required' }
  if (length > maxLength) return { key: 'form.invalid.maxLength', args: { count: maxLength } }
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    return patternMessage === undefined ? { key: 'form.invalid.pattern' } : { text: patternMessage }
  if (length < minLength) return { key: 'form.invalid.minLength', args: { count: minLength } }
  return field.format === 'date-time' && !isDateTime(value) ? { key: 'form.invalid.dateTime' } : undefined
}

/** The pattern has seen to the form; this one to days and hours that exist. */
function isDateTime(value: string): boolean {
  const [year, month, day, hour, minute, second] = (value.match(/\d+/g) ?? []).map(Number)
  // A day that the month does not have is one of another month.
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day))
  return date.getUTCMonth() + 1 === month && (hour ?? 24) < 24 && (minute ?? 60) < 60 && (second ?? 60) < 60
}

/** All numbers of the API are whole ones. */
function numberProblem({ minimum, maximum }: FormField, value: unknown): Message | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return { key: 'form.invalid.number' }
  if (minimum !== undefined && value < minimum) return { key: 'form.invalid.minimum', args: { minimum } }
  if (maximum !== undefined && value > maximum) return { key: 'form.invalid.maximum', args: { maximum } }
  return undefined
}

function selectProblem({ enum: options = [] }: FormField, value: unknown): Message | undefined {
  return typeof value === 'string' && options.includes(value)
    ? undefined
    : { key: 'form.invalid.option', args: { options: options.join(', ') } }
}

function countProblem({ minItems = 0, maxItems = Infinity }: FormField, value: unknown): Message | undefined {
  if (!Array.isArray(value)) return { key: 'form.invalid.type' }
  if (value.length < minItems) return { key: 'form.invalid.minItems', args: { count: minItems } }
  if (value.length > maxItems) return { key: 'form.invalid.maxItems', args: { count: maxItems } }
  return undefined
}

function itemProblems(field: FormField, value: unknown, path: string): Problem[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index) => {
    const place = `${path}[${index}]`
    if (field.unique && value.indexOf(item) < index) return at(place, { key: 'form.invalid.unique' })
    return at(place, textProblem(field, item))
  })
}

function mapProblems(field: FormField, value: unknown, path: string): Problem[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return at(path, { key: 'form.invalid.type' })
  const entries = Object.entries(value)
  const { maxProperties = Infinity } = field
  if (entries.length > maxProperties)
    return at(path, { key: 'form.invalid.maxItems', args: { count: maxProperties } })
  return entries.flatMap(([key, text]) => at(`${path}.${key}`, textProblem(field, text)))
}
