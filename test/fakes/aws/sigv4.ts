/**
 * AWS Signature Version 4, the verifying side, written from the specification with node:crypto alone: a fake that
 * used the SDK's signer to check the SDK would agree with every mistake.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  readonly method: string
  /** Path and query as on the request line. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** The key that a request says it was signed with. */
export interface SigningKey {
  readonly secretAccessKey: string
  /** Present for temporary credentials: the request must carry exactly this one. */
  readonly sessionToken?: string
  readonly expiresAt?: Date
}

export interface VerifyOptions<Key extends SigningKey> {
  readonly now: Date
  readonly service: string
  readonly regions: ReadonlySet<string>
  readonly findKey: (accessKeyId: string) => Key | undefined
}

export type SignatureProblem =
  | 'missing'
  | 'incomplete'
  | 'expired'
  | 'notYetCurrent'
  | 'scope'
  | 'unknownKey'
  | 'badToken'
  | 'expiredToken'
  | 'mismatch'

/** Why a signature was refused; `message` is AWS's sentence. */
export class SignatureRefused extends Error {
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

export interface Verified<Key> {
  readonly key: Key
  readonly accessKeyId: string
  readonly region: string
}

const windowMs = 5 * 60_000
const invalidToken = 'The security token included in the request is invalid.'

/**
 * Checks one request. Order as AWS: form, clock, scope, key, session token, signature.
 * @throws SignatureRefused
 */
export function verifySignature<Key extends SigningKey>(
  request: SignedRequest,
  options: VerifyOptions<Key>,
): Verified<Key> {
  const claim = parseAuthorization(request)
  checkDate(claim, options.now)
  checkScope(claim, options)
  const key = options.findKey(claim.accessKeyId)
  if (key === undefined) throw new SignatureRefused('unknownKey', invalidToken)
  checkSessionToken(key, request.headers, options.now)
  const expected = signatureOf(request, claim, key.secretAccessKey)
  if (!sameText(expected, claim.signature)) {
    throw new SignatureRefused(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
  return { key, accessKeyId: claim.accessKeyId, region: claim.region }
}

interface Claim {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
  readonly service: string
  readonly termination: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly stamp: string
}

function parseAuthorization(request: SignedRequest): Claim {
  const header = request.headers.authorization
  if (header === undefined) throw new SignatureRefused('missing', 'Missing Authentication Token')
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/([^/,\s]+),\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})$/.exec(
      header,
    )
  const stamp = single(request.headers['x-amz-date'])
  if (match === null || stamp === undefined || !/^\d{8}T\d{6}Z$/.test(stamp)) {
    throw new SignatureRefused(
      'incomplete',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header, 'Credential', 'SignedHeaders' and 'Signature' parameters.",
    )
  }
  const [, accessKeyId, day, region, service, termination, names, signature] = match as unknown as string[]
  const signedHeaders = names!.split(';')
  for (const name of mustBeSigned(request.headers)) {
    if (!signedHeaders.includes(name)) {
      throw new SignatureRefused('incomplete', `'${name}' must be a 'SignedHeader' in the AWS Authorization.`)
    }
  }
  return {
    accessKeyId: accessKeyId!,
    day: day!,
    region: region!,
    service: service!,
    termination: termination!,
    signedHeaders,
    signature: signature!,
    stamp,
  }
}

/** Headers that change the meaning of a request are worth nothing unsigned. */
function mustBeSigned(headers: IncomingHttpHeaders): string[] {
  return ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
}

function checkDate(claim: Claim, now: Date): void {
  const signedAt = Date.parse(
    claim.stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  )
  const nowStamp = stampOf(now)
  if (signedAt < now.getTime() - windowMs) {
    const edge = stampOf(new Date(now.getTime() - windowMs))
    throw new SignatureRefused(
      'expired',
      `Signature expired: ${claim.stamp} is now earlier than ${edge} (${nowStamp} - 5 min.)`,
    )
  }
  if (signedAt > now.getTime() + windowMs) {
    const edge = stampOf(new Date(now.getTime() + windowMs))
    throw new SignatureRefused(
      'notYetCurrent',
      `Signature not yet current: ${claim.stamp} is still later than ${edge} (${nowStamp} + 5 min.)`,
    )
  }
}

function checkScope(
  claim: Claim,
  options: { readonly service: string; readonly regions: ReadonlySet<string> },
): void {
  if (claim.day !== claim.stamp.slice(0, 8)) {
    throw new SignatureRefused(
      'mismatch',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.day}' != '${claim.stamp.slice(0, 8)}', from '${claim.stamp}'.`,
    )
  }
  if (!options.regions.has(claim.region)) {
    throw new SignatureRefused('scope', 'Credential should be scoped to a valid region. ')
  }
  if (claim.service !== options.service) {
    throw new SignatureRefused(
      'scope',
      `Credential should be scoped to correct service: '${options.service}'. `,
    )
  }
  if (claim.termination !== 'aws4_request') {
    throw new SignatureRefused(
      'scope',
      "Credential should be scoped with a valid terminator: 'aws4_request'.",
    )
  }
}

function checkSessionToken(key: SigningKey, headers: IncomingHttpHeaders, now: Date): void {
  const sent = single(headers['x-amz-security-token'])
  if (sent !== key.sessionToken) throw new SignatureRefused('badToken', invalidToken)
  if (key.expiresAt !== undefined && key.expiresAt.getTime() <= now.getTime()) {
    throw new SignatureRefused('expiredToken', 'The security token included in the request is expired')
  }
}

function signatureOf(request: SignedRequest, claim: Claim, secretAccessKey: string): string {
  const scope = `${claim.day}/${claim.region}/${claim.service}/${claim.termination}`
  const text = [
    'AWS4-HMAC-SHA256',
    claim.stamp,
    scope,
    sha256(canonicalRequest(request, claim.signedHeaders)),
  ]
  let key: Buffer | string = `AWS4${secretAccessKey}`
  for (const part of [claim.day, claim.region, claim.service, claim.termination]) key = hmac(key, part)
  return hmac(key, text.join('\n')).toString('hex')
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const url = new URL(request.url, 'http://host.invalid')
  // All services but S3 encode the path a second time.
  const path = url.pathname
    .split('/')
    .map((segment) => encode(segment))
    .join('/')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const headers = signedHeaders.map(
    (name) => `${name}:${(single(request.headers[name]) ?? '').trim().replaceAll(/ +/g, ' ')}\n`,
  )
  return [request.method, path, query, headers.join(''), signedHeaders.join(';'), sha256(request.body)].join(
    '\n',
  )
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function stampOf(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
