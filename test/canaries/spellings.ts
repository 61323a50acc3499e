// The forms in which a text may appear inside of another.

/**
 * Plain, URL-encoded, as JSON within JSON, hex, and base64 of both alphabets at each of its three offsets. `depth`
 * counts how often base64 is wrapped into base64: the `auth` of a pull Secret as the API shows it is two deep.
 */
export function spellings(secret: string, depth = 1): string[] {
  const hex = Buffer.from(secret).toString('hex')
  const inBase64 = [...base64Forms(secret, depth)]
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...inBase64.map((text) => encodeURIComponent(text)),
  ]
  return [...new Set(forms)]
}

function base64Forms(text: string, depth: number): Set<string> {
  const bytes = Buffer.from(text)
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and last digits hold bits of the neighbours, too.
    return encoded.slice(offset === 0 ? 0 : offset + 1, (bytes.length + offset) % 3 === 0 ? undefined : -1)
  })
  const deeper = depth > 1 ? forms.flatMap((form) => [...base64Forms(form, depth - 1)]) : []
  return new Set([...forms, ...deeper])
}
