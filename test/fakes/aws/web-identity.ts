/** The OIDC side of AssumeRoleWithWebIdentity: issuers that accounts registered, and the check of a token. */
import { verify, type KeyObject } from 'node:crypto'
import { AwsError } from './wire.ts'

/** Issuer URL → its signing keys by `kid`, as IAM's OIDC provider would fetch them from the JWKS. */
export type Issuers = Map<string, { readonly keys: ReadonlyMap<string, KeyObject> }>

export interface WebIdentity {
  readonly issuer: string
  readonly subject: string
  readonly audience: readonly string[]
}

/** Verifies an RS256 token. @throws AwsError with the codes of STS. */
export function verifyWebIdentity(token: string, issuers: Issuers, now: Date): WebIdentity {
  const parts = token.split('.')
  const header = decode(parts[0])
  const claims = decode(parts[1])
  if (parts.length !== 3 || header === null || claims === null)
    throw invalid('The ID Token provided is not a valid JWT')
  const issuer = issuers.get(String(claims['iss']))
  if (issuer === undefined) throw invalid('No OpenIDConnect provider found in your account')
  const key = issuer.keys.get(String(header['kid']))
  if (key === undefined || header['alg'] !== 'RS256')
    throw invalid("Couldn't retrieve verification key from your identity provider")
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`)
  if (!verify('RSA-SHA256', signed, key, Buffer.from(parts[2] ?? '', 'base64url'))) {
    throw invalid('Token signature invalid')
  }
  if (Number(claims['exp']) * 1000 <= now.getTime()) {
    throw new AwsError('ExpiredTokenException', 'Token expired', 400)
  }
  const audience = claims['aud']
  return {
    issuer: String(claims['iss']),
    subject: String(claims['sub']),
    audience: Array.isArray(audience) ? audience.map(String) : [String(audience)],
  }
}

function decode(part: string | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidIdentityToken', message, 400)
}
