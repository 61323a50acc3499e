// The chart of the page: renders it, and installs it as an administrator would with helm.
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { runPart } from '../testbed/commands.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { find, parseRendered, type Rendered } from './render.ts'

/** The chart of this repository. */
export const uiChartFolder = join(import.meta.dirname, '../../charts/token-registries-ui')

/** The release name and namespace that the chart's annotations fix. */
export const uiRelease = 'token-registries-ui'
export const uiNamespace = 'cattle-ui-plugin-system'

/** One of the chart's YAML files. */
export async function readChartFile<T>(name: string): Promise<T> {
  return parse(await readFile(join(uiChartFolder, name), 'utf8')) as T
}

/** What helm says: the objects as text, or why it refuses. */
export async function template(
  values: Record<string, unknown> = {},
  namespace = uiNamespace,
): Promise<{ text: string; refusal: string }> {
  const args = ['template', uiRelease, uiChartFolder, '--namespace', namespace, '--values', '-']
  const { code, stdout, stderr } = await runPart('helm', args, {
    home: tmpdir(),
    stdin: JSON.stringify(values),
  })
  return code === 0 ? { text: stdout, refusal: '' } : { text: '', refusal: stderr }
}

/** The rendered objects. @throws Error with helm's message */
export async function renderUi(values: Record<string, unknown> = {}): Promise<Rendered[]> {
  const { text, refusal } = await template(values)
  if (refusal !== '') throw new Error(refusal)
  return parseRendered(text)
}

/** `spec.plugin` of the UIPlugin: what Rancher goes by. */
export interface PluginEntry {
  name: string
  version: string
  endpoint: string
  compressedEndpoint: string
  noCache: boolean
  noAuth: boolean
  metadata: Record<string, string>
}

/** @throws Error when there is not exactly one UIPlugin */
export function pluginEntry(objects: Rendered[]): PluginEntry {
  const [plugin, ...more] = objects.filter(({ kind }) => kind === 'UIPlugin')
  if (plugin === undefined || more.length > 0) throw new Error(`${more.length + 1} UIPlugins or none`)
  return plugin.spec.plugin as PluginEntry
}

/** The Deployment's pod. */
export function podTemplate(objects: Rendered[]): Rendered {
  return find(objects, 'Deployment', uiRelease).spec.template as Rendered
}

/** Installs or upgrades it. @throws CommandError with helm's message */
export async function installUiChart(cp: ControlPlane, values: Record<string, unknown> = {}): Promise<void> {
  const args = [
    'upgrade',
    uiRelease,
    uiChartFolder,
    '--install',
    '--reset-values',
    '--namespace',
    uiNamespace,
  ]
  await cp.helm([...args, '--values', '-'], { stdin: JSON.stringify(values) })
}
