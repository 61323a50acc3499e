// A sentence as data: pure code says what is to be told, a component says it in the user's language.
import { durationText } from './expiry'

/** The shell's `t`. */
export type Translate = (key: string, args?: Record<string, unknown>) => string

/** A text of the l10n. A Date among the arguments is said as how far away it is: "7 h". */
export interface Text {
  readonly key: string
  readonly args?: Readonly<Record<string, string | number | Date>>
}

/** The text in words, with its times seen from `now`. */
export function say(t: Translate, text: Text, now: Date): string {
  const values = Object.entries(text.args ?? {}).map(([name, value]) => [
    name,
    value instanceof Date ? durationText(t, Math.abs(value.getTime() - now.getTime())) : value,
  ])
  return t(text.key, Object.fromEntries(values))
}

/**
 * A message of the server where it follows a sentence: it may begin with a small letter, as those of Kubernetes do.
 * The name of a field or of an object, with which some begin, keeps its letters.
 */
export function asSentence(message: string): string {
  return /^[a-z]+ /.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message
}
