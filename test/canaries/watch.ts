// Looks for marked secrets in whatever the product writes, and remembers where it found one.
import assert from 'node:assert/strict'
import { kinds, markOf, stem, type SecretKind } from './marks.ts'
import { spellings } from './spellings.ts'

/** A pull Secret in an answer of the API holds `auth` in base64 inside of base64, around a password that is base64 itself. */
const depth = 3

const stemForms = spellings(stem, depth)
const longest = Math.max(...stemForms.map(({ length }) => length)) + 64

/** What has no place in any output, whoever made it: signed headers and URLs, bearer tokens, private keys. */
const shapes: Readonly<Record<string, string>> = {
  'AWS4-HMAC-SHA256 Credential=': 'signed header',
  'X-Amz-Signature=': 'presigned URL',
  'X-Amz-Signature%3D': 'presigned URL',
  'X-Amz-Security-Token=': 'presigned URL',
  'Bearer eyJ': 'bearer token',
  eyJhbGciOi: 'JWT',
  'k8s-aws-v1.': 'EKS token',
  'PRIVATE KEY-----': 'private key',
}

/** The kinds of marked secrets in a text; empty when all is well. */
export function markedSecretsIn(text: string): string[] {
  if (!stemForms.some((form) => text.includes(form))) return []
  const named = (Object.keys(kinds) as SecretKind[]).filter((kind) =>
    spellings(markOf(kind), depth).some((form) => text.includes(form)),
  )
  return named.length > 0 ? named : ['secret of some kind']
}

/** What is found in a text by mark or shape, by names that may be shown; empty when all is well. */
export function secretsIn(text: string): string[] {
  const shaped = Object.entries(shapes).flatMap(([shape, what]) => (text.includes(shape) ? [what] : []))
  return [...new Set([...markedSecretsIn(text), ...shaped])]
}

/** Everything that one product under test writes goes through one of these. */
export class CanaryWatch {
  readonly #found = new Map<string, Set<string>>()
  readonly #looked = new Map<string, number>()

  /** @param place how a failure names it: `the log of server-0` */
  look(place: string, text: string): void {
    this.#looked.set(place, (this.#looked.get(place) ?? 0) + text.length)
    const secrets = secretsIn(text)
    if (secrets.length === 0) return
    this.#found.set(place, new Set([...(this.#found.get(place) ?? []), ...secrets]))
  }

  /** For output that comes in pieces: what is cut between two of them is found as well. */
  stream(place: string): (chunk: string) => void {
    let tail = ''
    return (chunk) => {
      this.look(place, tail + chunk)
      tail = (tail + chunk).slice(-longest)
    }
  }

  /** Places that were looked at, with the number of characters: a check that saw nothing proves nothing. */
  get looked(): ReadonlyMap<string, number> {
    return this.#looked
  }

  /** @throws AssertionError that names places and kinds, never a secret */
  assertNone(): void {
    const found = [...this.#found].flatMap(([place, secrets]) =>
      [...secrets].map((secret) => `${secret} in ${place}`),
    )
    assert.deepEqual(found.sort(), [], 'secrets came out')
  }
}
