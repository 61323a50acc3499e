// Watches the UIPlugins of the management cluster for the controller.
import { CustomObjectsApi, KubeConfig, makeInformer } from '@kubernetes/client-node'
import { setTimeout as delay } from 'node:timers/promises'
import type { ControlPlane } from '../control-plane.ts'
import { makeDataFolder } from '../data-folder.ts'
import { PluginController, type Retry, type UIPlugin } from './plugin-controller.ts'
import { pluginNamespace } from './management-crds.ts'
import type { PluginIndex } from './plugin-index.ts'
import type { Resolve } from './service-addresses.ts'

/** What the controller works with. */
export interface UIPluginOptions {
  plane: ControlPlane
  index: PluginIndex
  resolve: Resolve
  retry: Retry
  log: (line: string) => void
}

const collection = {
  group: 'catalog.cattle.io',
  version: 'v1',
  namespace: pluginNamespace,
  plural: 'uiplugins',
}

/** Starts the controller. Only UIPlugins in cattle-ui-plugin-system count. @returns what stops it */
export async function startUIPlugins(options: UIPluginOptions): Promise<() => Promise<void>> {
  const { plane, index, resolve, retry, log } = options
  const data = await makeDataFolder()
  index.folder = data.path
  const { group, version, namespace, plural } = collection
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`
  const config = new KubeConfig()
  config.loadFromFile(await plane.kubeconfig())
  const objects = config.makeApiClient(CustomObjectsApi)
  const informer = makeInformer<UIPlugin>(config, path, () => objects.listNamespacedCustomObject(collection))
  const controller = new PluginController({
    list: () => informer.list(),
    index,
    context: { folder: data.path, resolve },
    retry,
    log,
    writeStatus: async (name, status) => {
      const answer = await plane.admin.request<UIPlugin>('PATCH', `${path}/${name}/status`, { status })
      if (answer.status === 404) return undefined
      if (answer.status === 200) return answer.body
      throw new Error(`status of UIPlugin ${name}: ${answer.status}`)
    },
  })
  informer.on('add', (plugin) => controller.enqueue(plugin))
  informer.on('update', (plugin) => controller.enqueue(plugin))
  informer.on('delete', (plugin) => controller.enqueue(plugin))

  const stopped = new AbortController()
  // The informer ends when the API server goes away, and leaves it to us to begin again.
  informer.on('error', () => {
    void delay(500, undefined, { signal: stopped.signal })
      .then(() => informer.start())
      .catch((error: Error) => stopped.signal.aborted || log(`UIPlugins: ${error.message}`))
  })
  await informer.start()
  return async () => {
    stopped.abort()
    await informer.stop()
    await controller.stop()
    await data.remove()
  }
}
