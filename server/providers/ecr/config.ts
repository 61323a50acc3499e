import * as z from 'zod'
import { list, set } from '../../api/schema/collections.ts'
import { field, named } from '../../api/schema/field.ts'
import { endpointUrl, registryHost, text } from '../../api/schema/formats.ts'
import { defineProvider } from '../../api/schema/provider-definition.ts'
import { refersTo } from '../../api/schema/reference.ts'
import { withRules } from '../../api/schema/rule.ts'
import type { MaterialKey } from '../provider.ts'

const region = text({
  pattern: '^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$',
  message: 'must be an AWS region such as eu-west-1',
  max: 32,
})

const accountId = text({
  pattern: '^[0-9]{12}$',
  message: 'must be the 12 digits of an AWS account, in quotes',
  min: 12,
  max: 12,
})

const roleArn = text({
  pattern: '^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$',
  message: 'must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/pull',
  max: 600,
})

const externalId = text({
  pattern: '^[A-Za-z0-9_+=,.@:/-]+$',
  message: 'must be 2 to 1224 letters, digits or characters of _+=,.@:/-',
  min: 2,
  max: 1224,
})

const sessionName = text({
  pattern: '^[A-Za-z0-9_+=,.@-]+$',
  message: 'must be 2 to 64 letters, digits or characters of _+=,.@-',
  min: 2,
  max: 64,
})

const assumeRole = named(
  'EcrAssumeRole',
  z.strictObject({
    arn: field(refersTo('upstreamRole', roleArn), {
      label: 'Role ARN',
      help: 'The role to assume. Its trust policy must allow the identity that comes before it in the chain.',
      example: 'arn:aws:iam::123456789012:role/image-pull',
      order: 1,
    }),
    externalId: field(externalId.optional(), {
      label: 'External ID',
      help: "The ExternalId that the role's trust policy asks for. A TokenRegistry that uses the server's identity may not set it: there the server sends one of its own.",
      example: 'shop-team',
      order: 2,
    }),
    sessionName: field(sessionName.optional(), {
      label: 'Session name',
      help: "The name of the session in AWS's audit log (CloudTrail). Absent means token-registries.",
      example: 'shop-pull',
      order: 3,
    }),
    durationSeconds: field(z.int().min(900).max(43200).optional(), {
      label: 'Session length',
      help: 'How long the session of this role lasts, in seconds. The password from ECR keeps its own 12 hours. A role reached through another role is limited to 3600 by AWS.',
      example: 3600,
      order: 4,
    }),
  }),
)

