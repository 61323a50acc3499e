// Addresses that are written out in a spec, which nothing resolves, and what only a proxy would resolve.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { startDns } from '../../test/fakes/dns.ts'
import { AddressRanges } from './addresses.ts'
import { AddressGuard } from './guard.ts'
import { fetchGuarded, ranges, refusal } from './test-client.ts'

let internal: Server
let internalPort: number
let connections: number

before(async () => {
  internal = createServer((request, response) => void response.end(request.url))
  internal.on('connection', () => connections++)
  internal.listen(0, '127.0.0.1')
  await once(internal, 'listening')
  internalPort = (internal.address() as AddressInfo).port
})
beforeEach(() => {
  connections = 0
})
after(() => {
  internal.closeAllConnections()
  internal.close()
})

describe('an address that is written out', () => {
  for (const [host, expected] of [
    ['169.254.169.254', 'metadata'],
    ['169.254.169.254.', 'metadata'],
    ['2852039166', 'metadata'],
    ['0251.0376.0251.0376', 'metadata'],
    ['0xa9.0xfe.0xa9fe', 'metadata'],
    ['[::ffff:169.254.169.254]', 'metadata'],
    ['[64:ff9b::169.254.169.254]', 'metadata'],
    ['[fd00:ec2::254]', 'metadata'],
    ['[::]', 'unspecified'],
    ['0', 'unspecified'],
    ['10.43.0.1', 'service'],
    ['10.99.0.1', 'denied'],
    ['10.1.2.3', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.1', 'loopback'],
    ['[::1]', 'loopback'],
  ] as const) {
    it(`${host} is refused as ${expected}`, async () => {
      assert.equal(await refusal(`http://${host}:${internalPort}/`), expected)
      assert.equal(connections, 0)
    })
  }

  for (const form of ['0x7f000001', '017700000001', '2130706433', '127.1']) {
    // Past a URL parser these are names; the system's resolver makes addresses of them.
    it(`${form}, which only the resolver reads, is refused all the same`, async () => {
      const guard = new AddressGuard({ allowedEndpoints: [`${form}:80`], ranges })
      assert.equal(guard.check(form, 80), undefined)
      await assert.rejects(promisify(guard.lookup(80))(form, {}), { addressClass: 'loopback' })
    })
  }

  it('on loopback is connected to when exactly that is listed, and with an empty list nothing is', async () => {
    const listed = `127.0.0.1:${internalPort}`
    const answer = await fetchGuarded(`http://${listed}/`, { allowedEndpoints: [listed] })
    assert.equal(answer.statusCode, 200)
    assert.equal(connections, 1)
    assert.equal(await refusal(`http://${listed}/`, { allowedEndpoints: [] }), 'loopback')
    assert.equal(
      await refusal(`http://127.0.0.2:${internalPort}/`, { allowedEndpoints: [listed] }),
      'loopback',
    )
    const denying = new AddressRanges({ denied: ['127.0.0.0/8'] })
    assert.equal(
      await refusal(`http://${listed}/`, { allowedEndpoints: [listed], ranges: denying }),
      'denied',
    )
    assert.equal(connections, 1)
  })
})

describe('behind a proxy', () => {
  const inside = [
    'api.example:80',
    'api.example:443',
    'minio.shop.svc:80',
    '169.254.169.254:80',
    'direct.example:80',
  ]

  it('only what is listed is asked of it, and nothing that is refused by name or address', async () => {
    const dns = await startDns()
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(502).end()
    })
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const proxyEnv = { HTTP_PROXY: address, HTTPS_PROXY: address, NO_PROXY: 'direct.example,open.example' }
    dns.set('direct.example', ['127.0.0.1'])
    dns.set('open.example', ['1.1.1.1'])
    const options = { allowedEndpoints: inside, lookup: dns.lookup, proxyEnv }
    try {
      assert.equal((await fetchGuarded('http://api.example/', options)).statusCode, 502)
      await assert.rejects(fetchGuarded('https://api.example/', options), { code: 'ERR_PROXY_TUNNEL' })
      assert.deepEqual(asked, ['http://api.example/', 'api.example:443'])
      assert.equal(await refusal('http://other.example/', options), 'proxied')
      assert.equal(await refusal('https://other.example/', options), 'proxied')
      assert.equal(await refusal('http://open.example/', options), 'proxied')
      assert.equal(await refusal('http://minio.shop.svc/', options), 'service')
      assert.equal(await refusal('http://169.254.169.254/', options), 'metadata')
      assert.equal(await refusal('http://direct.example/', options), 'loopback')
      assert.equal(asked.length, 2)
    } finally {
      proxy.closeAllConnections()
      proxy.close()
      await dns.close()
    }
  })
})

it('whatever is listed, nothing but public, private and bare loopback addresses is permitted', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('169.254.169.254', '::1', '127.0.0.1', '10.43.0.1', '::'),
  )
  fc.assert(
    fc.property(address, fc.boolean(), (literal, listed) => {
      const endpoint = isIPv6(literal) ? `[${literal.toLowerCase()}]:443` : `${literal}:443`
      const guard = new AddressGuard({ allowedEndpoints: listed ? [endpoint] : [], ranges })
      const refused = guard.check(literal, 443)
      const known = ranges.classOf(literal)
      const permitted = known === 'public' || (listed && (known === 'private' || known === 'loopback'))
      assert.equal(refused === undefined, permitted)
      assert.equal(refused?.addressClass, permitted ? undefined : known)
    }),
    { numRuns: 500 },
  )
})
