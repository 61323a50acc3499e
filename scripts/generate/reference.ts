/** Writes the reference page of a kind: its fields, rules, status and columns. */
import { stringify } from 'yaml'
import { group, version } from '../../server/api/v1alpha1/group.ts'
import type { Kind } from '../../server/api/v1alpha1/kind.ts'
import { places, rulesOf, type Place, type SchemaNode } from './schema-node.ts'

export function renderReference(kind: Kind, root: SchemaNode, header: string): string {
  const fields = places(root)
  const spec = fields.filter(({ path }) => path.startsWith('spec.'))
  const status = fields.filter(({ path }) => path.startsWith('status.'))
  const rules = rulesOf(root)
  const sections = [
    `${header}\n\n# ${kind.kind}`,
    kind.description,
    facts(kind),
    ...kind.examples.map(
      ({ title, object }) => `## Example: ${title}\n\n\`\`\`yaml\n${stringify(object)}\`\`\``,
    ),
    ...(spec.length > 0 ? [`## Fields\n\n${fieldTable(spec)}`] : []),
    ...(rules.length > 0 ? [`## Rules\n\n${ruleTable(rules)}`] : []),
    `## Status\n\nWritten by the server alone.\n\n${statusTable(status)}`,
    `## Columns\n\n${columnTable(kind)}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function facts(kind: Kind): string {
  const scope = kind.scope === 'Namespaced' ? 'namespaced' : 'cluster-scoped'
  return `\`apiVersion: ${group}/${version}\`, \`kind: ${kind.kind}\`, ${scope}. Short name for kubectl: \`${kind.shortNames.join('`, `')}\`.`
}

function fieldTable(fields: readonly Place[]): string {
  return table(
    ['Field', 'Type', 'Default', 'What it says', 'Example'],
    fields.map(({ path, node, required }) => [
      `\`${path.replace(/^spec\./, '')}\`${required ? ' (required)' : ''}`,
      typeText(node),
      node.default === undefined || typeof node.default === 'object' ? '' : `\`${String(node.default)}\``,
      inWords(node),
      node.example === undefined ? '' : `\`${JSON.stringify(node.example)}\``,
    ]),
  )
}

function statusTable(fields: readonly Place[]): string {
  return table(
    ['Field', 'Type', 'What it says'],
    fields.map(({ path, node }) => [`\`${path.replace(/^status\./, '')}\``, typeText(node), inWords(node)]),
  )
}

function ruleTable(rules: ReturnType<typeof rulesOf>): string {
  return table(
    ['Where', 'Rule', 'What the API server says when it is broken'],
    rules.map(({ path, rule }) => [
      `\`${path === '' ? 'the object' : path}\``,
      `\`${rule.id}\``,
      rule.message,
    ]),
  )
}

function columnTable(kind: Kind): string {
  return table(
    ['Column', 'Taken from'],
    kind.printerColumns.map(({ name, jsonPath }) => [name, `\`${jsonPath}\``]),
  )
}

/** Markdown would take `<cluster id>` for a tag and show nothing. */
function inWords({ label, help }: SchemaNode): string {
  return `**${label}.** ${help?.replaceAll('<', '&lt;')}`
}

/** Type and bounds in words. */
function typeText(node: SchemaNode): string {
  const value = node.items ?? node.additionalProperties
  const name = { object: 'block', array: 'list', string: 'text', integer: 'number', boolean: 'true or false' }
  if (node.enum) return node.enum.map((item) => `\`${item}\``).join(', ')
  if (node.additionalProperties) return `map to text, at most ${node.maxProperties}`
  if (node.type === 'array') {
    const most = node.maxItems === undefined ? '' : `, at most ${node.maxItems}`
    return `list of ${value?.type === 'object' ? 'blocks' : name[value?.type ?? 'string']}${most}`
  }
  if (node.type === 'object') return node.maxProperties === 1 ? 'exactly one block' : 'block'
  if (node.format === 'date-time') return 'date and time'
  if (node.type === 'integer' && node.minimum !== 0 && node.maximum !== undefined)
    return `number, ${node.minimum} to ${node.maximum}`
  return name[node.type]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
