/** ECR's GetAuthorizationToken. */
import type { FaultName } from './faults.ts'
import type { TokenStore } from './tokens.ts'
import { AwsError, jsonAnswer, type Answer } from './wire.ts'
import type { Principal } from './world.ts'

export const ecrTarget = 'AmazonEC2ContainerRegistry_V20150921.'

/** Answers a verified call. @throws AwsError */
export function getAuthorizationToken(
  principal: Principal,
  region: string,
  tokens: TokenStore,
  fault: FaultName | null,
): Answer {
  if (!principal.allow.has('ecr:GetAuthorizationToken')) {
    throw new AwsError(
      'AccessDeniedException',
      `User: ${principal.arn} is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
    )
  }
  if (fault === 'noData') return jsonAnswer({ authorizationData: [] })
  if (fault === 'garbage') return jsonAnswer({ hello: 'world', authorizationData: 'none' })
  const token = tokens.issue(principal, region, expiryFor(fault, tokens))
  const pair = fault === 'noColon' ? 'nothing-to-split-here' : `AWS:${token.password}`
  const data = {
    authorizationToken: Buffer.from(pair).toString('base64'),
    // Seconds with a fraction, as the service sends them.
    ...(fault === 'noExpiry' ? {} : { expiresAt: token.expiresAt.getTime() / 1000 }),
    proxyEndpoint: `https://${principal.account}.dkr.ecr.${region}.${suffixOf(region)}`,
  }
  return jsonAnswer({ authorizationData: [data] })
}

function expiryFor(fault: FaultName | null, tokens: TokenStore): Date | undefined {
  if (fault === 'expiredCredential') return new Date(Date.UTC(2015, 0, 1))
  if (fault === 'sameExpiry') return tokens.last?.expiresAt
  return undefined
}

function suffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}
