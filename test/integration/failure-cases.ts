// Ways in which upstream, the keys or the policy fail, each with what a person must be told about it.
import type { ErrorCode } from '../../server/core/errors.ts'
import type { AccessKey, FakeAws } from '../fakes/aws/index.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

/** One registry with a namespace, an upstream and an IAM user of its own. */
export interface Site {
  readonly cp: ControlPlane
  readonly aws: FakeAws
  readonly namespace: string
  /** What its Secret holds when all is well. */
  readonly key: AccessKey
}

export interface FailureCase {
  /** Also the namespace. */
  readonly name: string
  readonly code: ErrorCode
  /** What the message must contain: the object or field, and what to do. */
  readonly says: readonly RegExp[]
  readonly start: (site: Site) => unknown
  readonly end: (site: Site) => unknown
  /** Seen before upstream is asked, so no try of upstream fails. */
  readonly beforeCall?: true
  /** With temporary credentials in the Secret. */
  readonly session?: true
  /** More of the block spec.provider.ecr. */
  readonly ecr?: (aws: FakeAws) => Record<string, unknown>
}

const role = 'image-pull'
const roleArn = `arn:aws:iam::123456789012:role/${role}`
const twentyMinutesMs = 20 * 60_000

/** Replaces what AWS knows of the site's key. */
function change({ aws, key }: Site, changes: Partial<AccessKey>): void {
  aws.world.keys.set(key.accessKeyId, { ...key, ...changes })
}

function secretPath({ namespace }: Site): string {
  return `/api/v1/namespaces/${namespace}/secrets/aws-keys`
}

/** The Secret's content as AWS gave it out. */
export function keyValues({ accessKeyId, secretAccessKey, sessionToken }: AccessKey): Record<string, string> {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const restoreKey = (site: Site): void => change(site, {})
const clearFaults = ({ aws }: Site): void => aws.faults.clear()

const materialCases: readonly FailureCase[] = [
  {
    name: 'wrong-key-id',
    code: 'CredentialsInvalid',
    says: [
      /the Secret of spec\.credentials\.secret, key accessKeyId/,
      /Put a current access key into the Secret/,
    ],
    start: ({ aws, key }) => aws.world.removeKey(key.accessKeyId),
    end: restoreKey,
  },
  {
    name: 'wrong-secret',
    code: 'CredentialsInvalid',
    says: [
      /the Secret of spec\.credentials\.secret, key secretAccessKey/,
      /copy the secret access key again/,
    ],
    start: (site) => change(site, { secretAccessKey: 'another secret' }),
    end: restoreKey,
  },
  {
    name: 'expired-session',
    code: 'CredentialsExpired',
    says: [/the Secret of spec\.credentials\.secret, key sessionToken/, /put new ones into the Secret/],
    session: true,
    start: (site) => change(site, { expiresAt: new Date(0) }),
    end: restoreKey,
  },
  {
    name: 'missing-secret',
    code: 'ReferenceMissing',
    says: [/spec\.credentials\.secret: Secret missing-secret\/aws-keys does not exist/, /create it/],
    beforeCall: true,
    start: (site) => site.cp.admin.delete(secretPath(site)),
    end: (site) =>
      site.cp.admin.create(`/api/v1/namespaces/${site.namespace}/secrets`, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'aws-keys', namespace: site.namespace },
        stringData: keyValues(site.key),
      }),
  },
  {
    name: 'missing-key',
    code: 'ReferenceMissing',
    says: [/Secret missing-key\/aws-keys has no value under the key secretAccessKey/, /add it/],
    beforeCall: true,
    start: (site) => site.cp.admin.patch(secretPath(site), { data: { secretAccessKey: null } }),
    end: (site) =>
      site.cp.admin.patch(secretPath(site), { data: { secretAccessKey: base64(site.key.secretAccessKey) } }),
  },
]

