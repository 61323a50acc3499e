// Finds planted secrets in what a product has written, in whatever spelling.
import assert from 'node:assert/strict'

/** The forms in which a text may appear: plain, URL-encoded, hex, and base64 at each of its three offsets. */
export function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and last digits hold bits of the neighbours, too.
    return text.slice(offset === 0 ? 0 : offset + 1, (bytes.length + offset) % 3 === 0 ? undefined : -1)
  })
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

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
