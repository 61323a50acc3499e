/** Writes a kind as a CustomResourceDefinition: a structural schema, CEL rules, printer columns. */
import { stringify } from 'yaml'
import type { RuleText } from '../../server/api/schema/rule.ts'
import { group, version } from '../../server/api/v1alpha1/group.ts'
import type { Kind } from '../../server/api/v1alpha1/kind.ts'
import type { SchemaNode } from './schema-node.ts'

type Json = Record<string, unknown>

/** Keys that mean the same in our tree and in a structural schema. */
const copied = [
  'type',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const

export function renderCrd(kind: Kind, root: SchemaNode): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${group}`,
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ['token-registries'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.printerColumns,
          schema: { openAPIV3Schema: renderRoot(kind, root) },
        },
      ],
    },
  }
}

/** Plain YAML that Helm can also read as a template: nothing in it may look like an action. */
export function renderCrdFile(kind: Kind, root: SchemaNode, header: string): string {
  const body = stringify(renderCrd(kind, root), { lineWidth: 0, aliasDuplicateObjects: false })
  if (body.includes('{{'))
    throw new Error(`${kind.kind}: "{{" would be read by Helm: write the text or rule without it`)
  return `${header}\n${body}`
}

function renderRoot(kind: Kind, root: SchemaNode): Json {
  const { apiVersion: _, kind: __, metadata: ___, ...own } = root.properties ?? {}
  const required = (root.required ?? []).filter((name) => name in own)
  return {
    description: kind.description,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...renderProperties(own),
    },
    ...renderRules(root.rules),
  }
}

function renderNode(node: SchemaNode): Json {
  const { properties } = node
  return {
    ...(node.help !== undefined && { description: node.help }),
    ...Object.fromEntries(copied.filter((key) => node[key] !== undefined).map((key) => [key, node[key]])),
    ...(node.type === 'integer' && { format: (node.maximum ?? 0) > 2147483647 ? 'int64' : 'int32' }),
    ...(properties && Object.keys(properties).length > 0 && { properties: renderProperties(properties) }),
    ...(node.items && { items: renderNode(node.items) }),
    ...(node.additionalProperties && { additionalProperties: renderNode(node.additionalProperties) }),
    ...renderRules(node.rules),
  }
}

function renderProperties(properties: Readonly<Record<string, SchemaNode>>): Json {
  return Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, renderNode(node)]))
}

function renderRules(rules: readonly RuleText[]): Json {
  if (rules.length === 0) return {}
  return {
    'x-kubernetes-validations': rules.map(({ cel, message, at, reason }) => ({
      rule: cel,
      message,
      ...(at && { fieldPath: `.${at.join('.')}` }),
      ...(reason && { reason }),
    })),
  }
}
