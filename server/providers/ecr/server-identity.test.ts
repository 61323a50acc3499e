// The server's own identity, from every place where a pod can find one.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { startFakeAws } from '../../../test/fakes/aws/index.ts'
import { guardThatLists } from '../../net/test-guard.ts'
import type { ProviderContext } from '../provider.ts'
import { SkewMeter } from './client.ts'
import { createEcrProvider } from './index.ts'
import { ServerIdentitySource } from './server-identity.ts'
import { startBench, type Bench } from './test-bench.ts'

const issuer = 'https://oidc.eks.example/id/1'
const subject = 'system:serviceaccount:token-registries:token-registries'

let bench: Bench
let folder: string
let key: KeyObject

before(async () => {
  bench = await startBench()
  folder = await mkdtemp(join(tmpdir(), 'identity-'))
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  key = pair.privateKey
  bench.fake.issuers.set(issuer, { keys: new Map([['k1', pair.publicKey]]) })
})
beforeEach(() => {
  bench.fake.faults.clear()
  bench.fake.resetCounters()
})
after(async () => {
  await bench.fake.close()
  await rm(folder, { recursive: true })
})

const serverIdentity = { kind: 'serverIdentity', sessionTags: {} } as const

function context(): ProviderContext {
  const { endpoint } = bench.fake
  return {
    credentials: serverIdentity,
    signal: new AbortController().signal,
    now: () => new Date(),
    guard: guardThatLists(endpoint),
    endpoints: { ecr: endpoint, sts: endpoint },
  }
}

/** Writes a projected ServiceAccount token and returns the environment that IRSA's webhook would set. */
async function irsa(claims: Record<string, unknown> = {}): Promise<Record<string, string>> {
  const exp = Math.floor(Date.now() / 1000) + 3600
  const text = [
    { alg: 'RS256', kid: 'k1' },
    { iss: issuer, sub: subject, aud: ['sts.amazonaws.com'], exp, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const file = join(folder, 'token')
  await writeFile(file, `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}\n`)
  const role = bench.fake.world.addRole({
    name: 'irsa',
    trust: { principals: [], webIdentity: { issuer, audience: 'sts.amazonaws.com', subject } },
  })
  return { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role.arn }
}

test('AWS_ACCESS_KEY_ID of the server wins over all others', async () => {
  const { accessKeyId, secretAccessKey } = bench.user
  const environment = {
    ...(await irsa()),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const issued = await bench.issue({ environment, credentials: serverIdentity })
  assert.equal(bench.fake.tokens.findLive(issued.password)?.principal, bench.user.principal.arn)
})

test('IRSA: the token file buys a session, which is shared by tries and names the principal', async () => {
  const provider = createEcrProvider(await irsa())
  const issued = await Promise.all([
    provider.issue(bench.config, context()),
    provider.issue(bench.config, context()),
  ])
  for (const { principal } of issued) assert.match(principal ?? '', /assumed-role\/irsa\/token-registries$/)
  assert.equal(bench.fake.log.count('AssumeRoleWithWebIdentity'), 1)
})

test('IRSA: a trust policy for another subject is TrustDenied, an unknown issuer too, an old token is CredentialsExpired', async () => {
  const options = { credentials: serverIdentity }
  const other = await irsa({ sub: 'system:serviceaccount:other:other' })
  assert.match(
    await bench.fails('TrustDenied', { ...options, environment: other }),
    /role\/irsa.*OIDC provider, the audience and the subject/,
  )
  const foreign = await irsa({ iss: 'https://elsewhere.example' })
  assert.match(
    await bench.fails('TrustDenied', { ...options, environment: foreign }),
    /register the cluster's issuer/,
  )
  const old = await irsa({ exp: 1 })
  assert.match(
    await bench.fails('CredentialsExpired', { ...options, environment: old }),
    /token file is renewed/,
  )
})

test("IRSA: an STS address of the spec never sees the server's token", async () => {
  const theirs = await startFakeAws()
  try {
    await bench.issue({
      environment: await irsa(),
      credentials: serverIdentity,
      config: { stsEndpoint: theirs.endpoint },
    })
    assert.equal(theirs.log.count(), 0)
    assert.equal(bench.fake.log.count('AssumeRoleWithWebIdentity'), 1)
  } finally {
    await theirs.close()
  }
})

test('a caller that is stopped leaves the call to the others', async () => {
  const { fake } = bench
  const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const provider = createEcrProvider({ ...(await fake.containerIdentity(role)) })
  const controller = new AbortController()
  const stopped = provider.issue(bench.config, { ...context(), signal: controller.signal })
  const other = provider.issue(bench.config, context())
  controller.abort()
  await assert.rejects(stopped, { code: 'Unavailable', message: /before the try was ended/ })
  assert.equal((await other).username, 'AWS')
  assert.equal(fake.log.count('/v1/credentials'), 1)
})

test('a metadata endpoint that never answers does not block the identity for ever', async () => {
  const { fake } = bench
  const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const identity = new ServerIdentitySource({ ...(await fake.containerIdentity(role)) }, 20)
  const request = { context: context(), region: 'eu-west-1', skew: new SkewMeter(() => new Date()) }
  fake.faults.set({ metadata: 'hang' })
  await assert.rejects(identity.get(request), { code: 'Unavailable' })
  fake.faults.clear()
  assert.match(
    (await new ServerIdentitySource({ ...(await fake.containerIdentity(role)) }).get(request)).accessKeyId,
    /^ASIA/,
  )
})

test("the node's role, by IMDSv2 only", async () => {
  bench.fake.metadata.role = bench.fake.world.addRole({ name: 'node', trust: { principals: [] } })
  // The SDK reads this one variable by itself.
  process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = bench.fake.endpoint
  try {
    const issued = await bench.issue({ credentials: serverIdentity })
    assert.match(bench.fake.tokens.findLive(issued.password)?.principal ?? '', /assumed-role\/node\//)
    assert.equal(bench.fake.log.count('/latest/api/token'), 1)
    bench.fake.metadata.role = null
    assert.match(
      await bench.fails('ReferenceMissing', { credentials: serverIdentity }),
      /no role of the node answered/,
    )
  } finally {
    delete process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT']
  }
})

test('an identity that was kept and then withdrawn is asked for again at once', async () => {
  const { fake } = bench
  const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const provider = createEcrProvider({ ...(await fake.containerIdentity(role)) })
  await provider.issue(bench.config, context())
  const first = fake.log.entries.at(-1)?.principal ?? ''
  for (const [id, { principal }] of fake.world.keys) if (principal.arn === first) fake.world.removeKey(id)
  assert.equal((await provider.issue(bench.config, context())).username, 'AWS')
  assert.equal(fake.log.count('/v1/credentials'), 2)
})

test('a new identity that is refused is not asked for in a circle', async () => {
  const { fake } = bench
  const role = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  fake.faults.set({ ecr: 'expiredToken' })
  await bench.fails('CredentialsExpired', {
    credentials: serverIdentity,
    environment: { ...(await fake.containerIdentity(role)) },
  })
  assert.equal(fake.log.count('/v1/credentials'), 1)
})
