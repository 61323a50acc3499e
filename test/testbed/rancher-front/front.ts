// A stand-in for Rancher in front of real control planes and real Steves: login, clusters, projects, UI extensions.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { freePort } from '../ports.ts'
import { startSteve } from '../steve.ts'
import { makeAccounts, Sessions } from './accounts.ts'
import type { Preferences } from './account-routes.ts'
import { createApp } from './app.ts'
import type { ApiRequest, Cluster, ClusterOptions, Rancher, RancherOptions } from './options.ts'
import { usualRetry } from './plugin-controller.ts'
import { PluginIndex } from './plugin-index.ts'
import { seed } from './seed.ts'
import { resolver } from './service-addresses.ts'
import { startUIPlugins } from './ui-plugins.ts'
import { acceptUpgrades } from './upgrades.ts'

/**
 * Starts it on 127.0.0.1, with Rancher's kinds and objects installed in the first cluster. Takes about 10 seconds; the
 * users must be known to every control plane by the same short name.
 * @throws Error when the first cluster is not `local`, or when a part does not come up
 */
export async function startRancher(options: RancherOptions): Promise<Rancher> {
  const clusters = options.clusters.map(({ id, displayName = id, plane }) => ({ id, displayName, plane }))
  const [local] = clusters
  if (local?.id !== 'local')
    throw new Error('the first cluster is the management cluster and has the id "local"')
  const accounts = makeAccounts(options.users, local.plane)
  const version = options.rancherVersion ?? 'v2.15.0'
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await seed({ clusters, accounts: accounts.values(), version, url })

  const stops: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const running = await startSteves(clusters, stops)
    const index = new PluginIndex()
    const { services, dashboard, pluginRetry: retry = usualRetry, log = () => undefined } = options
    const plugins = { plane: local.plane, index, resolve: resolver(services), retry, log }
    stops.push(await startUIPlugins(plugins))
    const preferences: Preferences = new Map()
    const requests: ApiRequest[] = []
    const parts = { sessions: new Sessions(accounts), clusters: running, requests }
    const handle = createApp({ ...parts, preferences, plugins: index, version, dashboard }).callback()
    const server = createServer((request, response) => void handle(request, response))
    const endUpgrades = acceptUpgrades(server, parts)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    stops.push(() => close(server, endUpgrades))
    return {
      url,
      users: accounts,
      clusters: running,
      requests,
      resetPreferences: () => preferences.clear(),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startSteves(
  clusters: Required<ClusterOptions>[],
  stops: (() => unknown)[],
): Promise<Map<string, Cluster>> {
  const started = await Promise.all(
    clusters.map(async (cluster): Promise<Cluster> => {
      const steve = await startSteve(cluster.plane)
      stops.push(() => steve.stop())
      return { ...cluster, steve }
    }),
  )
  return new Map(started.map((cluster) => [cluster.id, cluster]))
}

async function close(server: Server, endUpgrades: () => void): Promise<void> {
  const ended = once(server, 'close')
  server.close()
  endUpgrades()
  // Open pages hold connections, and watches answers: nobody waits for them.
  server.closeAllConnections()
  await ended
}
