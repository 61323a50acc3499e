/** Writes TypeScript types for the page: objects as read from the API server, and `…Input` as a person writes them. */
import { apiRevision, apiVersion, group } from '../../server/api/v1alpha1/index.ts'
import type { KindTree } from './outputs.ts'
import type { SchemaNode } from './schema-node.ts'

type Mode = 'read' | 'input'

const objectMeta = `/** What the page reads of metadata. */
export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}`

export function renderTypes(trees: readonly KindTree[], header: string): string {
  const interfaces = new Map<string, string>()
  for (const { root } of trees) collect(root, interfaces)
  return `${[header, constants(trees), objectMeta, ...interfaces.values()].join('\n\n')}\n`
}

function constants(trees: readonly KindTree[]): string {
  const types = trees.map(({ kind }) => `  ${kind.kind}: '${group}.${kind.singular}',\n`)
  return `export const apiVersion = '${apiVersion}'

/** Compare with status.apiRevision of the TokenRegistryServer: a lower one there knows fewer fields. */
export const apiRevision = ${apiRevision}

/** The kinds as Steve names them. */
export const resourceTypes = {
${types.join('')}} as const`
}

function collect(node: SchemaNode, interfaces: Map<string, string>): void {
  for (const child of [...Object.values(node.properties ?? {}), node.items]) {
    if (child !== undefined) collect(child, interfaces)
  }
  if (node.typeName === undefined) return
  for (const mode of ['read', 'input'] as const) {
    const name = typeNameOf(node, mode)
    const body = objectType(node, mode, '')
    const text = body.startsWith('{') ? `export interface ${name} ${body}` : `export type ${name} = ${body}`
    const known = interfaces.get(name)
    if (known !== undefined && known !== text) throw new Error(`two different objects are named ${name}`)
    interfaces.set(name, text)
  }
}

/** Where nothing has a default, both modes share one interface. */
function typeNameOf(node: SchemaNode, mode: Mode): string {
  return mode === 'input' && hasDefault(node) ? `${node.typeName}Input` : `${node.typeName}`
}

function hasDefault(node: SchemaNode): boolean {
  const children = [...Object.values(node.properties ?? {}), node.items]
  return children.some((child) => child !== undefined && (child.default !== undefined || hasDefault(child)))
}

function typeOf(node: SchemaNode, mode: Mode, indent: string): string {
  if (node.typeName !== undefined) return typeNameOf(node, mode)
  if (node.enum !== undefined) return node.enum.map((value) => `'${value}'`).join(' | ')
  switch (node.type) {
    case 'array':
      return arrayType(node, mode, indent)
    case 'object':
      return node.additionalProperties
        ? `Record<string, ${typeOf(node.additionalProperties, mode, indent)}>`
        : objectType(node, mode, indent)
    case 'integer':
      return 'number'
    case 'boolean':
    case 'string':
      return node.type
  }
}

function arrayType(node: SchemaNode, mode: Mode, indent: string): string {
  const item = node.items ? typeOf(node.items, mode, indent) : 'unknown'
  return item.includes(' ') ? `(${item})[]` : `${item}[]`
}

function objectType(node: SchemaNode, mode: Mode, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(node.properties ?? {}).map(([name, child]) => {
    const always = node.required?.includes(name) || (mode === 'read' && child.default !== undefined)
    const type = name === 'metadata' && indent === '' ? 'ObjectMeta' : typeOf(child, mode, inner)
    const comment = child.help === undefined ? '' : `${inner}/** ${child.help.replaceAll('*/', '*\\/')} */\n`
    return `${comment}${inner}${name}${always ? '' : '?'}: ${type}\n`
  })
  return fields.length === 0 ? 'Record<string, never>' : `{\n${fields.join('')}${indent}}`
}
