/** What the generator refuses: a field that people could not understand, or a rule that points nowhere. */
import { places, rulesOf, type Place, type SchemaNode } from './schema-node.ts'

/** All problems of one kind, each naming the field. */
export function problemsOf(kind: string, root: SchemaNode): string[] {
  const fields = places(root).filter(({ path }) => !['apiVersion', 'kind', 'metadata'].includes(path))
  return [
    ...fields.flatMap(textProblems),
    ...sharedOrders(root, ''),
    ...fields.flatMap(unboundedProblems),
    ...ruleProblems(root),
  ].map((problem) => `${kind}: ${problem}`)
}

function textProblems({ path, node, group }: Place): string[] {
  const needed = isStatus(path) ? (['label', 'help'] as const) : (['label', 'help', 'order'] as const)
  const missing: string[] = needed.filter((key) => node[key] === undefined || node[key] === '')
  if (!isStatus(path) && group === undefined) missing.push('group')
  if (!isStatus(path) && isLeaf(node) && node.example === undefined) missing.push('example')
  const problems = missing.map((key) => `${path} has no ${key}`)
  if (node.example !== undefined && !exampleFits(node))
    problems.push(`${path} has an example that it would refuse`)
  return problems
}

function isStatus(path: string): boolean {
  return path === 'status' || path.startsWith('status.')
}

/** A field that holds a value itself, and not a block of other fields. */
export function isLeaf(node: SchemaNode): boolean {
  return (node.items ?? node).properties === undefined
}

function exampleFits(node: SchemaNode, example: unknown = node.example): boolean {
  const { items, additionalProperties: values } = node
  if (Array.isArray(example)) return items !== undefined && example.every((item) => exampleFits(items, item))
  if (typeof example === 'object' && example !== null)
    return values !== undefined && Object.values(example).every((value) => exampleFits(values, value))
  if (node.enum !== undefined) return node.enum.includes(example as string)
  if (typeof example === 'number')
    return (node.minimum ?? 0) <= example && example <= (node.maximum ?? example)
  if (typeof example !== 'string') return typeof example === node.type
  return node.pattern === undefined || new RegExp(node.pattern).test(example)
}

/** Two siblings with one order would change places from run to run. */
function sharedOrders(node: SchemaNode, path: string): string[] {
  const seen = new Map<number, string>()
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const here = path === '' ? name : `${path}.${name}`
    const other = child.order === undefined ? undefined : seen.get(child.order)
    if (child.order !== undefined) seen.set(child.order, name)
    const problems = other === undefined ? [] : [`${here} has the same order as ${other}`]
    return [...problems, ...sharedOrders(child.items ?? child, here)]
  })
}

/** Without bounds the API server reckons with the largest request, and refuses a CRD whose rules could cost too much. */
function unboundedProblems({ path, node }: Place): string[] {
  if (isStatus(path)) return []
  const problems = []
  const values = [node, node.items, node.additionalProperties].filter((value) => value !== undefined)
  if (
    values.some(
      (value) => value.type === 'string' && value.maxLength === undefined && value.enum === undefined,
    )
  )
    problems.push(`${path} has no maxLength`)
  if (node.type === 'array' && node.maxItems === undefined) problems.push(`${path} has no maxItems`)
  if (node.additionalProperties && node.maxProperties === undefined)
    problems.push(`${path} has no maxProperties`)
  return problems
}

function ruleProblems(root: SchemaNode): string[] {
  const rules = rulesOf(root)
  const paths = new Set(places(root).map(({ path }) => path))
  return rules.flatMap(({ path, rule }) => {
    const target = [path, ...(rule.at ?? [])].filter((part) => part !== '').join('.')
    return [
      ...(target === '' || paths.has(target.replace(/\[\]$/, ''))
        ? []
        : [`rule ${rule.id} points to ${target}`]),
      ...(/[\r\n]/.test(rule.message) ? [`rule ${rule.id} has a line break in its message`] : []),
      ...(rules.filter((other) => other.rule.id === rule.id).length > 1
        ? [`rule ${rule.id} is there twice`]
        : []),
    ]
  })
}
