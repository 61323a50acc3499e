import * as z from 'zod'
import { field, named, observed } from '../schema/field.ts'
import { projectId } from '../schema/formats.ts'
import { refersTo } from '../schema/reference.ts'
import { withRules } from '../schema/rule.ts'
import { apiVersion } from './group.ts'
import { kubernetesObject, registryColumns, type Kind } from './kind.ts'
import { commonFields, providerRules, tenantRules } from './spec.ts'
import { registryStatusSchema } from './status.ts'

const targetSchema = named(
  'Target',
  z.strictObject({
    project: field(refersTo('project', projectId), {
      label: 'Project',
      help: 'The Rancher project whose namespaces all get the pull Secret, as <cluster id>:<project id>. It must be the project of this namespace, and you must be allowed to manage its namespaces.',
      example: 'c-m-4xk8d2ql:p-7hj2k',
      order: 1,
    }),
  }),
)

/** spec of the namespaced kind. Teams write it, so the rules for tenants apply beside those for everybody. */
export const tokenRegistrySpecSchema = withRules(
  named(
    'TokenRegistrySpec',
    z.strictObject({
      ...commonFields,
      target: field(targetSchema.optional(), {
        label: 'Target',
        help: 'Where the pull Secret is written. Absent means this namespace only.',
        order: 3,
        group: 'Where',
      }),
    }),
  ),
  ...providerRules(),
  ...tenantRules(),
)

/** The whole object, as it is sent to the API server. */
export const tokenRegistrySchema = withRules(
  named(
    'TokenRegistry',
    kubernetesObject('TokenRegistry', {
      spec: field(tokenRegistrySpecSchema, {
        label: 'Spec',
        help: 'What is wanted: which registry, as whom, and where.',
        order: 1,
        group: 'Image',
      }),
      status: observed(registryStatusSchema.optional(), {
        label: 'Status',
        help: 'What the server found and did. Written by the server alone.',
      }),
    }),
  ),
  {
    id: 'secret-name-of-credentials',
    cel: '!has(self.spec.credentials.secret) || self.spec.credentials.secret.name != (has(self.spec.secret) && has(self.spec.secret.name) ? self.spec.secret.name : self.metadata.name)',
    message:
      'secret.name (by default the name of this object) is also credentials.secret.name, and the pull Secret cannot be the Secret that holds the credentials: choose another secret.name',
    at: ['spec', 'credentials', 'secret', 'name'],
    check: ({ spec, metadata }) => spec.credentials.secret?.name !== (spec.secret?.name ?? metadata.name),
  },
)

/** As read from the API server: every default is applied. */
export type TokenRegistry = z.output<typeof tokenRegistrySchema>
/** Its spec alone, likewise with every default applied. */
export type TokenRegistrySpec = z.output<typeof tokenRegistrySpecSchema>
/** As a person writes it. */
export type TokenRegistryInput = z.input<typeof tokenRegistrySchema>

/** What the generator makes the CRD and the reference of this kind from. */
export const tokenRegistryKind: Kind = {
  kind: 'TokenRegistry',
  plural: 'tokenregistries',
  singular: 'tokenregistry',
  shortNames: ['tr'],
  scope: 'Namespaced',
  description:
    'Keeps a pull Secret for one registry fresh, in its own namespace or in all namespaces of a project.',
  schema: tokenRegistrySchema,
  printerColumns: registryColumns,
  examples: [
    {
      title: 'pull from ECR with an access key',
      object: {
        apiVersion,
        kind: 'TokenRegistry',
        metadata: { name: 'shop-ecr', namespace: 'shop' },
        spec: {
          provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'] } },
          credentials: { secret: { name: 'shop-ecr-credentials' } },
          serviceAccounts: { attach: 'Default' },
        },
      },
    },
    {
      title: "serve a whole project with the server's identity and a role",
      object: {
        apiVersion,
        kind: 'TokenRegistry',
        metadata: { name: 'shop-ecr', namespace: 'shop' },
        spec: {
          provider: {
            ecr: {
              region: 'eu-west-1',
              accounts: ['123456789012'],
              assumeRoles: [{ arn: 'arn:aws:iam::123456789012:role/image-pull' }],
            },
          },
          credentials: { serverIdentity: {} },
          target: { project: 'c-m-4xk8d2ql:p-7hj2k' },
        },
      },
    },
    {
      title: 'keep a fixed user name and password in step',
      object: {
        apiVersion,
        kind: 'TokenRegistry',
        metadata: { name: 'partner', namespace: 'shop' },
        spec: {
          provider: { static: { hosts: ['registry.example.com'] } },
          credentials: { secret: { name: 'partner-login', keys: { username: 'user', password: 'token' } } },
        },
      },
    },
  ],
}
