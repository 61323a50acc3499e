// The provider against the fake AWS: what is issued, and as whom.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { guardThatLists } from '../../net/test-guard.ts'
import { startBench, type Bench } from './test-bench.ts'
import { createEcrProvider } from './index.ts'

let bench: Bench

before(async () => {
  bench = await startBench()
})
beforeEach(() => {
  bench.fake.faults.clear()
  bench.fake.resetCounters()
  bench.fake.world.sessionSeconds = null
})
after(() => bench.fake.close())

test('an access key gets a live token in one call', async () => {
  const issued = await bench.issue()
  assert.equal(issued.username, 'AWS')
  assert.equal(bench.fake.tokens.findLive(issued.password)?.principal, bench.user.principal.arn)
  assert.equal(issued.expiresAt?.getTime(), bench.fake.tokens.last?.expiresAt.getTime())
  assert.ok(issued.issuedAt <= new Date())
  assert.equal(bench.fake.log.count(), 1)
})

test('the life is what the answer says, to the millisecond, not a constant', async () => {
  bench.fake.tokens.lifetimeMs = 8000
  const issued = await bench.issue()
  bench.fake.tokens.lifetimeMs = 12 * 3_600_000
  const life = issued.expiresAt!.getTime() - issued.issuedAt.getTime()
  assert.ok(life > 0 && life <= 8000, String(life))
})

test('a line break at the end of a key does not matter', async () => {
  const { accessKeyId, secretAccessKey } = bench.user
  const values = {
    accessKeyId: `${accessKeyId}\n`,
    secretAccessKey: `${secretAccessKey}\r\n`,
    sessionToken: '\n',
  }
  const issued = await bench.issue({
    credentials: { kind: 'material', values, source: 'Secret shop/shop-ecr' },
  })
  assert.equal(issued.username, 'AWS')
})

test('temporary keys work with their session token', async () => {
  const role = bench.fake.world.addRole({ name: 'temporary', trust: { principals: [] } })
  const session = bench.fake.world.startSession(role, { sessionName: 'someone', seconds: 900 })
  const issued = await bench.issue({ credentials: bench.material(session) })
  assert.equal(bench.fake.tokens.findLive(issued.password)?.principal, session.principal.arn)
})

test('a chain of roles is followed, with external id, session name and duration; the last one is the principal', async () => {
  const { world } = bench.fake
  const first = world.addRole({
    name: 'hub',
    trust: { principals: [bench.user.principal.arn], externalId: 'shop/42' },
    maxSessionSeconds: 7200,
  })
  const second = world.addRole({ name: 'pull', account: '999999999999', trust: { principals: [first.arn] } })
  const issued = await bench.issue({
    config: {
      assumeRoles: [
        { arn: first.arn, externalId: 'shop/42', sessionName: 'shop-pull', durationSeconds: 7200 },
        { arn: second.arn },
      ],
    },
  })
  assert.equal(issued.principal, 'arn:aws:sts::999999999999:assumed-role/pull/token-registries')
  assert.equal(bench.fake.tokens.findLive(issued.password)?.account, '999999999999')
  const [one, two] = bench.fake.log.entries
  assert.equal(one?.detail['RoleSessionName'], 'shop-pull')
  assert.equal(one?.detail['DurationSeconds'], '7200')
  assert.equal(one?.region, 'eu-west-1')
  assert.equal(two?.detail['ExternalId'], undefined)
})

test("the server's identity comes from the container endpoint, is kept, and renewed before it ends", async () => {
  const { fake } = bench
  const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const provider = createEcrProvider({ ...(await fake.containerIdentity(role)) })
  let now = new Date()
  const issue = () =>
    provider.issue(bench.config, {
      credentials: { kind: 'serverIdentity', sessionTags: {} },
      signal: new AbortController().signal,
      now: () => now,
      guard: guardThatLists(fake.endpoint),
    })
  const issued = await issue()
  assert.match(fake.tokens.findLive(issued.password)?.principal ?? '', /assumed-role\/server\/machine$/)
  await Promise.all([issue(), issue()])
  assert.equal(fake.log.count('/v1/credentials'), 1)
  now = new Date(Date.now() + (6 * 60 - 4) * 60_000)
  await issue().catch(() => undefined)
  assert.equal(fake.log.count('/v1/credentials'), 2)
})

