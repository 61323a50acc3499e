// The chart as it will be once the schema has one more field, by nothing but the field's mark.
import { cp as copy, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readKinds, renderOutputs } from '../../scripts/generate/outputs.ts'
import type { SchemaNode } from '../../scripts/generate/schema-node.ts'
import { chartFolder } from './install.ts'

const chartPath = 'charts/token-registries/'

/** Copies the chart into a folder below `parent`, with `credentials.serviceAccount.name` in the schema of registries. */
export async function chartWithServiceAccounts(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'chart-'))
  await copy(chartFolder, folder, { recursive: true })
  const trees = readKinds().map(({ kind, root }) => ({ kind, root: withServiceAccount(root) }))
  for (const [path, content] of renderOutputs(trees)) {
    if (path.startsWith(chartPath)) await writeFile(join(folder, path.slice(chartPath.length)), content)
  }
  return folder
}

function withServiceAccount(root: SchemaNode): SchemaNode {
  const { spec } = root.properties ?? {}
  const { credentials } = spec?.properties ?? {}
  if (spec === undefined || credentials === undefined) return root
  const name: SchemaNode = { type: 'string', maxLength: 63, rules: [], reference: 'serviceAccountToken' }
  const serviceAccount: SchemaNode = { type: 'object', rules: [], properties: { name } }
  const more = { ...credentials, properties: { ...credentials.properties, serviceAccount } }
  // The rules say which blocks a provider takes, and know nothing of this one.
  return {
    ...root,
    rules: [],
    properties: {
      ...root.properties,
      spec: { ...spec, rules: [], properties: { ...spec.properties, credentials: more } },
    },
  }
}
