import * as z from 'zod'
import { field, named, observed } from '../schema/field.ts'
import { withRules } from '../schema/rule.ts'
import { apiVersion } from './group.ts'
import { kubernetesObject, registryColumns, type Kind } from './kind.ts'
import { namespacesSchema } from './namespaces.ts'
import { commonFields, providerRules } from './spec.ts'
import { registryStatusSchema } from './status.ts'

/** spec of the cluster-scoped kind. Administrators write it, so the rules for tenants are left out. */
export const clusterTokenRegistrySpecSchema = withRules(
  named(
    'ClusterTokenRegistrySpec',
    z.strictObject({
      ...commonFields,
      namespaces: field(namespacesSchema, {
        label: 'Namespaces',
        help: 'Which namespaces get the pull Secret. The fields that are given must all match; exclude always wins.',
        order: 3,
        group: 'Where',
      }),
      distribution: field(z.enum(['Automatic']).default('Automatic'), {
        label: 'Distribution',
        help: 'Automatic writes the pull Secret to every selected namespace. Writing only where a team asks for it (OnRequest) comes with a later version.',
        example: 'Automatic',
        order: 9,
        group: 'Advanced',
      }),
    }),
  ),
  ...providerRules(),
)

/** The whole object, as it is sent to the API server. */
export const clusterTokenRegistrySchema = named(
  'ClusterTokenRegistry',
  kubernetesObject('ClusterTokenRegistry', {
    spec: field(clusterTokenRegistrySpecSchema, {
      label: 'Spec',
      help: 'What is wanted: which registry, as whom, and in which namespaces.',
      order: 1,
      group: 'Image',
    }),
    status: observed(registryStatusSchema.optional(), {
      label: 'Status',
      help: 'What the server found and did. Written by the server alone.',
    }),
  }),
)

/** As read from the API server: every default is applied. */
export type ClusterTokenRegistry = z.output<typeof clusterTokenRegistrySchema>
/** Its spec alone, likewise with every default applied. */
export type ClusterTokenRegistrySpec = z.output<typeof clusterTokenRegistrySpecSchema>
/** As a person writes it. */
export type ClusterTokenRegistryInput = z.input<typeof clusterTokenRegistrySchema>

/** What the generator makes the CRD and the reference of this kind from. */
export const clusterTokenRegistryKind: Kind = {
  kind: 'ClusterTokenRegistry',
  plural: 'clustertokenregistries',
  singular: 'clustertokenregistry',
  shortNames: ['ctr'],
  scope: 'Cluster',
  description:
    "Keeps pull Secrets for one registry fresh in many namespaces, with credentials that stay in the server's namespace.",
  schema: clusterTokenRegistrySchema,
  printerColumns: registryColumns,
  examples: [
    {
      title: 'serve two projects from one ECR',
      object: {
        apiVersion,
        kind: 'ClusterTokenRegistry',
        metadata: { name: 'company-ecr' },
        spec: {
          provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012', '210987654321'] } },
          credentials: { serverIdentity: {} },
          namespaces: {
            projects: ['c-m-4xk8d2ql:p-7hj2k', 'c-m-4xk8d2ql:p-b9xq4'],
            exclude: ['shop-sandbox-*'],
          },
        },
      },
    },
    {
      title: 'serve namespaces by their label',
      object: {
        apiVersion,
        kind: 'ClusterTokenRegistry',
        metadata: { name: 'mirror' },
        spec: {
          provider: { static: { hosts: ['mirror.example.com:5000'] } },
          credentials: { secret: { name: 'mirror-login' } },
          namespaces: {
            selector: { matchLabels: { environment: 'production' } },
            trustLabelsAndNames: true,
          },
        },
      },
    },
  ],
}
