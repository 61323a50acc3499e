// The extension as an administrator installs it: its chart by helm, and a process in the place of the chart's pods.
import { join } from 'node:path'
import type { ExtensionBundle } from '../../../scripts/build/extension.ts'
import { eventually } from '../../integration/harness.ts'
import { mustStart, type PluginProcess } from '../../fakes/plugin/process.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import type { KubeObject } from '../../testbed/kube-client.ts'

const chart = join(import.meta.dirname, '../../../charts/token-registries-ui')
const namespace = 'cattle-ui-plugin-system'
const service = `http://token-registries-ui.${namespace}.svc:8080`
/** Of the UIPlugin, which is called as the chart is. */
const path = `/apis/catalog.cattle.io/v1/namespaces/${namespace}/uiplugins/token-registries-ui`

interface UIPlugin extends KubeObject {
  status?: { cacheState?: string; ready?: boolean; error?: string; observedGeneration?: number }
}

/** The installed extension. */
export interface StagePlugin {
  /** Serves another build, and waits until Rancher has fetched it: the next page load has it. */
  replace(bundle: ExtensionBundle): Promise<void>
  stop(): Promise<void>
}

/**
 * Installs the chart in the management cluster and waits until Rancher has fetched the bundle from the mode serve-plugin.
 * @param services what Rancher's front knows of Services; the chart's one is entered
 */
export async function installPlugin(
  plane: ControlPlane,
  services: Map<string, string>,
  bundle: ExtensionBundle,
): Promise<StagePlugin> {
  let serving = await serve(bundle)
  let builds = 0
  services.set(service, serving.origin)
  try {
    await plane.helm(['upgrade', 'token-registries-ui', chart, '--install', '--namespace', namespace])
    await untilCached(plane)
  } catch (error) {
    await serving.stop()
    throw error
  }
  return {
    async replace(next) {
      const old = serving
      serving = await serve(next)
      services.set(service, serving.origin)
      await old.stop()
      // Rancher fetches again when the object changes, as it does by an upgrade of the chart.
      const metadata = { 'testbed.example/build': String(++builds) }
      await plane.admin.patch(path, { spec: { plugin: { metadata } } })
      await untilCached(plane)
    },
    async stop() {
      await serving.stop()
    },
  }
}

function serve({ tree }: ExtensionBundle): Promise<PluginProcess> {
  return mustStart({ env: { PLUGIN_FOLDER: tree } })
}

async function untilCached(plane: ControlPlane): Promise<void> {
  const read = (): Promise<UIPlugin> => plane.admin.get<UIPlugin>(path)
  await eventually(
    'Rancher to fetch the extension',
    async () => {
      const { metadata, status } = await read()
      const seen = status?.observedGeneration === metadata?.['generation']
      return seen && status?.cacheState === 'cached' && status.ready ? true : undefined
    },
    async () => JSON.stringify((await read()).status),
  )
}
