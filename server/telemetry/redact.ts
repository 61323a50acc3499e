/**
 * The second line against secrets in logs: messages are written without them in the first place. It works on what is
 * recognisable (field names, shapes of tokens) and on exact values that were registered; it cannot know a password
 * that looks like a word and was never registered.
 */

/** Stands where a secret stood. */
export const REDACTED = '[redacted]'

/** Takes secrets out of what is about to be logged. */
export interface Redactor {
  /** Scrubs one text: registered values, tokens, keys, credentials in URLs. */
  text(text: string): string
  /** Copies a JSON-like value with secret fields replaced and every text scrubbed. Depth and length are bounded. */
  value(value: unknown): unknown
  /**
   * Scrubs this exact value (also its URL-encoded, base64 and JSON-escaped forms) from now on. Values shorter than 8
   * characters are ignored: scrubbing them would tear words apart. The oldest value is forgotten beyond the limit.
   */
  registerSecret(value: string): void
}

const limits = { depth: 8, items: 200, textLength: 16_384, shortestSecret: 8 }

/** Compared after lower-casing and dropping everything but letters and digits. */
const secretNames = new Set(['auth', 'data', 'stringdata', 'sig', 'credentials', 'pwd', 'xamzcredential'])
const secretEndings =
  /(authorization|password|passwd|passphrase|token|secret|cookies?|apikey|apitoken|privatekey|accesskey|accesskeyid|secretaccesskey|dockerconfigjson|dockercfg|assertion|kubeconfig|signature|credential)$/

/** Whether a field of this name holds something secret. A name like `secretName` does not: it ends otherwise. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return secretNames.has(plain) || secretEndings.test(plain)
}

const queryNames =
  'X-Amz-[A-Za-z-]+|sig|signature|access_token|refresh_token|id_token|client_secret|client_assertion|assertion|subject_token|password|token'

/** Applied in this order: what frames a secret (URL, header, field) before the bare shapes. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [new RegExp(`\\b(${queryNames})=(?!\\[redacted)[^&\\s"'<>\\\\,;]+`, 'gi'), `$1=${REDACTED}`],
  [/\/\/[^/\s:@"'?#]*:[^/\s@"'?#]+@/g, `//${REDACTED}@`],
  // A scheme and its value; prose such as "Basic authentication" has no digit, capital or padding in the second word.
  [/\b(Bearer|Basic|bearer|basic)\s+(?=[^\s"]*[A-Z0-9=])(?!\w+=")[A-Za-z0-9+/._~-]{8,}=*/g, `$1 ${REDACTED}`],
  [
    /(\\?"(?:auth|password|secret|token|identitytoken|registrytoken|SecretAccessKey|SessionToken|authorizationToken)\\?"\s*:\s*\\?")[^"\\]+/gi,
    `$1${REDACTED}`,
  ],
  [/\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g, REDACTED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, REDACTED],
  [/\bk8s-aws-v1\.[\w-]+/g, REDACTED],
  [/\b(?:hv[sbr]\.[\w-]{8,}|ya29\.[\w.-]{8,}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|dop_v1_\w{16,})/g, REDACTED],
]

const blob = /[A-Za-z0-9+/_-]{40,}={0,2}/g

/**
 * Base64 changes between capital, small letter and digit at more than half of its places; paths, names and hex
 * digests (image digests must stay readable) do not, or lack one of the three.
 */
function scrubBlob(candidate: string): string {
  if (!/[A-Z]/.test(candidate) || !/[a-z]/.test(candidate) || !/[0-9]/.test(candidate)) return candidate
  let changes = 0
  for (let at = 1; at < candidate.length; at++) {
    if (classOf(candidate.charCodeAt(at)) !== classOf(candidate.charCodeAt(at - 1))) changes++
  }
  return changes / candidate.length > 0.35 ? REDACTED : candidate
}

function classOf(code: number): number {
  if (code >= 97) return 0
  if (code >= 65) return code === 95 ? 3 : 1
  return code >= 48 && code <= 57 ? 2 : 3
}

/** @param options.maxSecrets how many registered values are remembered, default 1000 */
export function createRedactor(options: { readonly maxSecrets?: number } = {}): Redactor {
  const maxSecrets = options.maxSecrets ?? 1000
  const known = new Map<string, readonly string[]>() // insertion order = age

  function registerSecret(value: string): void {
    if (value.length < limits.shortestSecret) return
    known.delete(value)
    known.set(value, formsOf(value))
    if (known.size <= maxSecrets) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      break
    }
  }

  function text(input: string): string {
    let output = input
    for (const forms of known.values()) {
      for (const form of forms) if (output.includes(form)) output = output.replaceAll(form, REDACTED)
    }
    for (const [pattern, replacement] of patterns) output = output.replace(pattern, replacement)
    output = output.replace(blob, scrubBlob)
    // Cut last: a cut first could leave the unrecognisable half of a token.
    return output.length > limits.textLength ? `${output.slice(0, limits.textLength)}… (cut)` : output
  }

  function walk(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return text(value)
    if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value
    if (value instanceof Date) return value.toISOString()
    if (depth >= limits.depth) return '[too deep]'
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[binary]'
    if (Array.isArray(value)) return value.slice(0, limits.items).map((item) => walk(item, depth + 1))
    const entries = Object.entries(value).slice(0, limits.items)
    return Object.fromEntries(
      entries.map(([name, held]) => [text(name), redactField(name, held) ? REDACTED : walk(held, depth + 1)]),
    )
  }

  return { text, value: (value) => walk(value, 0), registerSecret }
}

/** Numbers and booleans under a secret name (`token: true`) say nothing secret and often matter. */
function redactField(name: string, held: unknown): boolean {
  return isSecretName(name) && held !== null && (typeof held === 'string' || typeof held === 'object')
}

function formsOf(value: string): readonly string[] {
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
  ]
  return [...new Set(forms)]
}
