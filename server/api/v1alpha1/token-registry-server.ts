import * as z from 'zod'
import { list, mapList } from '../schema/collections.ts'
import { named, observed } from '../schema/field.ts'
import { withRules } from '../schema/rule.ts'
import { kubernetesObject, type Kind } from './kind.ts'

const string = (label: string, help: string) => observed(z.string(), { label, help })
const strings = (label: string, help: string) =>
  observed(list(z.string(), { max: 500 }).optional(), { label, help })

const servedProviderSchema = named(
  'ServedProvider',
  z.strictObject({
    name: string('Provider', 'The name of the block under spec.provider.'),
    credentials: observed(list(z.string(), { max: 20 }), {
      label: 'Credentials',
      help: 'The blocks of spec.credentials that the provider takes.',
    }),
  }),
)

const policySummarySchema = named(
  'PolicySummary',
  z.strictObject({
    allowedEndpoints: strings(
      'Allowed endpoints',
      'Addresses (host:port) that a spec may name as an endpoint.',
    ),
    serverIdentityNamespaces: strings('Namespaces', "Namespaces that may use the server's identity."),
    serverIdentityProjects: strings('Projects', "Projects whose namespaces may use the server's identity."),
  }),
)

/** What the leader publishes about its server. Pages build their forms from it. */
export const tokenRegistryServerStatusSchema = named(
  'TokenRegistryServerStatus',
  z.strictObject({
    version: string('Version', "The server's version.").optional(),
    apiRevision: observed(z.int().min(1).max(2147483647).optional(), {
      label: 'API revision',
      help: 'Counts up with every field that is added to the API, so that one page can serve servers of different age.',
    }),
    providers: observed(mapList(servedProviderSchema, 'name', { max: 50 }).optional(), {
      label: 'Providers',
      help: 'The providers that this server has.',
    }),
    namespace: string(
      'Namespace',
      "The server's namespace; references of cluster registries resolve there.",
    ).optional(),
    leader: string('Leader', 'The pod that does the work at the moment.').optional(),
    policy: observed(policySummarySchema.optional(), {
      label: 'Policy',
      help: "What the administrator's policy allows.",
    }),
  }),
)

/** The one object `default`: what this cluster's server can do. Readable by every authenticated user. */
export const tokenRegistryServerSchema = withRules(
  named(
    'TokenRegistryServer',
    kubernetesObject('TokenRegistryServer', {
      status: observed(tokenRegistryServerStatusSchema.optional(), {
        label: 'Status',
        help: 'What the server says about itself. Written by the server alone.',
      }),
    }),
  ),
  {
    id: 'server-object-name',
    cel: "self.metadata.name == 'default'",
    message: 'metadata.name must be default: there is one such object in a cluster, and the server writes it',
    check: ({ metadata }) => metadata.name === 'default',
  },
)

/** As read from the API server; without status until a leader has written it. */
export type TokenRegistryServer = z.output<typeof tokenRegistryServerSchema>
/** Its status alone; a server of another age may leave out any field. */
export type TokenRegistryServerStatus = z.output<typeof tokenRegistryServerStatusSchema>

/** What `status.apiRevision` of a server with this API says. Counts up with every field that is added. */
export const apiRevision = 1

/** What the generator makes the CRD from. It has no examples: nobody but the server writes this object. */
export const tokenRegistryServerKind: Kind = {
  kind: 'TokenRegistryServer',
  plural: 'tokenregistryservers',
  singular: 'tokenregistryserver',
  shortNames: ['trs'],
  scope: 'Cluster',
  description:
    'Says what the server in this cluster can do and what its policy allows. One object named default, written by the server alone.',
  schema: tokenRegistryServerSchema,
  printerColumns: [
    { name: 'Version', jsonPath: '.status.version', type: 'string' },
    { name: 'Namespace', jsonPath: '.status.namespace', type: 'string' },
    { name: 'Leader', jsonPath: '.status.leader', type: 'string' },
    { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' },
  ],
  examples: [],
}
