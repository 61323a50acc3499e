// Names, resolved by a name server on loopback that is given to the guard as its `lookup`, and connected to by real sockets.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { startDns, type DnsServer } from '../../test/fakes/dns.ts'
import { AddressRefused, type RefusedClass } from './guard.ts'
import { attempted, fetchGuarded, refusal } from './test-client.ts'

let dns: DnsServer

before(async () => {
  dns = await startDns()
})
after(() => dns.close())

const allowedEndpoints = ['api.example:80', 'api.example:443']

describe('a name', () => {
  const answers: readonly (readonly [readonly string[], RefusedClass])[] = [
    [['169.254.169.254'], 'metadata'],
    [['fd00:ec2::254'], 'metadata'],
    [['::ffff:169.254.169.254'], 'metadata'],
    [['64:ff9b::a9fe:a9fe'], 'metadata'],
    [['2002:a9fe:a9fe::1'], 'metadata'],
    [['127.0.0.1'], 'loopback'],
    [['::1'], 'loopback'],
    [['::ffff:127.0.0.1'], 'loopback'],
    [['169.254.1.1'], 'linkLocal'],
    [['fe80::1'], 'linkLocal'],
    [['0.0.0.0'], 'unspecified'],
    [['::'], 'unspecified'],
    [['224.0.0.1'], 'multicast'],
    [['255.255.255.255'], 'reserved'],
    [['10.43.0.1'], 'service'],
    [['10.99.0.1'], 'denied'],
    [['10.0.0.1', '127.0.0.1'], 'loopback'],
    [['fd00::1', '169.254.169.254'], 'metadata'],
    [['1.1.1.1', '10.43.0.1'], 'service'],
  ]
  for (const [addresses, expected] of answers) {
    for (const scheme of ['http', 'https']) {
      it(`is refused for ${addresses.join(' and ')} as ${expected}, although it is listed (${scheme})`, async () => {
        dns.set('api.example', addresses)
        assert.equal(
          await refusal(`${scheme}://api.example/`, { allowedEndpoints, lookup: dns.lookup }),
          expected,
        )
      })
    }
  }

  it('leads into a private network only when it is listed with its port', async () => {
    dns.set('api.example', ['10.1.2.3'])
    const { lookup } = dns
    assert.equal(await attempted('http://api.example/', { allowedEndpoints, lookup }), '10.1.2.3')
    assert.equal(await attempted('http://API.example./', { allowedEndpoints, lookup }), '10.1.2.3')
    assert.equal(await refusal('http://api.example:8080/', { allowedEndpoints, lookup }), 'private')
    assert.equal(await refusal('http://api.example/', { lookup }), 'private')
  })

  it('leads to public addresses without a list', async () => {
    dns.set('api.example', ['1.1.1.1'])
    assert.equal(await attempted('http://api.example/', { lookup: dns.lookup }), '1.1.1.1')
  })

  it('that changes its answer is judged anew, and connected to what was judged', async () => {
    dns.set('api.example', ['10.1.2.3'], ['169.254.169.254'], ['10.1.2.4'], ['127.0.0.1'])
    const options = { allowedEndpoints, lookup: dns.lookup }
    const asked = dns.asked.length
    assert.equal(await attempted('http://api.example/', options), '10.1.2.3')
    assert.equal(dns.asked.length, asked + 1, 'a second question could be answered differently')
    assert.equal(await refusal('http://api.example/', options), 'metadata')
    assert.equal(await attempted('http://api.example/', options), '10.1.2.4')
    assert.equal(await refusal(`http://api.example:80/`, options), 'loopback')
    assert.equal(dns.asked.length, asked + 4)
  })

  it('is not told where it leads', async () => {
    dns.set('api.example', ['10.43.77.88'])
    await assert.rejects(
      fetchGuarded('http://api.example/', { lookup: dns.lookup }),
      (error: unknown) =>
        error instanceof AddressRefused &&
        !inspect(error).includes('10.43') &&
        !error.explanation.includes('10.43'),
    )
  })

  it('that nobody knows is an error of the resolver', async () => {
    await assert.rejects(fetchGuarded('http://unknown.example/', { lookup: dns.lookup }), { code: 'ENODATA' })
  })

  for (const [host, expected] of [
    ['localhost', 'loopback'],
    ['minio.shop.svc', 'service'],
    ['minio.shop.svc.cluster.local.', 'service'],
    ['metadata.google.internal', 'metadata'],
  ] as const) {
    it(`${host} is refused before anybody is asked`, async () => {
      const asked = dns.asked.length
      assert.equal(
        await refusal(`http://${host}/`, { allowedEndpoints: [`${host}:80`], lookup: dns.lookup }),
        expected,
      )
      assert.equal(dns.asked.length, asked)
    })
  }
})