/** The block spec.provider.ecr. The partition follows from the region, so there is no field for it. */
export const ecrConfigSchema = withRules(
  named(
    'EcrConfig',
    z.strictObject({
      region: field(region, {
        label: 'Region',
        help: 'The AWS region of the registry. A password from ECR is valid in the region that issued it.',
        example: 'eu-west-1',
        order: 1,
      }),
      accounts: field(set(accountId, { max: 50 }).optional(), {
        label: 'Accounts',
        help: 'The AWS accounts whose registries the images come from. The host names follow from account and region. Write each in quotes: YAML reads it as a number otherwise.',
        example: ['123456789012'],
        order: 2,
      }),
      hosts: field(set(registryHost, { max: 50 }).optional(), {
        label: 'Other host names',
        help: 'Host names as images spell them where they do not follow from accounts: private DNS names, pull-through domains. At least one of accounts and hosts is needed.',
        example: ['images.shop.example'],
        order: 3,
        group: 'Advanced',
      }),
      assumeRoles: field(list(assumeRole, { max: 5 }).optional(), {
        label: 'Roles to assume',
        help: 'Roles to assume one after the other, starting from the credentials. The last one asks ECR for the password.',
        order: 4,
        group: 'Advanced',
      }),
      fips: field(z.boolean().default(false), {
        label: 'FIPS endpoints',
        help: 'Use the FIPS 140 validated endpoints and the host names that belong to them. Only US regions have them.',
        example: true,
        order: 5,
        group: 'Advanced',
      }),
      dualStack: field(z.boolean().default(false), {
        label: 'Dual-stack host names',
        help: 'Add the host names that answer over IPv4 and IPv6 (123456789012.dkr-ecr.eu-west-1.on.aws).',
        example: true,
        order: 6,
        group: 'Advanced',
      }),
      endpoint: field(endpointUrl.optional(), {
        label: 'ECR endpoint',
        help: "Where to send ECR calls instead of the public address, for example a VPC endpoint. The administrator's policy must list it.",
        example: 'https://vpce-0a1b.api.ecr.eu-west-1.vpce.amazonaws.com',
        order: 7,
        group: 'Advanced',
      }),
      stsEndpoint: field(endpointUrl.optional(), {
        label: 'STS endpoint',
        help: "Where to send STS calls (role changes) instead of the public address. The administrator's policy must list it.",
        example: 'https://vpce-0a1b.sts.eu-west-1.vpce.amazonaws.com',
        order: 8,
        group: 'Advanced',
      }),
    }),
  ),
  {
    id: 'ecr-accounts-or-hosts',
    cel: '(has(self.accounts) && self.accounts.size() > 0) || (has(self.hosts) && self.hosts.size() > 0)',
    message: 'accounts is empty: name at least one AWS account in accounts, or a host name in hosts',
    at: ['accounts'],
    reason: 'FieldValueRequired',
    check: ({ accounts, hosts }) => Boolean(accounts?.length) || Boolean(hosts?.length),
  },
  {
    id: 'ecr-fips-region',
    cel: "!self.fips || self.region.matches('^us-(gov-)?(east|west)-[0-9]+$')",
    message:
      'fips is true, but ECR has FIPS endpoints in US regions only: set fips to false or use a us- region',
    at: ['fips'],
    check: ({ fips, region }) => !fips || /^us-(gov-)?(east|west)-[0-9]+$/.test(region),
  },
  {
    id: 'ecr-dual-stack-region',
    cel: "!self.dualStack || !self.region.matches('^([a-z]+-iso[a-z]*|eusc)-')",
    message: 'dualStack is true, but this region has no dual-stack endpoints: set dualStack to false',
    at: ['dualStack'],
    check: ({ dualStack, region }) => !dualStack || !/^([a-z]+-iso[a-z]*|eusc)-/.test(region),
  },
)

/** As read from the API server: `fips` and `dualStack` are always there. */
export type EcrConfig = z.output<typeof ecrConfigSchema>
/** As a person writes it. */
export type EcrConfigInput = z.input<typeof ecrConfigSchema>

/** What a Secret for ECR holds. */
export const ecrMaterialKeys = [
  {
    name: 'accessKeyId',
    optional: false,
    secret: false,
    label: 'Access key ID',
    help: 'The ID of an access key of an IAM user that may pull and nothing else.',
  },
  {
    name: 'secretAccessKey',
    optional: false,
    secret: true,
    label: 'Secret access key',
    help: 'The secret half of the access key.',
  },
  {
    name: 'sessionToken',
    optional: true,
    secret: true,
    label: 'Session token',
    help: 'Only for temporary keys. They stop working within hours; renewing them is up to you.',
  },
] as const satisfies readonly MaterialKey[]

/** The API half of this provider; index.ts is the other one. */
export const ecrDefinition = defineProvider({
  label: 'Amazon ECR',
  help: 'Private registries of Amazon Elastic Container Registry. The password lives for 12 hours.',
  order: 1,
  configSchema: ecrConfigSchema,
  credentials: ['secret', 'serverIdentity'],
  materialKeys: ecrMaterialKeys,
  tenantRules: [
    {
      id: 'ecr-external-id-of-server',
      cel: '!has(self.credentials.serverIdentity) || !has(self.provider.ecr.assumeRoles) || self.provider.ecr.assumeRoles.all(role, !has(role.externalId))',
      message:
        "assumeRoles names an externalId together with credentials.serverIdentity: remove externalId, the server sends one that names this registry's namespace",
      at: ['provider', 'ecr', 'assumeRoles'],
      reason: 'FieldValueForbidden',
      check: ({ credentials, config }) =>
        credentials.serverIdentity === undefined ||
        (config.assumeRoles ?? []).every((role) => role.externalId === undefined),
    },
  ],
})
