/** Decides, at the moment of connecting, whether an address that a spec names may be connected to. */
import * as dns from 'node:dns'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import {
  addressClasses,
  classOfName,
  withoutDot,
  type AddressClass,
  type AddressRanges,
} from './addresses.ts'

/** What is known against a host. `proxied`: only a proxy would see where its name leads. */
export type RefusedClass = AddressClass | 'proxied'

/** Why nothing was sent. It tells the class and never the address: names of a cluster are not for guessing. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'ERR_ADDRESS_REFUSED'
  /** `host:port` as the administrator's policy lists it. */
  readonly endpoint: string
  readonly addressClass: RefusedClass

  constructor(endpoint: string, addressClass: RefusedClass) {
    super(`${endpoint} is refused: ${addressClass}`)
    this.endpoint = endpoint
    this.addressClass = addressClass
  }

  /** What it is and who can change that, as the end of a sentence that begins with the field. */
  get explanation(): string {
    const what =
      this.addressClass === 'proxied'
        ? 'is only reached through a proxy, which hides where it leads'
        : `leads to ${addressClasses[this.addressClass]}`
    return `${this.endpoint} ${what}; ${remedy(this.addressClass, this.endpoint)}`
  }
}

function remedy(addressClass: RefusedClass, endpoint: string): string {
  switch (addressClass) {
    case 'private':
    case 'proxied':
      return `ask an administrator to add ${endpoint} to policy.allowedEndpoints of the chart, or remove the field`
    case 'denied':
      return 'an administrator can change that in policy.deniedCIDRs of the chart; otherwise remove the field'
    case 'loopback':
      return 'an administrator can list a bare loopback address in policy.allowedEndpoints of the chart, but no name that leads there; otherwise remove the field'
    default:
      return 'no policy can allow that; name an address outside of it, or remove the field'
  }
}

/** What holds for the connections of one call. */
export interface GuardOptions {
  /** `host:port` as the administrator lists them. */
  readonly allowedEndpoints: readonly string[]
  readonly ranges: AddressRanges
  /** How names are resolved; default is the system's way, node:dns lookup. */
  readonly lookup?: LookupFunction
}

/**
 * Guards the connections to addresses that specs name. Every address that a name has must be permitted, and the
 * connection goes to those that were looked at: there is no second resolution that could answer differently.
 */
export class AddressGuard {
  readonly #options: GuardOptions

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /**
   * What can be said before a name is resolved. Ask for literal addresses too: node:net never resolves them.
   * @param proxied whether a proxy may stand in between
   */
  check(host: string, port: number, proxied = false): AddressRefused | undefined {
    const name = withoutDot(host)
    const named = classOfName(name)
    if (named !== undefined) return new AddressRefused(endpointOf(name, port), named)
    if (isIP(name) > 0) return this.#judge(name, port, [name])
    const endpoint = endpointOf(name, port)
    if (proxied && !this.#isListed(endpoint)) return new AddressRefused(endpoint, 'proxied')
    return undefined
  }

  /** For `lookup` of node:net: resolves, and gives an error in place of addresses when one of them is refused. */
  lookup(port: number): LookupFunction {
    const { lookup = dns.lookup as LookupFunction } = this.#options
    return (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, '')
        const addresses = found as dns.LookupAddress[]
        const refused = this.#judge(
          hostname,
          port,
          addresses.map(({ address }) => address),
        )
        if (refused !== undefined) return callback(refused, '')
        if (options.all === true) return callback(null, addresses)
        const [first] = addresses
        return callback(null, first?.address ?? '', first?.family)
      })
    }
  }

  #judge(host: string, port: number, addresses: readonly string[]): AddressRefused | undefined {
    const name = withoutDot(host)
    const endpoint = endpointOf(name, port)
    const refused = addresses
      .map((address) => this.#options.ranges.classOf(address))
      .find((each) => !this.#permits(each, name, endpoint))
    return refused === undefined ? undefined : new AddressRefused(endpoint, refused)
  }

  #permits(addressClass: AddressClass, name: string, endpoint: string): boolean {
    if (addressClass === 'public') return true
    if (addressClass === 'private') return this.#isListed(endpoint)
    // Who lists the bare address means it: a proxy in the server's own pod. A name could be turned there by others.
    return addressClass === 'loopback' && isIP(name) > 0 && this.#isListed(endpoint)
  }

  #isListed(endpoint: string): boolean {
    return this.#options.allowedEndpoints.includes(endpoint)
  }
}

function endpointOf(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}
