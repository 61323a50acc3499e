/** What each error code of ECR and STS means for the person who has to act. Codes without the suffix `Exception`. */
import type { ErrorCode } from '../../core/errors.ts'
import type { Situation } from './responses.ts'
import type { UpstreamFacts } from './upstream-facts.ts'

/** What AWS said, and what was being tried. */
export interface RefusalInput {
  readonly facts: UpstreamFacts
  readonly situation: Situation
  /** `ECR in eu-west-1` */
  readonly service: string
  /** The spec field that decided where the call went. */
  readonly field: string
}

/** Says one refusal in our words: which code, what was found, what to do. */
export type Refusal = (input: RefusalInput) => { readonly code: ErrorCode; readonly message: string }

const unknownKey: Refusal = ({ facts, situation, service }) => ({
  code: 'CredentialsInvalid',
  message: situation.fromSecret
    ? `${situation.source}, key accessKeyId: ${service} does not know this access key (${facts.code}); it may be deleted, inactive, of another partition, temporary without its key sessionToken, or the region is not enabled for its account. Put a current access key into the Secret`
    : `${service} does not know the key of ${situation.source} (${facts.code}); check that the region is enabled for its account and belongs to its partition`,
})

const wrongSignature: Refusal = (input) => {
  const { facts, situation, service, field } = input
  if (facts.says.has('signatureExpired') || facts.says.has('signatureEarly')) return clockSkew(input)
  if (facts.says.has('wrongRegion')) {
    return {
      code: 'WrongTarget',
      message: `spec.provider.ecr.region: ${service} does not accept ${situation.region} as a region (${facts.code}); check its spelling, and that ${field} belongs to it`,
    }
  }
  if (facts.says.has('wrongService')) {
    return {
      code: 'WrongTarget',
      message: `${field}: the address belongs to another AWS service (${facts.code}); correct or remove the endpoint`,
    }
  }
  return {
    code: 'CredentialsInvalid',
    message: situation.fromSecret
      ? `${situation.source}, key secretAccessKey: ${service} knows the access key, but not with this secret (${facts.code}); copy the secret access key again, it belongs to the accessKeyId beside it`
      : `${service} refuses the signature of ${situation.source} (${facts.code}); check that no proxy between the server and AWS changes requests`,
  }
}

const clockSkew: Refusal = ({ facts, situation, service }) => {
  const minutes = Math.round(Math.abs(situation.skewMs()) / 60_000)
  // A clock that is ahead makes signatures from the future. What AWS says wins over what could be measured.
  const behind =
    facts.says.has('signatureExpired') || (!facts.says.has('signatureEarly') && situation.skewMs() > 0)
  const distance = minutes === 0 ? 'more than 5 minutes' : `about ${minutes} minutes`
  return {
    code: 'ClockSkew',
    message: `the clock of this server is ${distance} ${behind ? 'behind' : 'ahead of'} that of ${service}, which refuses the signature (${facts.code}); synchronise the node's clock (NTP)`,
  }
}

const expired: Refusal = ({ facts, situation, service }) => {
  if (situation.step === 'AssumeRoleWithWebIdentity') {
    return {
      code: 'CredentialsExpired',
      message: `${service} says that the token of ${situation.source} has expired (${facts.code}); check that the token file is renewed by the kubelet`,
    }
  }
  return {
    code: 'CredentialsExpired',
    message: situation.fromSecret
      ? `${situation.source}, key sessionToken: ${service} says that these temporary credentials have expired (${facts.code}); put new ones into the Secret, or use a long-lived access key that may only pull, or a role`
      : `${service} says that ${situation.source} has expired (${facts.code}); it is renewed at the next try`,
  }
}

const denied: Refusal = (input) => {
  const { facts, situation, service } = input
  if (situation.role !== undefined) return roleRefused(input)
  const who = facts.caller ?? situation.source
  const action = facts.action ?? 'ecr:GetAuthorizationToken'
  const remedy = facts.says.has('organisationPolicy')
    ? 'a policy of the AWS organisation forbids it, which only its administrator can change'
    : facts.says.has('explicitDeny')
      ? 'a policy denies it explicitly; remove that statement'
      : facts.says.has('permissionsBoundary')
        ? 'its permissions boundary does not include it; extend the boundary'
        : `allow ${action} on resource "*" in a policy of this identity`
  return {
    code: 'AccessDenied',
    message: `${service} does not let ${who} do ${action} (${facts.code}); ${remedy}`,
  }
}

