// Rancher's own kinds in the management cluster, with the fields and columns that the Dashboard works with.

/** Namespace in which UIPlugins count. */
export const pluginNamespace = 'cattle-ui-plugin-system'

/** A kind. Fields are free, unless a schema says more. */
interface Kind {
  group: string
  version: string
  kind: string
  namespaced?: boolean
  /** Printer columns: title to JSONPath. */
  columns?: Record<string, string>
  schema?: object
}

const management = { group: 'management.cattle.io', version: 'v3' }
const catalog = { group: 'catalog.cattle.io', version: 'v1' }
const text = { type: 'string' }

const pluginSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      properties: {
        plugin: {
          type: 'object',
          properties: {
            name: text,
            version: text,
            endpoint: text,
            compressedEndpoint: text,
            noAuth: { type: 'boolean', default: false },
            noCache: { type: 'boolean', default: false },
            metadata: { type: 'object', additionalProperties: text },
          },
        },
      },
    },
    status: {
      type: 'object',
      required: ['observedGeneration'],
      properties: {
        cacheState: { ...text, nullable: true },
        error: text,
        observedGeneration: { type: 'integer', format: 'int64' },
        ready: { type: 'boolean', default: false },
        retryAt: { ...text, format: 'date-time' },
        retryNumber: { type: 'integer' },
      },
    },
  },
}

const kinds: Kind[] = [
  { ...management, kind: 'Setting', columns: { Value: '.value' } },
  {
    ...management,
    kind: 'Feature',
    columns: { Custom_Value: '.spec.value', Default: '.status.default', Description: '.status.description' },
  },
  { ...management, kind: 'Cluster' },
  { ...management, kind: 'User' },
  { ...management, kind: 'Project', namespaced: true },
  {
    group: 'provisioning.cattle.io',
    version: 'v1',
    kind: 'Cluster',
    namespaced: true,
    columns: { Ready: '.status.ready' },
  },
  { group: 'fleet.cattle.io', version: 'v1alpha1', kind: 'Cluster', namespaced: true },
  { ...catalog, kind: 'ClusterRepo', columns: { URL: '.spec.url' } },
  { ...catalog, kind: 'App', namespaced: true },
  { ...catalog, kind: 'Operation', namespaced: true },
  {
    ...catalog,
    kind: 'UIPlugin',
    namespaced: true,
    columns: {
      Plugin_Name: '.spec.plugin.name',
      Version: '.spec.plugin.version',
      State: '.status.cacheState',
    },
    schema: pluginSchema,
  },
]

/** The CustomResourceDefinitions, in the form of `kubectl apply`. */
export function managementCrds(): object[] {
  return kinds.map(definition)
}

function definition({ group, version, kind, namespaced = false, columns = {}, schema }: Kind): object {
  const singular = kind.toLowerCase()
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, listKind: `${kind}List`, singular, plural: `${singular}s` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema ?? free },
          // Only what a controller writes while the test runs needs a status of its own; the rest is seeded whole.
          ...(schema && { subresources: { status: {} } }),
          additionalPrinterColumns: Object.entries(columns).map(([title, jsonPath]) => {
            return { name: title.replaceAll('_', ' '), jsonPath, type: 'string' }
          }),
        },
      ],
    },
  }
}
