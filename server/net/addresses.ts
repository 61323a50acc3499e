/**
 * What kind of place an address is. Pure: names are not resolved here. The tables are node:net BlockLists, which read
 * every spelling of an IPv6 address and see through IPv4-mapped ones.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Kinds of places, and how messages call them. All but `private` and `public` are refused to every spec. */
export const addressClasses = {
  denied: 'an address that the administrator denies',
  service: 'a Service of this cluster',
  metadata: 'a metadata service of the cloud',
  loopback: 'the server itself (loopback)',
  linkLocal: 'a link-local address',
  unspecified: 'no address of a host (unspecified)',
  multicast: 'a multicast address',
  reserved: 'an address that no host has (reserved, or an obsolete way into IPv4)',
  private: 'an address of a private network',
  public: 'a public address',
} as const

/** One of those kinds. */
export type AddressClass = keyof typeof addressClasses

/** A range in CIDR notation, or one address. */
type Range = string

/** Thrown for text that is no range. */
export class InvalidRange extends Error {
  override readonly name = 'InvalidRange'
  readonly range: string

  constructor(range: string) {
    super(`${JSON.stringify(range)} is neither an IP address nor a range such as 10.43.0.0/16`)
    this.range = range
  }
}

/** In the order in which they are asked; the first that holds an address names its class. */
const fixed: readonly (readonly [AddressClass, readonly Range[]])[] = [
  [
    'metadata',
    [
      '169.254.169.254', // AWS, Azure, Google, DigitalOcean, OpenStack …
      '169.254.170.2', // AWS ECS
      '169.254.170.23', // AWS EKS Pod Identity
      'fd00:ec2::/32', // AWS, all of its local services
      'fd20:ce::254', // Google
      'fd00:c1::a9fe:a9fe', // Oracle
      '100.100.100.200', // Alibaba
      '192.0.0.192', // Oracle, formerly
      '168.63.129.16', // Azure's platform, although in a public range
    ],
  ],
  ['loopback', ['127.0.0.0/8', '::1']],
  ['linkLocal', ['169.254.0.0/16', 'fe80::/10']],
  ['unspecified', ['0.0.0.0/8', '::']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['reserved', ['240.0.0.0/4', '192.88.99.0/24', '2001::/32']],
  [
    'private',
    [
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24'],
      ...['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'], // for examples; whoever uses them uses them inside
      ...['fc00::/7', 'fec0::/10', '2001:db8::/32', '64:ff9b:1::/48'],
    ],
  ],
  ['public', ['0.0.0.0/0', '2000::/3', '64:ff9b::/96']],
]

const tables = fixed.map(([name, ranges]) => [name, tableOf(ranges)] as const)

/** Ranges of one cluster beside the fixed ones. */
export interface ClusterRanges {
  /** Where the cluster's Services have their addresses. */
  readonly services?: readonly Range[]
  /** What the administrator denies; asked before everything else. */
  readonly denied?: readonly Range[]
}

/** The fixed ranges together with those of one cluster. */
export class AddressRanges {
  readonly #tables: readonly (readonly [AddressClass, BlockList])[]

  /** @throws InvalidRange */
  constructor({ services = [], denied = [] }: ClusterRanges = {}) {
    this.#tables = [['denied', tableOf(denied)], ['service', tableOf(services)], ...tables]
  }

  /** The class of an IP address in any spelling that node:net accepts; a zone (`fe80::1%eth0`) does not count. */
  classOf(address: string): AddressClass {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    return this.#tables.find(([, table]) => table.check(address, family))?.[0] ?? 'reserved'
  }
}

/**
 * What a host name says of itself, before it is resolved. Names of a cluster are refused by name as well, because a
 * proxy would resolve them out of our sight.
 */
export function classOfName(host: string): AddressClass | undefined {
  const labels = withoutDot(host).split('.')
  const name = labels.join('.')
  if (labels.at(-1) === 'localhost') return 'loopback'
  if (labels.at(-1) === 'svc' || name === 'cluster.local' || name.endsWith('.cluster.local')) return 'service'
  if (name === 'metadata.google.internal' || name === 'metadata.goog') return 'metadata'
  return undefined
}

/** Lower case, without the dot that makes a name absolute. */
export function withoutDot(host: string): string {
  return host.toLowerCase().replace(/\.+$/, '')
}

function tableOf(ranges: readonly Range[]): BlockList {
  const table = new BlockList()
  for (const range of ranges) {
    const [, address = '', length] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(range) ?? []
    const bits = isIPv6(address) ? 128 : 32
    const prefix = Number(length ?? bits)
    if (isIP(address) === 0 || prefix > bits) throw new InvalidRange(range)
    table.addSubnet(address, prefix, bits === 128 ? 'ipv6' : 'ipv4')
    if (bits === 32) {
      for (const [embedded, longer] of embeddings(address, prefix)) table.addSubnet(embedded, longer, 'ipv6')
    }
  }
  return table
}

/** The IPv6 addresses behind which a gateway reaches these IPv4 addresses: NAT64 (RFC 6052, 8215), SIIT and 6to4. */
function embeddings(address: string, prefix: number): [string, number][] {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))
  const [a = '', b = '', c = '', d = ''] = octets
  return [
    [`64:ff9b::${address}`, 96 + prefix],
    [`64:ff9b:1::${address}`, 96 + prefix],
    [`::ffff:0:${address}`, 96 + prefix],
    [`2002:${a}${b}:${c}${d}::`, 16 + prefix],
  ]
}
