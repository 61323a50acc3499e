// What the stand-in for Rancher is made of, and what it gives to tests.
import type { ControlPlane } from '../control-plane.ts'
import type { Steve } from '../steve.ts'

/** A cluster that Rancher manages. Each needs a control plane of its own. */
export interface ClusterOptions {
  /** `local` for the first one; Rancher's form for others is `c-m-…`. */
  id: string
  /** Name on the pages (default: the id). A DNS label, because the provisioning cluster bears it too. */
  displayName?: string
  plane: ControlPlane
}

/** Somebody who can log in. */
export interface UserOptions {
  /** Short name of a user of the control planes, and the name at login. */
  name: string
  /** Default: the short name. */
  displayName?: string
  /** Default: a random one, to be read from Rancher.users. */
  password?: string
  /** `admin`: cluster-admin in every cluster. `user`: may log in, and has what projects and bindings give. */
  globalRole: 'admin' | 'user'
}

/** How to start the stand-in. */
export interface RancherOptions {
  /** The first is the management cluster and has the id `local`; the others are downstream clusters. */
  clusters: ClusterOptions[]
  users: UserOptions[]
  /** Folder of the Dashboard's production build, served at /dashboard/. Default: no pages, only the API. */
  dashboard?: string
  /**
   * Where Services of the management cluster are, since there is no cluster network: `http://name.namespace:port`
   * to `http://127.0.0.1:port`. Looked up at each use, so it may change. Everything else that is not on loopback is
   * refused.
   */
  services?: Record<string, string> | Map<string, string>
  /** Default v2.15.0. */
  rancherVersion?: string
  /** First and longest wait of the UIPlugin controller after a failure (default: Rancher's, 10 s and 30 min). */
  pluginRetry?: { minMs: number; maxMs: number }
  /** Gets a line for each failure of the UIPlugin controller, which Rancher would log (default: nobody does). */
  log?: (line: string) => void
}

/** Somebody who can log in, with the user id (`u-…`) that Kubernetes sees. */
export interface Account {
  id: string
  name: string
  displayName: string
  password: string
  globalRole: 'admin' | 'user'
}

/** One request to the API; pages and their files are not recorded. */
export interface ApiRequest {
  method: string
  path: string
  /** Query with `?`, or empty. */
  query: string
  /** 101 for a websocket that was opened. */
  status: number
  /** Short name, or undefined when logged out. */
  user: string | undefined
}

/** One cluster with its Steve. */
export interface Cluster {
  id: string
  displayName: string
  plane: ControlPlane
  steve: Steve
}

/** A running stand-in for Rancher. */
export interface Rancher {
  /** `http://127.0.0.1:<port>`; the Dashboard is at /dashboard/. */
  url: string
  /** By short name. */
  users: ReadonlyMap<string, Account>
  /** By id; the first is `local`. */
  clusters: ReadonlyMap<string, Cluster>
  /** In the order in which they were answered; tests may empty it. */
  requests: ApiRequest[]
  /** Makes everybody's preferences (namespace filter, theme, last page) those of a new user. */
  resetPreferences(): void
  /** Stops the server, the Steves and the controller; the control planes go on. */
  stop(): Promise<void>
}
