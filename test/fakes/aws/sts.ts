/** STS: AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity. */
import type { FaultName } from './faults.ts'
import { AwsError, xmlAnswer, type Answer } from './wire.ts'
import { verifyWebIdentity, type Issuers } from './web-identity.ts'
import type { AccessKey, Principal, Role, World } from './world.ts'

export interface StsState {
  readonly world: World
  readonly issuers: Issuers
  readonly now: Date
}

/** Who is calling. @throws AwsError */
export function getCallerIdentity(principal: Principal): Answer {
  return xmlAnswer('GetCallerIdentity', {
    Arn: principal.arn,
    UserId: principal.userId,
    Account: principal.account,
  })
}

/** Takes a role after its trust policy was asked. @throws AwsError */
export function assumeRole(
  caller: Principal,
  form: URLSearchParams,
  state: StsState,
  fault: FaultName | null,
): Answer {
  const roleArn = form.get('RoleArn') ?? ''
  checkParameters(form)
  const role = state.world.roles.get(roleArn)
  const tags = tagsOf(form)
  if (!caller.allow.has('sts:AssumeRole') || role === undefined || !trusts(role, caller, form)) {
    throw notAuthorized(caller, 'sts:AssumeRole', roleArn)
  }
  if (Object.keys(tags).length > 0 && !allowsTags(role, tags)) {
    throw notAuthorized(caller, 'sts:TagSession', roleArn)
  }
  return credentialsAnswer('AssumeRole', role, {
    form,
    tags,
    state,
    fault,
    chained: caller.roleArn !== undefined,
  })
}

/** Takes a role with a token of an OIDC issuer; the request is not signed. @throws AwsError */
export function assumeRoleWithWebIdentity(
  form: URLSearchParams,
  state: StsState,
  fault: FaultName | null,
): Answer {
  checkParameters(form)
  const claims = verifyWebIdentity(form.get('WebIdentityToken') ?? '', state.issuers, state.now)
  const role = state.world.roles.get(form.get('RoleArn') ?? '')
  const trust = role?.trust.webIdentity
  if (
    role === undefined ||
    trust === undefined ||
    trust.issuer !== claims.issuer ||
    trust.subject !== claims.subject ||
    !claims.audience.includes(trust.audience)
  ) {
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403)
  }
  return credentialsAnswer('AssumeRoleWithWebIdentity', role, {
    form,
    tags: {},
    state,
    fault,
    chained: false,
    extra: { SubjectFromWebIdentityToken: claims.subject, Audience: trust.audience, Provider: claims.issuer },
  })
}

interface Grant {
  readonly form: URLSearchParams
  readonly tags: Readonly<Record<string, string>>
  readonly state: StsState
  readonly fault: FaultName | null
  readonly chained: boolean
  readonly extra?: Readonly<Record<string, string>>
}

function credentialsAnswer(action: string, role: Role, grant: Grant): Answer {
  const { form, tags, state, fault } = grant
  const sessionName = form.get('RoleSessionName') ?? ''
  if (fault === 'garbage' || fault === 'noData') return xmlAnswer(action, { Hello: 'world' })
  const session = state.world.startSession(role, {
    sessionName,
    seconds: secondsOf(form, role, grant.chained),
    tags,
  })
  return xmlAnswer(action, {
    ...grant.extra,
    AssumedRoleUser: { AssumedRoleId: session.principal.userId, Arn: session.principal.arn },
    Credentials: wireCredentials(session),
  })
}

function wireCredentials(session: AccessKey): Record<string, string> {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken ?? '',
    Expiration: (session.expiresAt ?? new Date(0)).toISOString().replace('.000Z', 'Z'),
  }
}

function trusts(role: Role, caller: Principal, form: URLSearchParams): boolean {
  const { principals, externalId } = role.trust
  const names = [caller.arn, caller.roleArn, `arn:aws:iam::${caller.account}:root`]
  if (!principals.some((principal) => names.includes(principal))) return false
  return externalId === undefined || externalId === form.get('ExternalId')
}

function allowsTags(role: Role, tags: Readonly<Record<string, string>>): boolean {
  if (role.trust.tagSession === false) return false
  return Object.entries(role.trust.requestTags ?? {}).every(([name, value]) => tags[name] === value)
}

/** `Tags.member.1.Key=…&Tags.member.1.Value=…` */
function tagsOf(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {}
  for (let index = 1; form.has(`Tags.member.${index}.Key`); index += 1) {
    tags[form.get(`Tags.member.${index}.Key`) ?? ''] = form.get(`Tags.member.${index}.Value`) ?? ''
  }
  return tags
}

function checkParameters(form: URLSearchParams): void {
  const name = form.get('RoleSessionName') ?? ''
  const externalId = form.get('ExternalId')
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(form.get('RoleArn') ?? '')) {
    throw new AwsError('ValidationError', `${form.get('RoleArn') ?? ''} is invalid`)
  }
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
    )
  }
  if (externalId !== null && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*`,
    )
  }
}

function secondsOf(form: URLSearchParams, role: Role, chained: boolean): number {
  const seconds = Number(form.get('DurationSeconds') ?? 3600)
  if (!(seconds >= 900 && seconds <= 43_200)) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    )
  }
  if (chained && seconds > 3600) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  }
  if (seconds > role.maxSessionSeconds) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  }
  return seconds
}

function notAuthorized(caller: Principal, action: string, resource: string): AwsError {
  return new AwsError(
    'AccessDenied',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource}`,
    403,
  )
}
