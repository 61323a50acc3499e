/** node:http agents whose connections an AddressGuard looks at, for clients that take agents (the AWS SDK). */
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { AddressGuard } from './guard.ts'

/** One agent for each scheme. */
export interface GuardedAgents {
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
}

/** `proxyEnv` of the options decides on proxies, as always; the address of a proxy itself is not looked at. */
export function guardedAgents(guard: AddressGuard, options: AgentOptions): GuardedAgents {
  return {
    httpAgent: new GuardedHttpAgent(guard, options),
    httpsAgent: new GuardedHttpsAgent(guard, options),
  }
}

type Created = (error: Error | null, stream: Duplex) => void
type Create = (options: ClientRequestArgs) => Duplex | null | undefined

class GuardedHttpAgent extends HttpAgent {
  readonly #guard: AddressGuard
  readonly #proxied: boolean

  constructor(guard: AddressGuard, options: AgentOptions) {
    super(options)
    this.#guard = guard
    this.#proxied = Boolean(options.proxyEnv?.['http_proxy'] || options.proxyEnv?.['HTTP_PROXY'])
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    const create: Create = (checked) => super.createConnection(checked, created)
    return connect({ guard: this.#guard, proxied: this.#proxied, defaultPort: 80, create }, options, created)
  }
}

class GuardedHttpsAgent extends HttpsAgent {
  readonly #guard: AddressGuard
  readonly #proxied: boolean

  constructor(guard: AddressGuard, options: AgentOptions) {
    super(options)
    this.#guard = guard
    this.#proxied = Boolean(options.proxyEnv?.['https_proxy'] || options.proxyEnv?.['HTTPS_PROXY'])
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    const create: Create = (checked) => super.createConnection(checked, created)
    return connect({ guard: this.#guard, proxied: this.#proxied, defaultPort: 443, create }, options, created)
  }
}

interface Connecting {
  readonly guard: AddressGuard
  /** A proxy is configured. One that NO_PROXY goes around counts too: how that is matched only the agent knows. */
  readonly proxied: boolean
  readonly defaultPort: number
  readonly create: Create
}

/** Without a proxy the agent connects by our `lookup`; with one it connects to the proxy, and `lookup` is left out. */
function connect(
  { guard, proxied, defaultPort, create }: Connecting,
  options: ClientRequestArgs,
  created?: Created,
): Duplex | null | undefined {
  const port = Number(options.port ?? defaultPort)
  const refused = guard.check(options.host ?? options.hostname ?? 'localhost', port, proxied)
  if (refused === undefined) return create({ ...options, lookup: guard.lookup(port) })
  created?.(refused, undefined as never)
  return undefined
}
