// Addresses that a spec names: what a refusal says, that redirects are not followed, and what is exempt.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { startDns, type DnsServer } from '../../../test/fakes/dns.ts'
import { AddressRanges } from '../../net/addresses.ts'
import { AddressGuard } from '../../net/guard.ts'
import { guardThatLists } from '../../net/test-guard.ts'
import { startBench, type Bench } from './test-bench.ts'

const role = 'arn:aws:iam::123456789012:role/pull'

let bench: Bench
let dns: DnsServer
let internal: Server
let internalUrl: string
const reached: string[] = []

before(async () => {
  ;[bench, dns] = await Promise.all([startBench(), startDns()])
  internal = createServer((request, response) => {
    reached.push(request.url ?? '')
    response.writeHead(302, { location: `${bench.fake.endpoint}/canary-location` }).end('CANARY-body')
  })
  internal.listen(0, '127.0.0.1')
  await once(internal, 'listening')
  internalUrl = `http://127.0.0.1:${(internal.address() as AddressInfo).port}`
})
beforeEach(() => {
  reached.length = 0
  bench.fake.resetCounters()
})
after(async () => {
  internal.close()
  await Promise.all([bench.fake.close(), dns.close()])
})

test('a refusal names the field, the class and who can change it', async () => {
  assert.equal(
    await bench.fails('NotAllowed', { guard: guardThatLists() }),
    `spec.provider.ecr.endpoint: ${new URL(bench.fake.endpoint).host} leads to the server itself (loopback); ` +
      'an administrator can list a bare loopback address in policy.allowedEndpoints of the chart, but no name that leads there; otherwise remove the field',
  )
  assert.match(
    await bench.fails('NotAllowed', {
      guard: guardThatLists(bench.fake.endpoint),
      config: { stsEndpoint: internalUrl, assumeRoles: [{ arn: role }] },
    }),
    /^spec\.provider\.ecr\.stsEndpoint: 127\.0\.0\.1:\d+ leads to the server itself/,
  )
  assert.deepEqual([reached, bench.fake.log.count()], [[], 0])
})

for (const [address, says] of [
  ['169.254.169.254', /leads to a metadata service of the cloud; no policy can allow that/],
  ['10.1.2.3', /leads to an address of a private network; ask an administrator to add ecr\.example:80/],
  ['10.99.0.1', /leads to an address that the administrator denies; .*policy\.deniedCIDRs/],
] as const) {
  test(`a name that leads to ${address} is told so, once, without a second try`, async () => {
    dns.set('ecr.example', [address])
    const ranges = new AddressRanges({ denied: ['10.99.0.0/16'] })
    const guard = new AddressGuard({ allowedEndpoints: [], ranges, lookup: dns.lookup })
    const asked = dns.asked.length
    const message = await bench.fails('NotAllowed', { guard, config: { endpoint: 'http://ecr.example' } })
    assert.match(message, /^spec\.provider\.ecr\.endpoint: ecr\.example:80 /)
    assert.match(message, says)
    assert.ok(!message.includes(address), message)
    assert.equal(dns.asked.length, asked + 1)
  })
}

test('a redirect is not followed, and nothing of the answer is told', async () => {
  const guard = guardThatLists(internalUrl, bench.fake.endpoint)
  const message = await bench.fails('BadResponse', { guard, config: { endpoint: internalUrl } })
  assert.match(message, /HTTP 302; check that spec\.provider\.ecr\.endpoint reaches AWS/)
  assert.doesNotMatch(message, /canary|location/i)
  assert.deepEqual([reached, bench.fake.log.count()], [['/'], 0])
})

test("the server's own addresses are not a spec's: no list is asked", async () => {
  const issued = await bench.issue({ guard: guardThatLists(), config: { endpoint: undefined } })
  assert.ok(issued.password)
})
