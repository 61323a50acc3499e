// What the chart renders, without a cluster.
import { tmpdir } from 'node:os'
import { parseAllDocuments } from 'yaml'
import { runPart, runPartOrThrow } from '../testbed/commands.ts'
import { chartFolder, releaseName } from './install.ts'

/** A rendered object, loosely: tests look into it by path. */
export interface Rendered {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rendered YAML of any kind
  [field: string]: any
}

const args = (command: string[]) => [...command, '--namespace', 'token-registries-system', '--values', '-']

/** `helm template` with these values. @throws CommandError with helm's message */
export function renderText(values: Record<string, unknown> = {}): Promise<string> {
  return runPartOrThrow('helm', args(['template', releaseName, chartFolder]), {
    home: tmpdir(),
    stdin: JSON.stringify(values),
  })
}

/** The rendered objects. @throws Error when the output is no YAML, or an object lacks kind or name */
export function parseRendered(text: string): Rendered[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`not YAML: ${String(document.errors[0])}`)
    const object = document.toJS() as Rendered | null
    if (object === null) return []
    if (!object.kind || !object.metadata.name) throw new Error(`no object: ${JSON.stringify(object)}`)
    return [object]
  })
}

/** Renders and parses. @throws CommandError, or Error when the output is no list of objects */
export async function render(values: Record<string, unknown> = {}): Promise<Rendered[]> {
  return parseRendered(await renderText(values))
}

/** What helm says against these values; empty when it takes them. */
export async function refusal(values: Record<string, unknown>): Promise<string> {
  const { code, stderr } = await runPart('helm', args(['template', releaseName, chartFolder]), {
    home: tmpdir(),
    stdin: JSON.stringify(values),
  })
  return code === 0 ? '' : stderr
}

/** The one object of that kind and name. @throws Error that lists what there is */
export function find(objects: Rendered[], kind: string, name = releaseName): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (found) return found
  const known = objects.map((object) => `${object.kind} ${object.metadata.name}`)
  throw new Error(`no ${kind} ${name} among ${known.join(', ')}`)
}

/** The values object that sets one path (`a.b.c`). */
export function valueAt(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>
}

/** Paths of all values that are no further objects; an empty object counts as a value. */
export function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  const entries = Object.entries(value)
  if (entries.length === 0) return [path]
  return entries.flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
}
