import type { GetAuthorizationTokenCommandOutput } from '@aws-sdk/client-ecr'
import type { IssuedCredential } from '../provider.ts'
import { clientOptions, watchAnswers, type ClientSettings, type Keys, type SkewMeter } from './client.ts'
import { badResponse, toRegistryError, type Situation } from './responses.ts'

/** For calls of ECR. `endpoint` stands in for the region's public address; `now` is our clock. */
export interface TokenSettings extends ClientSettings {
  readonly signal: AbortSignal
  readonly endpoint: string | undefined
  readonly now: () => Date
}

/**
 * Asks ECR for a password. `registryIds` is deprecated and not sent: the token is good for every registry that the
 * principal may read.
 * @throws RegistryError
 */
export async function requestToken(
  keys: Keys,
  settings: TokenSettings,
  situation: Situation,
): Promise<IssuedCredential> {
  // Loaded when first needed: a server without AWS registries saves its 30 MiB.
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr')
  const client = new ECRClient(clientOptions(settings, settings.endpoint, keys))
  watchAnswers(client, settings.skew)
  try {
    const output = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: settings.signal })
    return parseToken(output, settings, situation)
  } catch (thrown) {
    throw toRegistryError(thrown, situation)
  } finally {
    client.destroy()
  }
}

function parseToken(
  output: GetAuthorizationTokenCommandOutput,
  { now, skew }: { readonly now: () => Date; readonly skew: SkewMeter },
  situation: Situation,
): IssuedCredential {
  const { authorizationToken, expiresAt } = output.authorizationData?.[0] ?? {}
  if (!authorizationToken) throw badResponse(situation, 'its answer holds no authorizationToken')
  const pair = splitToken(authorizationToken)
  if (pair === undefined)
    throw badResponse(situation, 'its authorizationToken is not user:password in base64')
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) {
    throw badResponse(situation, 'its answer states no expiresAt')
  }
  const issuedAt = now()
  const end = skew.toOurs(expiresAt)
  if (end.getTime() <= issuedAt.getTime()) {
    throw badResponse(situation, `its token ended already, at ${end.toISOString()}`)
  }
  return { ...pair, issuedAt, expiresAt: end }
}

/** User and password of an authorizationToken, split at the FIRST colon; undefined when it is not such a pair. */
export function splitToken(
  authorizationToken: string,
): { readonly username: string; readonly password: string } | undefined {
  const pair = Buffer.from(authorizationToken, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon < 1 || colon === pair.length - 1) return undefined
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) }
}