const roleRefused: Refusal = ({ facts, situation, service }) => {
  const { arn, field, externalId, tags } = situation.role!
  const who = facts.caller ?? situation.source
  const start = `${field}: ${service} does not let ${who} take the role ${arn} (${facts.code})`
  if (situation.step === 'AssumeRoleWithWebIdentity') {
    return {
      code: 'TrustDenied',
      message: `${start}; the role's trust policy must name the cluster's OIDC provider, the audience and the subject of this server's ServiceAccount`,
    }
  }
  if (facts.action === 'sts:TagSession') {
    return {
      code: 'TrustDenied',
      message: `${start}: sts:TagSession is refused; the role's trust policy must allow sts:TagSession beside sts:AssumeRole, because the server tags the session with who asked`,
    }
  }
  const conditions = [
    ...(externalId ? ['the externalId that is sent'] : []),
    ...(tags ? ['the session tags that are sent'] : []),
  ]
  const also = conditions.length === 0 ? 'ask for no externalId' : `accept ${conditions.join(' and ')}`
  return {
    code: 'TrustDenied',
    message: `${start}; the role must exist, its trust policy must name this principal and ${also}, and the principal's own policy must allow sts:AssumeRole on it`,
  }
}

const federationRefused: Refusal = ({ facts, situation, service }) => ({
  code: 'TrustDenied',
  message: `${service} refuses the token of ${situation.source} (${facts.code}); register the cluster's issuer as an OIDC provider in the role's account, with the token's audience as client id`,
})

const throttled: Refusal = ({ facts, situation, service }) => ({
  code: 'RateLimited',
  message: `${service} asks to slow down (${facts.code} on ${situation.step}); it is tried again more slowly. If it stays, other clients of the account use up the quota`,
})

const broken: Refusal = ({ facts, situation, service }) => ({
  code: 'Unavailable',
  message: `${service} failed on ${situation.step} (${facts.code}); it is tried again`,
})

const regionDisabled: Refusal = ({ facts, situation, service }) => ({
  code: 'WrongTarget',
  message: `${service} is not activated for the account of ${situation.role?.arn ?? situation.source} (${facts.code}); activate STS for the region in the account settings of IAM, or set spec.provider.ecr.stsEndpoint to another region's STS`,
})

const invalidParameter: Refusal = ({ facts, situation, service }) => {
  const at = situation.role?.field ?? 'spec.provider.ecr'
  const start = (name: string): string =>
    `${at}.${name}: ${service} does not accept the value (${facts.code})`
  const says = facts.says
  const message = says.has('chainedTooLong')
    ? `${start('durationSeconds')}; a role reached through another role lasts 3600 seconds at most`
    : says.has('durationTooLong')
      ? `${start('durationSeconds')}; lower it, or raise the role's maximum session duration`
      : says.has('sessionName')
        ? `${start('sessionName')}; use 2 to 64 letters, digits or _+=,.@-`
        : says.has('externalId')
          ? `${start('externalId')}; use 2 to 1224 letters, digits or _+=,.@:/-`
          : `${at}: ${service} does not accept the request (${facts.code}); check the role's ARN and the values beside it`
  return { code: 'SpecInvalid', message }
}

const wrongAddress: Refusal = ({ facts, situation, service, field }) => ({
  code: 'WrongTarget',
  message: `${field}: ${service} does not know ${situation.step} (${facts.code}); the address is not that of this service, correct or remove it`,
})

const unsigned: Refusal = ({ facts, situation, service }) => ({
  code: 'BadResponse',
  message: `${service} found no usable signature on ${situation.step} (${facts.code}); a proxy between the server and AWS removes or changes headers, let it pass these hosts unchanged`,
})

const notSubscribed: Refusal = ({ facts, situation, service }) => ({
  code: 'AccessDenied',
  message: `${service} is not available to the account of ${situation.source} (${facts.code}); the account must finish its AWS sign-up or opt in`,
})

/** By `UpstreamFacts.key`. Codes that are missing here are judged by their HTTP status. */
export const refusals: Readonly<Record<string, Refusal>> = {
  UnrecognizedClient: unknownKey,
  InvalidClientTokenId: unknownKey,
  InvalidAccessKeyId: unknownKey,
  NotAuthorized: unknownKey,
  InvalidSignature: wrongSignature,
  SignatureDoesNotMatch: wrongSignature,
  RequestExpired: clockSkew,
  RequestTimeTooSkewed: clockSkew,
  RequestInTheFuture: clockSkew,
  ExpiredToken: expired,
  AccessDenied: denied,
  UnauthorizedOperation: denied,
  InvalidIdentityToken: federationRefused,
  IDPRejectedClaim: federationRefused,
  IDPCommunication: broken,
  Throttling: throttled,
  Throttled: throttled,
  ThrottledRequest: throttled,
  TooManyRequests: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  LimitExceeded: throttled,
  SlowDown: throttled,
  BandwidthLimitExceeded: throttled,
  Server: broken,
  InternalFailure: broken,
  Internal: broken,
  InternalServer: broken,
  ServiceUnavailable: broken,
  ServiceFailure: broken,
  RegionDisabled: regionDisabled,
  Validation: invalidParameter,
  InvalidParameter: invalidParameter,
  InvalidParameterValue: invalidParameter,
  MalformedInput: invalidParameter,
  PackedPolicyTooLarge: invalidParameter,
  UnknownOperation: wrongAddress,
  InvalidAction: wrongAddress,
  MissingAuthenticationToken: unsigned,
  IncompleteSignature: unsigned,
  OptInRequired: notSubscribed,
  SubscriptionRequired: notSubscribed,
  AccountProblem: notSubscribed,
}
