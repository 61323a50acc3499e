// Bad rows about spec.provider.
import {
  account,
  ecr,
  many,
  roleArn,
  secret,
  tokenRegistry,
  type BadSpec,
  type Fields,
  type SpecObject,
} from './builders.ts'

const withEcr = (changes: Fields): SpecObject => tokenRegistry({ provider: ecr(changes) })
const withHost = (host: string): SpecObject => withEcr({ hosts: [host] })
const withRole = (changes: Fields): SpecObject => withEcr({ assumeRoles: [{ arn: roleArn, ...changes }] })
const withStatic = (changes: Fields, credentials: Fields = secret()): SpecObject =>
  tokenRegistry({ provider: { static: { hosts: ['registry.example.com'], ...changes } }, credentials })

const rows: [name: string, object: SpecObject, field: string, rule?: string][] = [
  [
    'two provider blocks',
    tokenRegistry({ provider: { ...ecr(), static: { hosts: ['a.example'] } } }),
    'provider',
  ],
  ['no provider block', tokenRegistry({ provider: {} }), 'provider'],
  ['an unknown provider', tokenRegistry({ provider: { acr: { registry: 'x' } } }), 'acr'],
  // where
  ['no region', withEcr({ region: undefined }), 'region'],
  ['a region in upper case', withEcr({ region: 'EU-WEST-1' }), 'region'],
  ['an availability zone', withEcr({ region: 'eu-west-1a' }), 'region'],
  ['a region that would leave the host name', withEcr({ region: 'eu-west-1.evil.example' }), 'region'],
  ['an unknown field in ecr', withEcr({ partition: 'aws' }), 'partition'],
  ['an account as a number', withEcr({ accounts: [Number(account)] }), 'accounts'],
  ['an account with dashes', withEcr({ accounts: ['1234-5678-9012'] }), 'accounts'],
  ['an account of 11 digits', withEcr({ accounts: ['12345678901'] }), 'accounts'],
  ['an account twice', withEcr({ accounts: [account, account] }), 'accounts'],
  ['51 accounts', withEcr({ accounts: many(51, (index) => String(100000000000 + index)) }), 'accounts'],
  ['neither accounts nor hosts', withEcr({ accounts: undefined }), 'accounts', 'ecr-accounts-or-hosts'],
  ['both lists empty', withEcr({ accounts: [], hosts: [] }), 'accounts', 'ecr-accounts-or-hosts'],
  // hosts
  ['a host with scheme', withHost('https://images.example'), 'hosts'],
  ['a host in upper case', withHost('Images.example'), 'hosts'],
  ['an empty host', withHost(''), 'hosts'],
  ['a host with a port too high', withHost('images.example:65536'), 'hosts'],
  ['a host with user', withHost('me@images.example'), 'hosts'],
  ['a host that is all wildcard', withHost('*.*'), 'hosts'],
  ['a host with a wildcard at its end', withHost('images.*'), 'hosts'],
  ['a host with a tag', withHost('images.example/app:v1'), 'hosts'],
  ['a host with an empty part', withHost('images..example'), 'hosts'],
  ['a host of 254 characters', withHost(`a.example/${'b'.repeat(244)}`), 'hosts'],
  // endpoints and variants
  ['FIPS in Europe', withEcr({ fips: true }), 'fips', 'ecr-fips-region'],
  ['FIPS in an isolated region', withEcr({ region: 'us-iso-east-1', fips: true }), 'fips', 'ecr-fips-region'],
  [
    'dual stack in an isolated region',
    withEcr({ region: 'us-iso-east-1', dualStack: true }),
    'dualStack',
    'ecr-dual-stack-region',
  ],
  [
    'dual stack in the European sovereign cloud',
    withEcr({ region: 'eusc-de-east-1', dualStack: true }),
    'dualStack',
    'ecr-dual-stack-region',
  ],
  ['dualStack as text', withEcr({ dualStack: 'true' }), 'dualStack'],
  ['an endpoint without scheme', withEcr({ endpoint: 'api.example' }), 'endpoint'],
  ['an endpoint with user and password', withEcr({ endpoint: 'https://me:pw@api.example' }), 'endpoint'],
  ['an endpoint with a query', withEcr({ endpoint: 'https://api.example/?a=b' }), 'endpoint'],
  ['an endpoint with a fragment', withEcr({ endpoint: 'https://api.example/#a' }), 'endpoint'],
  ['an STS endpoint of another scheme', withEcr({ stsEndpoint: 'file:///etc/passwd' }), 'stsEndpoint'],
  ['an STS endpoint with a line break', withEcr({ stsEndpoint: 'https://sts.example\nx' }), 'stsEndpoint'],
  // roles
  ['a role without ARN', withEcr({ assumeRoles: [{ externalId: 'ab' }] }), 'arn'],
  ["a user's ARN", withRole({ arn: 'arn:aws:iam::123456789012:user/me' }), 'arn'],
  ['an ARN with a space', withRole({ arn: `${roleArn} ` }), 'arn'],
  ['an external ID of one character', withRole({ externalId: 'a' }), 'externalId'],
  ['an external ID with a space', withRole({ externalId: 'a b' }), 'externalId'],
  ['a session name of 65 characters', withRole({ sessionName: 'a'.repeat(65) }), 'sessionName'],
  ['a session name with a slash', withRole({ sessionName: 'a/b' }), 'sessionName'],
  ['a session of 899 seconds', withRole({ durationSeconds: 899 }), 'durationSeconds'],
  ['a session of 43201 seconds', withRole({ durationSeconds: 43201 }), 'durationSeconds'],
  ['a session of half a second', withRole({ durationSeconds: 900.5 }), 'durationSeconds'],
  ['an unknown field in a role', withRole({ policy: '{}' }), 'policy'],
  ['six roles', withEcr({ assumeRoles: many(6, () => ({ arn: roleArn })) }), 'assumeRoles'],
  [
    "an external ID with the server's identity",
    tokenRegistry({
      provider: ecr({ assumeRoles: [{ arn: roleArn }, { arn: roleArn, externalId: 'other-tenant' }] }),
      credentials: { serverIdentity: {} },
    }),
    'assumeRoles',
    'ecr-external-id-of-server',
  ],
  // keys of the Secret
  [
    'a key that ECR does not have',
    tokenRegistry({ credentials: secret({ keys: { username: 'u' } }) }),
    'keys',
    'ecr-secret-keys',
  ],
  [
    'a key that static does not have',
    withStatic({}, secret({ keys: { token: 't' } })),
    'keys',
    'static-secret-keys',
  ],
  // static
  ['static without hosts', withStatic({ hosts: undefined }), 'hosts'],
  ['static with no host', withStatic({ hosts: [] }), 'hosts'],
  ['static with 51 hosts', withStatic({ hosts: many(51, (index) => `r${index}.example`) }), 'hosts'],
  ['static with a host twice', withStatic({ hosts: ['a.example', 'a.example'] }), 'hosts'],
  ['static with a password', withStatic({ password: 'secret' }), 'password'],
  [
    "static with the server's identity",
    withStatic({}, { serverIdentity: {} }),
    'serverIdentity',
    'static-refuses-serverIdentity',
  ],
]

export const badProviderSpecs: readonly BadSpec[] = rows.map(([name, object, field, rule]) => ({
  name,
  object,
  field,
  ...(rule && { rule }),
}))
