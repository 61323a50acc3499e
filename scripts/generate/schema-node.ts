/** Reads zod schemas as a tree that the writers understand: JSON Schema plus the texts and rules of the API sources. */
import * as z from 'zod'
import type { FormCondition, FormGroup } from '../../server/api/schema/field.ts'
import type { ReferenceKind } from '../../server/api/schema/reference.ts'
import { rulesKey, type RuleText } from '../../server/api/schema/rule.ts'
import type { Kind } from '../../server/api/v1alpha1/kind.ts'

export interface SchemaNode {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly additionalProperties?: SchemaNode
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly default?: unknown
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly rules: readonly RuleText[]
  readonly reference?: ReferenceKind
  readonly typeName?: string
  readonly patternMessage?: string
  readonly label?: string
  readonly help?: string
  readonly example?: unknown
  readonly order?: number
  readonly group?: FormGroup
  readonly condition?: FormCondition
}

type Json = Record<string, unknown>

/** The tree of a kind's whole object. `metadata` is an empty object: Kubernetes owns it. */
export function readKind(kind: Kind): SchemaNode {
  const root = readSchema(kind.schema)
  return { ...root, properties: { ...root.properties, metadata: { type: 'object', rules: [] } } }
}

/** The tree of any schema, as people write it (fields with a default are not required). */
export function readSchema(schema: z.ZodType): SchemaNode {
  return readNode(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as Json)
}

function readNode(json: Json): SchemaNode {
  const { properties, items, additionalProperties, [rulesKey]: rules, ...rest } = json
  const own = Object.entries(rest).filter(
    ([key, value]) => !(key.startsWith('min') && key !== 'minimum' && value === 0),
  )
  return {
    ...(Object.fromEntries(own) as unknown as SchemaNode),
    ...(typeof rest['pattern'] === 'string' && { pattern: rest['pattern'].replaceAll('\\/', '/') }),
    ...(properties !== undefined && { properties: readProperties(properties as Record<string, Json>) }),
    ...(items !== undefined && { items: readNode(items as Json) }),
    ...(isSchema(additionalProperties) && { additionalProperties: readNode(additionalProperties) }),
    rules: (rules ?? []) as readonly RuleText[],
  }
}

function readProperties(properties: Record<string, Json>): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(properties).map(([name, json]) => [name, readNode(json)]))
}

/** A strict object says `false` and a loose one `{}`; only a map has a schema with a type. */
function isSchema(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** One field and where it stands. */
export interface Place {
  /** From the object's root; `[]` stands for the items of a list. */
  readonly path: string
  readonly node: SchemaNode
  readonly required: boolean
  /** The section, own or taken over from the block around it. */
  readonly group: FormGroup | undefined
}

/** Every field below a node, outer before inner, siblings in their order. The node itself is not among them. */
export function places(node: SchemaNode, path = '', group?: FormGroup): Place[] {
  return Object.entries(node.properties ?? {})
    .sort(([, a], [, b]) => (a.order ?? 0) - (b.order ?? 0))
    .flatMap(([name, child]) => {
      const here = {
        path: path === '' ? name : `${path}.${name}`,
        node: child,
        required: node.required?.includes(name) ?? false,
        group: child.group ?? group,
      }
      const inner = child.items ?? child
      return [here, ...places(inner, child.items ? `${here.path}[]` : here.path, here.group)]
    })
}

/** Every rule of a tree with the path of the value that it is attached to. */
export function rulesOf(root: SchemaNode): { path: string; rule: RuleText }[] {
  return [{ path: '', node: root }, ...places(root)].flatMap(({ path, node }) => [
    ...node.rules.map((rule) => ({ path, rule })),
    ...(node.items?.rules ?? []).map((rule) => ({ path: `${path}[]`, rule })),
  ])
}
