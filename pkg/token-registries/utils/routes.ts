// Pages of Rancher's own that ours link to, in the cluster that the page shows.
import { currentCluster, type PageStore } from './raw'

/** A location of the Dashboard's router. */
export interface Route {
  readonly name: string
  readonly params: Readonly<Record<string, string>>
}

/** The page of a Secret. */
export function secretRoute(store: PageStore, namespace: string, name: string): Route {
  return {
    name: 'c-cluster-product-resource-namespace-id',
    params: { cluster: currentCluster(store), product: 'explorer', resource: 'secret', namespace, id: name },
  }
}

/** The page of a namespace. */
export function namespaceRoute(store: PageStore, name: string): Route {
  return {
    name: 'c-cluster-product-resource-id',
    params: { cluster: currentCluster(store), product: 'explorer', resource: 'namespace', id: name },
  }
}