test("from the server's identity, external id and session tags are the server's own", async () => {
  const { fake } = bench
  const server = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const trust = {
    principals: [server.arn],
    externalId: 'c1/p1/uid-1',
    requestTags: { 'tokenregistries.io/namespace': 'shop' },
  }
  const first = fake.world.addRole({ name: 'team', trust })
  const second = fake.world.addRole({ name: 'pull', trust: { principals: [first.arn] } })
  const options = {
    environment: { ...(await fake.containerIdentity(server)) },
    credentials: {
      kind: 'serverIdentity',
      sessionTags: { 'tokenregistries.io/namespace': 'shop' },
      externalId: 'c1/p1/uid-1',
    },
  } as const
  await bench.issue({ ...options, config: { assumeRoles: [{ arn: first.arn }, { arn: second.arn }] } })
  const call = fake.log.entries.find(({ action }) => action === 'AssumeRole')
  assert.equal(call?.detail['ExternalId'], 'c1/p1/uid-1')
  assert.equal(call?.detail['TransitiveTagKeys.member.1'], 'tokenregistries.io/namespace')
  const message = await bench.fails('NotAllowed', {
    ...options,
    config: { assumeRoles: [{ arn: first.arn, externalId: 'c1/p2/uid-of-somebody-else' }] },
  })
  assert.match(message, /assumeRoles\[0\]\.externalId/)
})

test('a server without AWS identity says how to give it one', async () => {
  const message = await bench.fails('ReferenceMissing', {
    environment: { AWS_EC2_METADATA_DISABLED: 'true' },
    credentials: { kind: 'serverIdentity', sessionTags: {} },
  })
  assert.match(message, /IRSA or Pod Identity/)
})

test('a clock 20 minutes off is measured, corrected for, and the expiry is on our clock', async () => {
  for (const minutes of [20, -20]) {
    bench.fake.faults.set({ clockOffsetMs: minutes * 60_000 })
    const seen: number[] = []
    const issued = await bench.issue({ onClockSkew: (skewMs) => seen.push(skewMs) })
    assert.equal(Math.round(seen.at(-1)! / 60_000), minutes)
    const life = issued.expiresAt!.getTime() - issued.issuedAt.getTime()
    assert.equal(Math.round(life / 60_000), 12 * 60)
  }
})

test('seconds of difference are noise, not skew', async () => {
  bench.fake.faults.set({ clockOffsetMs: 5000 })
  const issued = await bench.issue()
  assert.equal(issued.expiresAt?.getTime(), bench.fake.tokens.last?.expiresAt.getTime())
})

test('a passing failure is tried once more, a throttled call is not', async () => {
  bench.fake.faults.set({ ecr: 'serverError', times: 1 })
  await bench.issue()
  assert.equal(bench.fake.log.count('GetAuthorizationToken'), 2)
  bench.fake.resetCounters()
  bench.fake.faults.set({ ecr: 'throttled' })
  await bench.fails('RateLimited')
  assert.equal(bench.fake.log.count('GetAuthorizationToken'), 1)
})

test("calls go through the server's proxy", async () => {
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(502).end()
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  try {
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    await bench.fails('Unavailable', {
      config: { endpoint: 'http://ecr.example' },
      environment: { HTTP_PROXY: address },
      guard: guardThatLists('http://ecr.example'),
    })
    assert.equal(new URL(asked[0] ?? '').host, 'ecr.example')
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})

test('the target key holds all that changes the answer, and no hosts', () => {
  const provider = createEcrProvider({})
  const { endpoint: _endpoint, stsEndpoint: _stsEndpoint, ...base } = bench.config
  const role = { arn: 'arn:aws:iam::123456789012:role/pull' }
  const others = [
    base,
    { ...base, region: 'us-east-1' },
    { ...base, fips: true },
    { ...base, dualStack: true },
    { ...base, endpoint: 'https://vpce.example' },
    { ...base, stsEndpoint: 'https://vpce.example' },
    { ...base, assumeRoles: [role] },
    { ...base, assumeRoles: [role, role] },
    { ...base, assumeRoles: [{ ...role, externalId: 'a1' }] },
    { ...base, assumeRoles: [{ ...role, sessionName: 'a1' }] },
    { ...base, assumeRoles: [{ ...role, durationSeconds: 900 }] },
  ]
  assert.equal(new Set(others.map((config) => provider.targetKey(config))).size, others.length)
  const moved = { ...base, accounts: ['999999999999'], hosts: ['images.example'] }
  assert.equal(provider.targetKey(moved), provider.targetKey(base))
})

test('addresses and roles that the policy must know', () => {
  const provider = createEcrProvider({})
  const config = {
    ...bench.config,
    endpoint: 'https://vpce.example',
    stsEndpoint: 'http://127.0.0.1:4566',
    assumeRoles: [{ arn: 'arn:aws:iam::123456789012:role/pull' }],
  }
  assert.deepEqual(provider.customEndpoints(config), ['vpce.example:443', '127.0.0.1:4566'])
  assert.deepEqual(provider.upstreamRoles(config), ['arn:aws:iam::123456789012:role/pull'])
})
