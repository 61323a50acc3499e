/** Writes the form description: what the page needs to ask for every field of spec and to check it. */
import { formGroups } from '../../server/api/schema/field.ts'
import { providerDefinitions } from '../../server/api/v1alpha1/provider.ts'
import { isLeaf } from './check.ts'
import type { KindTree } from './outputs.ts'
import { places, rulesOf, type Place, type SchemaNode } from './schema-node.ts'

const interfaces = `export type FormGroup = ${formGroups.map((name) => `'${name}'`).join(' | ')}

/** How a field is asked for. choice = exactly one of the blocks below it; block = a group of fields. */
export type FieldType = 'text' | 'number' | 'switch' | 'select' | 'list' | 'map' | 'blocks' | 'block' | 'choice'

export interface FormField {
  /** From the object's root; [] stands for the items of a list. */
  readonly path: string
  readonly type: FieldType
  readonly label: string
  readonly help: string
  readonly group: FormGroup
  readonly order: number
  readonly required: boolean
  readonly example?: unknown
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly format?: string
  /** Of the value, or of each item of a list, or of each value of a map. */
  readonly pattern?: string
  /** What to say when the pattern does not match. */
  readonly patternMessage?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly unique?: boolean
  /** Shown only while that field has that value. */
  readonly condition?: { readonly field: string; readonly equals: string | boolean }
}

/** A rule that spans fields. The API server checks it; the page knows where to show its message. */
export interface FormRule {
  readonly id: string
  readonly path: string
  readonly message: string
}

export interface FormProvider {
  /** The block under spec.provider. */
  readonly name: string
  readonly label: string
  readonly help: string
  /** The blocks of spec.credentials that it takes. */
  readonly credentials: readonly string[]
  /** The keys of a Secret with its credentials. */
  readonly materialKeys: readonly {
    readonly name: string
    readonly optional: boolean
    readonly secret: boolean
    readonly label: string
    readonly help: string
  }[]
}

export interface Form {
  readonly fields: readonly FormField[]
  readonly rules: readonly FormRule[]
}`

export function renderForm(trees: readonly KindTree[], header: string): string {
  const forms = trees
    .filter(({ root }) => root.properties?.['spec'] !== undefined)
    .map(({ kind, root }) => [kind.kind, { fields: formFields(root), rules: formRules(root) }] as const)
  return [
    header,
    interfaces,
    `export const groups: readonly FormGroup[] = ${json(formGroups)}`,
    `export const providers: readonly FormProvider[] = ${json(formProviders())}`,
    ...forms.map(([name, form]) => `export const form${name}: Form = ${json(form)}`),
  ]
    .join('\n\n')
    .concat('\n')
}

const json = (value: unknown): string => JSON.stringify(value, null, 2)

function formProviders(): unknown[] {
  return Object.entries(providerDefinitions)
    .sort(([, a], [, b]) => a.order - b.order)
    .map(([name, { label, help, credentials, materialKeys }]) => ({
      name,
      label,
      help,
      credentials,
      materialKeys,
    }))
}

function formFields(root: SchemaNode): unknown[] {
  return places(root)
    .filter(({ path }) => path.startsWith('spec.'))
    .map((place) => formField(place))
}

function formField({ path, node, required, group }: Place): unknown {
  const value = node.items ?? node.additionalProperties ?? node
  const { label, help, order, example, condition, minItems, maxItems, maxProperties } = node
  const { pattern, patternMessage, format, minLength, maxLength, minimum, maximum } = value
  return {
    path,
    type: fieldType(node),
    label,
    help,
    group,
    order,
    required,
    example,
    default: node.default,
    enum: value.enum,
    format,
    pattern,
    patternMessage,
    minLength,
    maxLength,
    minimum,
    maximum,
    minItems,
    maxItems,
    maxProperties: fieldType(node) === 'map' ? maxProperties : undefined,
    unique: node['x-kubernetes-list-type'] === 'set' ? true : undefined,
    condition,
  }
}

function fieldType(node: SchemaNode): string {
  if (node.type === 'array') return isLeaf(node) ? 'list' : 'blocks'
  if (node.type === 'object') {
    if (node.additionalProperties) return 'map'
    return node.minProperties === 1 && node.maxProperties === 1 ? 'choice' : 'block'
  }
  if (node.enum !== undefined) return 'select'
  return { string: 'text', integer: 'number', boolean: 'switch' }[node.type]
}

function formRules(root: SchemaNode): unknown[] {
  return rulesOf(root).map(({ path, rule }) => ({
    id: rule.id,
    path: [path, ...(rule.at ?? [])].filter((part) => part !== '').join('.'),
    message: rule.message,
  }))
}
