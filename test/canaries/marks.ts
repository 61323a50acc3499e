// One maker of all secret values that fakes issue and tests plant: each carries a mark, so that it is found wherever it
// should not be, in whatever spelling.
import { randomBytes } from 'node:crypto'

/** The start of every mark. Capital letters and digits, so that it fits into every kind of secret as it is. */
export const stem = 'CNRY7QZ4VXPK'

/** What a secret is, and the letters after the stem that tell it: as many as base64 needs to keep them apart. */
export const kinds = {
  'access key id': 'AAA',
  'secret access key': 'KKK',
  'session token': 'TTT',
  password: 'PPP',
  header: 'HHH',
  key: 'MMM',
} as const

/** Name of one kind. */
export type SecretKind = keyof typeof kinds

/** The mark of a kind: 15 characters. */
export function markOf(kind: SecretKind): string {
  return `${stem}${kinds[kind]}`
}

/** A new value of letters and digits, different each time. @param length in characters, 26 at least */
export function secretValue(kind: SecretKind, length = 40): string {
  return `${markOf(kind)}${randomBytes(length).toString('hex')}`.slice(0, length)
}

/** The same out of the alphabet of base64, where the real ones are. */
export function secretBase64(kind: SecretKind, length = 40): string {
  return `${markOf(kind)}${randomBytes(length).toString('base64').replace(/=+$/, '')}`.slice(0, length)
}
