// What is said at a field: a text of our l10n, or a sentence that came with the form's description or from the server.

/** Exactly one of key (below tokenRegistries) and text. */
export type Message =
  | { readonly key: string; readonly args?: Readonly<Record<string, string | number>> }
  | { readonly text: string }

/** Something wrong at a place of the object, such as spec.provider.ecr.accounts[0]. */
export interface Problem {
  readonly path: string
  readonly message: Message
}

/** The shell's translator. */
export type Translate = (key: string, args?: Record<string, unknown>) => string

/** The words of a message. */
export function say(message: Message, t: Translate): string {
  return 'text' in message ? message.text : t(`tokenRegistries.${message.key}`, { ...message.args })
}
