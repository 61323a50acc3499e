// Finds secrets whose values are known in what a product has written, in whatever spelling. What the fakes and tests make
// by themselves is marked and found without being named: test/canaries.
import assert from 'node:assert/strict'
import { spellings } from '../canaries/spellings.ts'

/** @throws AssertionError that names the place and the kind of secret, never the secret */
export function assertNoneOf(
  secrets: Readonly<Record<string, string>>,
  places: Readonly<Record<string, string>>,
): void {
  const found: string[] = []
  for (const [what, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= 12, `${what} is too short to be told from other text`)
    const forms = spellings(secret)
    for (const [where, text] of Object.entries(places)) {
      if (forms.some((form) => text.includes(form))) found.push(`${what} in ${where}`)
    }
  }
  assert.deepEqual(found, [])
}