const permissionCases: readonly FailureCase[] = [
  {
    name: 'denied',
    code: 'AccessDenied',
    says: [
      /user\/denied do ecr:GetAuthorizationToken/,
      /allow ecr:GetAuthorizationToken on resource "\*" in a policy of this identity/,
    ],
    start: (site) => change(site, { principal: { ...site.key.principal, allow: new Set() } }),
    end: restoreKey,
  },
  {
    name: 'role-trusts-another',
    code: 'TrustDenied',
    says: [/spec\.provider\.ecr\.assumeRoles\[0\]/, /its trust policy must name this principal/],
    ecr: () => ({ assumeRoles: [{ arn: roleArn }] }),
    start: ({ aws }) =>
      aws.world.addRole({ name: role, trust: { principals: ['arn:aws:iam::123456789012:user/another'] } }),
    end: ({ aws, key }) => aws.world.addRole({ name: role, trust: { principals: [key.principal.arn] } }),
  },
  {
    name: 'role-wants-external-id',
    code: 'TrustDenied',
    says: [/spec\.provider\.ecr\.assumeRoles\[0\]/, /accept the externalId that is sent/],
    ecr: () => ({ assumeRoles: [{ arn: roleArn, externalId: 'shop' }] }),
    start: ({ aws, key }) =>
      aws.world.addRole({ name: role, trust: { principals: [key.principal.arn], externalId: 'office' } }),
    end: ({ aws, key }) =>
      aws.world.addRole({ name: role, trust: { principals: [key.principal.arn], externalId: 'shop' } }),
  },
  {
    name: 'wrong-region',
    code: 'WrongTarget',
    says: [/spec\.provider\.ecr\.region/, /check its spelling/],
    start: ({ aws }) => aws.world.regions.delete('eu-west-1'),
    end: ({ aws }) => aws.world.regions.add('eu-west-1'),
  },
]

/** Without a Date header the server cannot learn how far its clock is off, and so cannot correct it. */
const clockCases: readonly FailureCase[] = [
  {
    name: 'clock-behind',
    code: 'ClockSkew',
    says: [/the clock of this server is .*behind that of ECR/, /synchronise the node's clock/],
    start: ({ aws }) => aws.faults.set({ clockOffsetMs: twentyMinutesMs, hideDate: true }),
    end: clearFaults,
  },
  {
    name: 'clock-ahead',
    code: 'ClockSkew',
    says: [/the clock of this server is .*ahead of that of ECR/, /synchronise the node's clock/],
    start: ({ aws }) => aws.faults.set({ clockOffsetMs: -twentyMinutesMs, hideDate: true }),
    end: clearFaults,
  },
]

const brokenCases: readonly FailureCase[] = [
  {
    name: 'throttled',
    code: 'RateLimited',
    says: [/ECR in eu-west-1 \(127\.0\.0\.1:\d+\) asks to slow down/, /tried again more slowly/],
    start: ({ aws }) => aws.faults.set({ ecr: 'tooManyRequests', retryAfterSeconds: 3 }),
    end: clearFaults,
  },
  {
    name: 'down',
    code: 'Unavailable',
    says: [/could not be reached for GetAuthorizationToken/, /check spec\.provider\.ecr\.endpoint/],
    start: ({ aws }) => aws.down(),
    end: ({ aws }) => aws.up(),
  },
  {
    name: 'hanging',
    code: 'Unavailable',
    says: [/ECR in eu-west-1 \(127\.0\.0\.1:\d+\) did not answer GetAuthorizationToken/, /tried again/],
    start: ({ aws }) => aws.faults.set({ ecr: 'hang' }),
    end: clearFaults,
  },
  {
    name: 'failing',
    code: 'Unavailable',
    says: [/ECR in eu-west-1 \(127\.0\.0\.1:\d+\) failed on GetAuthorizationToken/, /tried again/],
    start: ({ aws }) => aws.faults.set({ ecr: 'serverError' }),
    end: clearFaults,
  },
  {
    name: 'garbage',
    code: 'BadResponse',
    says: [/with success, but/, /check that spec\.provider\.ecr\.endpoint reaches AWS/],
    start: ({ aws }) => aws.faults.set({ ecr: 'garbage' }),
    end: clearFaults,
  },
  {
    name: 'login-page',
    code: 'BadResponse',
    says: [/with success, but/, /check that spec\.provider\.ecr\.endpoint reaches AWS and not a proxy/],
    start: ({ aws }) => aws.faults.set({ ecr: 'html' }),
    end: clearFaults,
  },
  {
    name: 'expired-token',
    code: 'BadResponse',
    says: [/its token ended already, at 2015-01-01/, /check that spec\.provider\.ecr\.endpoint reaches AWS/],
    start: ({ aws }) => aws.faults.set({ ecr: 'expiredCredential' }),
    end: clearFaults,
  },
]

export const failureCases: readonly FailureCase[] = [
  ...materialCases,
  ...permissionCases,
  ...clockCases,
  ...brokenCases,
]
