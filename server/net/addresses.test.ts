import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import fc from 'fast-check'
import { addressClasses, AddressRanges, classOfName, InvalidRange, type AddressClass } from './addresses.ts'

const cluster = { services: ['10.43.0.0/16', 'fd01:43::/112'], denied: ['10.99.0.0/16', 'fd99::/16'] }
const ranges = new AddressRanges(cluster)

const table: Partial<Record<AddressClass, readonly string[]>> = {
  denied: ['10.99.0.1', '10.99.255.255', 'fd99::1', '::ffff:10.99.0.1', '64:ff9b::a63:1'],
  service: ['10.43.0.1', '10.43.255.255', 'fd01:43::1', '::ffff:10.43.0.10', '64:ff9b::10.43.0.1'],
  metadata: [
    ...[
      '169.254.169.254',
      '169.254.170.2',
      '169.254.170.23',
      '100.100.100.200',
      '192.0.0.192',
      '168.63.129.16',
    ],
    ...['fd00:ec2::254', 'fd00:ec2::23', 'FD00:0EC2:0:0::254', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe'],
    ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
    ...['64:ff9b:1::a9fe:a9fe', '2002:a9fe:a9fe::', '2002:a9fe:a9fe:1::1', '::ffff:0:a9fe:a9fe'],
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
  linkLocal: ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', 'fe80::1%eth0', '::ffff:169.254.1.1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1', '::ffff:224.0.0.1'],
  reserved: [
    ...['240.0.0.1', '255.255.255.255', '192.88.99.1', '::ffff:255.255.255.255'],
    ...['::127.0.0.1', '::a9fe:a9fe', '2001:0:a9fe::1', '4000::1', '100::1', '5f00::1', 'no address'],
  ],
  private: [
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '198.18.0.1', '192.0.2.1'],
    ...[
      'fc00::1',
      'fdff::1',
      'fec0::1',
      '2001:db8::1',
      '64:ff9b:1::8.8.8.8',
      '64:ff9b:1:2::1',
      '2002:a00:1::',
    ],
  ],
  public: [
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ],
}

describe('the class of an address', () => {
  for (const [name, addresses] of Object.entries(table)) {
    for (const address of addresses)
      it(`${address} is ${name}`, () => assert.equal(ranges.classOf(address), name))
  }

  it('is told for each class', () => {
    assert.deepEqual(Object.keys(table).sort(), Object.keys(addressClasses).sort())
  })
})

describe('the class of a name', () => {
  const names: readonly (readonly [string, AddressClass | undefined])[] = [
    ['localhost', 'loopback'],
    ['LocalHost.', 'loopback'],
    ['a.b.localhost', 'loopback'],
    ['minio.shop.svc', 'service'],
    ['minio.shop.SVC.', 'service'],
    ['minio.shop.svc.cluster.local', 'service'],
    ['anything.cluster.local..', 'service'],
    ['metadata.google.internal', 'metadata'],
    ['metadata.google.internal.', 'metadata'],
    ['metadata.goog', 'metadata'],
    ['svc.example.com', undefined],
    ['notlocalhost', undefined],
    ['api.ecr.eu-west-1.amazonaws.com', undefined],
  ]
  for (const [name, expected] of names) {
    it(`${name}: ${expected}`, () => assert.equal(classOfName(name), expected))
  }
})

test('what is no range is refused, whole', () => {
  const wrong = [
    '',
    'example.com',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0/8',
    'fe80::%lo/10',
  ]
  for (const range of wrong) {
    assert.throws(() => new AddressRanges({ denied: ['10.0.0.0/8', range] }), InvalidRange, range)
  }
})

const octet = fc.nat(255)
const ipv4 = fc.oneof(
  fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.')),
  fc.constantFrom(
    ...Object.values(table)
      .flat()
      .filter((address) => /^[\d.]+$/.test(address)),
  ),
)

test('an IPv4 address keeps its class behind every gateway into IPv4', () => {
  fc.assert(
    fc.property(ipv4, fc.nat(0xffff), (address, suffix) => {
      const expected = ranges.classOf(address)
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
      const high = (a * 256 + b).toString(16)
      const low = (c * 256 + d).toString(16).toUpperCase()
      const spellings = [
        `::ffff:${address}`,
        `0:0:0:0:0:FFFF:${high}:${low}`,
        `64:ff9b::${high}:${low}`,
        `0064:ff9b:0000::${address}`,
        `::ffff:0:${high}:${low}`,
        `2002:${high}:${low}::${suffix.toString(16)}`,
      ]
      for (const each of spellings) assert.equal(ranges.classOf(each), expected, each)
      const local = expected === 'public' ? 'private' : expected
      assert.equal(ranges.classOf(`64:ff9b:1::${high}:${low}`), local)
    }),
  )
})

test('a range holds what arithmetic says that it holds', () => {
  const asNumber = (octets: readonly number[]): bigint =>
    octets.reduce((sum, each) => sum * 256n + BigInt(each), 0n)
  const four = fc.tuple(octet, octet, octet, octet)
  const near = fc.tuple(four, four, fc.nat(32), fc.nat(4)).map(([network, other, length, shared]) => ({
    network,
    length,
    address: [...network.slice(0, shared), ...other.slice(shared)],
  }))
  fc.assert(
    fc.property(near, ({ network, address, length }) => {
      const shift = BigInt(32 - length)
      const inside = asNumber(network) >> shift === asNumber(address) >> shift
      const denying = new AddressRanges({ denied: [`${network.join('.')}/${length}`] })
      assert.equal(denying.classOf(address.join('.')) === 'denied', inside)
    }),
    { numRuns: 300 },
  )
})
