// What the parts of the form share: the object that is edited, and the only way to change it.
import type { InjectionKey } from 'vue'
import type { Form, FormField } from '../../generated/form'
import { say, type Message, type Translate } from '../../utils/form-message'
import { fieldAt } from '../../utils/form-tree'
import type { FieldWords } from '../../utils/form-words'
import { valueAt } from '../../utils/spec-path'
import type { Draft } from './draft'

/** Given by RegistryForm to everything below it. All paths are those of the object, with indexes. */
export interface FormContext {
  readonly form: Form
  readonly words: FieldWords
  /** The shell's: create, edit or view. */
  readonly mode: string
  /** The edited object. */
  object(): object
  valueAt(path: string): unknown
  /** What is wrong at exactly this place, once the user has been there or the server has said so. */
  problem(path: string): string | undefined
  /** The same of the items and keys at this place, each with what it is called. */
  problemsBelow(path: string): readonly { readonly name: string; readonly text: string }[]
  /** Whether a field must be seen: it says something else than when nobody had touched it, or it is wrong. */
  isTold(field: FormField): boolean
  /** Why a value of a select cannot be chosen; undefined where it can. */
  refused(field: FormField, value: string): string | undefined
  change(path: string, value: unknown): void
  /** The user has left the field: what is wrong there may be said now. */
  touch(path: string): void
}

export const formContext: InjectionKey<FormContext> = Symbol('registry form')

/** A draft as the parts of the form see it. */
export function contextOf(draft: Draft, words: FieldWords, t: Translate): FormContext {
  const { form, mode } = draft
  const tell = (path: string, message: Message): string => {
    const field = fieldAt(form, path)
    const byPattern = 'text' in message && field !== undefined && message.text === field.patternMessage
    return byPattern ? words.pattern(field) : say(message, t)
  }
  return {
    form,
    words,
    mode,
    object: () => draft.value,
    valueAt: (path) => valueAt(draft.value, path),
    problem: (path) => {
      const message = draft.problem(path)
      return message && tell(path, message)
    },
    problemsBelow: (path) =>
      draft.problemsBelow(path).map(({ name, message }) => ({ name, text: tell(path, message) })),
    isTold: (field) => draft.isTold(field),
    refused: (field, value) => {
      const key = draft.refused(field, value)
      return key && say({ key }, t)
    },
    change: (path, value) => draft.change(path, value),
    touch: (path) => draft.touch(path),
  }
}
