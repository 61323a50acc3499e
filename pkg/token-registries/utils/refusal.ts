// Reads why a cluster refused an object: which field it names, and what to say there.
import type { Form } from '../generated/form'
import type { Message, Problem } from './form-message'
import { fieldAt } from './form-tree'
import { withoutIndexes } from './spec-path'

/**
 * exists: the name is taken. conflict: somebody else changed the object meanwhile. unreachable: no answer at all, so
 * nobody knows whether it was written. refused: anything else.
 */
export type RefusalKind = 'exists' | 'conflict' | 'unreachable' | 'refused'

/** What to show: at fields, and for the rest above the form. One of both is never empty. */
export interface Refusal {
  readonly kind: RefusalKind
  readonly fields: readonly Problem[]
  readonly general: readonly Message[]
}

/** As much of an answer as is read: a Status of Kubernetes or an error of Steve; axios' error when there was no answer. */
interface Answer {
  readonly _status?: number
  readonly status?: number | string
  readonly code?: number | string
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] }
}

/** Reads what `cluster/request` rejected with. Places that the form has no field for are told above the form. */
export function readRefusal(error: unknown, form: Form): Refusal {
  const answer = (error ?? {}) as Answer
  const status = answer._status ?? (typeof answer.status === 'number' ? answer.status : undefined)
  const reason = answer.reason ?? (typeof answer.code === 'string' ? answer.code : '')
  const message = answer.message ?? ''
  if (status === undefined) return only('unreachable', { key: 'errors.unreachable' })
  if (reason === 'AlreadyExists')
    return {
      kind: 'exists',
      fields: [{ path: 'metadata.name', message: { key: 'errors.exists' } }],
      general: [],
    }
  if (status === 409) return only('conflict', { key: 'errors.conflict' })
  const named = [...causes(answer, message), ...unknownFields(message), ...policies(message)]
  return named.length > 0 ? placed(named, form) : only('refused', inGeneral(status, reason, message))
}

function only(kind: RefusalKind, message: Message): Refusal {
  return { kind, fields: [], general: [message] }
}

/** What is said when no field is named. */
function inGeneral(status: number, reason: string, message: string): Message {
  const text = { message: message || String(status) }
  if (status === 401) return { key: 'errors.loggedOut' }
  if (/exceeded quota|status unknown for quota/.test(message)) return { key: 'errors.quota', args: text }
  if (status === 403 || reason === 'PermissionDenied') return { key: 'errors.forbidden', args: text }
  if (/^namespaces ".*" not found$/.test(message)) return { key: 'errors.noNamespace', args: text }
  if (status === 404) return { key: 'errors.gone', args: text }
  return { key: status >= 500 ? 'errors.failed' : 'errors.refused', args: text }
}

interface Named {
  readonly path: string
  readonly message: Message
}

/** Names of Kubernetes for kinds of errors at a field. */
const kinds =
  'Invalid value|Required value|Unsupported value|Duplicate value|Too many|Too long|Forbidden|Not found|Internal error'
const start = new RegExp(`(?:^|, |\\[)((?:spec|metadata)[^\\s:]*|<nil>): (?=${kinds})`, 'g')

/** Status lists the causes; Steve passes on its sentence only, which lists them as `[path: kind: text, path: …]`. */
function causes(answer: Answer, message: string): Named[] {
  const listed = answer.details?.causes
    ?.filter(({ field }) => field !== undefined)
    .map(({ field = '', message: text = '' }) => ({ field, text }))
  return (listed ?? fromSentence(message))
    .filter(({ field }) => field !== '<nil>')
    .map(({ field, text }) => ({ path: field, message: cause(field, text) }))
}

function fromSentence(message: string): { field: string; text: string }[] {
  const invalid = /^\S+ ".*?" is invalid: (.*)$/s.exec(message)?.[1]
  if (invalid === undefined) return []
  const body = invalid.startsWith('[') && invalid.endsWith(']') ? invalid.slice(0, -1) : invalid
  const starts = [...body.matchAll(start)]
  return starts.map((match, index) => ({
    field: match[1] ?? '',
    text: body.slice(match.index + match[0].length, starts[index + 1]?.index),
  }))
}

/** Without Kubernetes' kind, the refused value and the path, which all stand in the form already. */
function cause(field: string, text: string): Message {
  if (text === 'Required value') return { key: 'form.invalid.required' }
  if (text.startsWith('Duplicate value')) return { key: 'form.invalid.unique' }
  const options = /^Unsupported value: .*?: supported values: (.*)$/s.exec(text)?.[1]
  if (options !== undefined) return { key: 'form.invalid.option', args: { options } }
  const rest = text
    .replace(new RegExp(`^(?:${kinds}): `), '')
    .replace(/^(?:"(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null): /, '')
  return { text: rest.replace(`${field} in body `, '') }
}

/** `strict decoding error: unknown field "spec.a", unknown field "spec.b"` */
function unknownFields(message: string): Named[] {
  if (!message.includes('strict decoding error')) return []
  return [...message.matchAll(/unknown field "([^"]+)"/g)].map(([, path = '']) => ({
    path,
    message: { key: 'errors.unknownField', args: { field: path } },
  }))
}

/** Our admission policies start each sentence with the field that it is about. */
function policies(message: string): Named[] {
  const denied = /ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request: (.*)$/s.exec(
    message,
  )?.[1]
  if (denied === undefined) return []
  const [, path, text] = /^((?:spec|metadata)\.[\w.[\]-]+): (.*)$/s.exec(denied) ?? []
  return [{ path: path ?? '', message: { text: text ?? denied } }]
}

/** Sorts by whether the form has the place. A pattern's refusal is told in the words of the field's description. */
function placed(named: readonly Named[], form: Form): Refusal {
  const fields: Problem[] = []
  const general: Message[] = []
  for (const { path, message } of named) {
    const field = fieldAt(form, path)
    const inForm = path === 'metadata.name' || path === 'metadata.namespace' || field !== undefined
    const unknown = 'key' in message && message.key === 'errors.unknownField'
    if (!inForm || (unknown && field?.path !== withoutIndexes(path)))
      general.push('text' in message && path !== '' ? { text: `${path}: ${message.text}` } : message)
    else fields.push({ path, message: inWords(message, field?.patternMessage) })
  }
  return { kind: 'refused', fields, general }
}

function inWords(message: Message, patternMessage: string | undefined): Message {
  const byPattern = 'text' in message && message.text.startsWith('should match ')
  return byPattern && patternMessage !== undefined ? { text: patternMessage } : message
}
