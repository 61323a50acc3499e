import type { KubeConfig } from '@kubernetes/client-node'
import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import type { Credentials } from './credentials.ts'
import { KubeError } from './errors.ts'

/** Requests share a small pool; each watch has a connection of its own, so that long streams never fill the pool. */
export type ConnectionKind = 'request' | 'watch'

/**
 * Shorter than the 90 s after which the API server and the 60 s after which common load balancers close an idle
 * connection; undici's own default of 4 s would cost a TLS handshake for nearly each write of an idle controller.
 */
const keepAliveMs = 55_000
/** First keep-alive probe on an idle socket; the kernel's default of 2 h would never notice a dead peer. */
const tcpKeepAliveMs = 30_000

/** The connections to one API server, made anew when the TLS material changes or a connection went dead. */
export class Connections {
  readonly origin: string
  /** Path before /api, as in Rancher's /k8s/clusters/<id>. No slash at the end. */
  readonly prefix: string
  readonly #proxyUrl: string | undefined
  readonly #size: number
  readonly #pools = new Map<ConnectionKind, { fingerprint: string; dispatcher: Dispatcher }>()
  readonly #retired = new Set<Dispatcher>()
  #closed = false

  /** @param size connections for requests */
  constructor(config: KubeConfig, size: number) {
    const cluster = config.getCurrentCluster()
    if (cluster === null) throw new Error('The kubeconfig has no current cluster.')
    const url = new URL(cluster.server)
    if (cluster.proxyUrl?.startsWith('socks4')) {
      throw new Error('proxy-url of the kubeconfig: SOCKS 4 is not supported; http, https and socks5 are.')
    }
    // Refuses plain http, as client-node does everywhere, unless the kubeconfig says insecure-skip-tls-verify.
    config.createDispatcherOptions(cluster, {})
    this.#proxyUrl = cluster.proxyUrl
    this.#size = size
    this.origin = url.origin
    this.prefix = url.pathname.replace(/\/+$/, '')
  }

  /** The dispatcher to use with these credentials. */
  for(kind: ConnectionKind, credentials: Credentials): Dispatcher {
    if (this.#closed) {
      throw new KubeError({ status: 0, reason: 'Closed', message: 'the Kubernetes client is closed' })
    }
    const known = this.#pools.get(kind)
    if (known?.fingerprint === credentials.fingerprint) return known.dispatcher
    if (known !== undefined) this.#retire(known.dispatcher)
    const dispatcher = this.#create(kind, credentials)
    this.#pools.set(kind, { fingerprint: credentials.fingerprint, dispatcher })
    return dispatcher
  }

  /**
   * Forgets a dispatcher on which a request got no answer in time: its other sockets are probably as dead (a node
   * or firewall in between went away), and each would cost a timeout of its own. What runs on it may end.
   */
  renew(kind: ConnectionKind, dispatcher: Dispatcher): void {
    if (this.#pools.get(kind)?.dispatcher !== dispatcher) return
    this.#pools.delete(kind)
    this.#retire(dispatcher)
  }

  /** Cuts everything. */
  async close(): Promise<void> {
    this.#closed = true
    const dispatchers = [...this.#retired, ...[...this.#pools.values()].map((pool) => pool.dispatcher)]
    this.#pools.clear()
    await Promise.allSettled(dispatchers.map((dispatcher) => dispatcher.destroy()))
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher)
    const forget = () => this.#retired.delete(dispatcher)
    dispatcher.close().then(forget, forget)
  }

  #create(kind: ConnectionKind, credentials: Credentials): Dispatcher {
    const connect = { ...credentials.tls, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs }
    const options = {
      connections: kind === 'request' ? this.#size : null,
      // One request per connection at a time. With HTTP/2 undici would send writes one after another.
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
    }
    if (!this.#proxyUrl) return new Pool(this.origin, { ...options, connect })
    return new ProxyAgent({ ...options, uri: this.#proxyUrl, requestTls: connect })
  }
}
