// Every upstream failure: our code, a message that names field and remedy, and no secret anywhere.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { RegistryError } from '../../core/errors.ts'
import { canaries, startBench, type Bench } from './test-bench.ts'
import { toRegistryError, type Situation } from './responses.ts'

let bench: Bench
let roleArn: string

before(async () => {
  bench = await startBench()
  const { arn } = bench.user.principal
  roleArn = bench.fake.world.addRole({ name: 'pull', trust: { principals: [arn], externalId: 'right' } }).arn
})
beforeEach(() => {
  bench.fake.faults.clear()
  bench.fake.resetCounters()
  bench.fake.world.stsDisabledRegions.clear()
})
after(() => bench.fake.close())

// What the world itself refuses.

test('an unknown access key names Secret and key', async () => {
  const message = await bench.fails('CredentialsInvalid', {
    credentials: bench.material({ accessKeyId: 'AKIAGONE' }),
  })
  assert.match(
    message,
    /^Secret shop\/shop-ecr, key accessKeyId: ECR in eu-west-1.*UnrecognizedClientException.*Put a current access key/,
  )
})

test('a wrong secret names the other key', async () => {
  const message = await bench.fails('CredentialsInvalid', {
    credentials: bench.material({ secretAccessKey: `${canaries.secretAccessKey}x` }),
  })
  assert.match(message, /key secretAccessKey: .*InvalidSignatureException.*copy the secret access key again/)
})

test('an unknown key and a wrong secret are told apart at STS, too', async () => {
  const config = { assumeRoles: [{ arn: roleArn, externalId: 'right' }] }
  const unknown = bench.material({ accessKeyId: 'AKIAGONE' })
  assert.match(
    await bench.fails('CredentialsInvalid', { config, credentials: unknown }),
    /accessKeyId: STS.*InvalidClientTokenId/,
  )
  const wrong = bench.material({ secretAccessKey: 'wrong' })
  assert.match(
    await bench.fails('CredentialsInvalid', { config, credentials: wrong }),
    /secretAccessKey: STS.*SignatureDoesNotMatch/,
  )
})

test('a user who may not ask for tokens is told the permission and his ARN', async () => {
  const nobody = bench.fake.world.addUser({ name: 'nobody', allow: [] })
  const message = await bench.fails('AccessDenied', { credentials: bench.material(nobody) })
  assert.match(
    message,
    /arn:aws:iam::123456789012:user\/nobody do ecr:GetAuthorizationToken.*allow ecr:GetAuthorizationToken on resource "\*"/,
  )
})

test('a role that refuses is TrustDenied and names role, field, caller and what was sent', async () => {
  const wrong = await bench.fails('TrustDenied', {
    config: { assumeRoles: [{ arn: roleArn, externalId: 'wrong' }] },
  })
  assert.match(
    wrong,
    /^spec\.provider\.ecr\.assumeRoles\[0\]: .*user\/puller.*role\/pull.*accept the externalId/,
  )
  assert.doesNotMatch(wrong, /wrong/)
  const none = await bench.fails('TrustDenied', { config: { assumeRoles: [{ arn: roleArn }] } })
  assert.match(none, /ask for no externalId/)
  const chained = [{ arn: roleArn, externalId: 'right' }, { arn: 'arn:aws:iam::123456789012:role/absent' }]
  assert.match(
    await bench.fails('TrustDenied', { config: { assumeRoles: chained } }),
    /assumeRoles\[1\]: .*role\/absent/,
  )
})

test('a trust policy that allows no session tags is told apart', async () => {
  const { fake } = bench
  const server = fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const team = fake.world.addRole({ name: 'team', trust: { principals: [server.arn], tagSession: false } })
  const message = await bench.fails('TrustDenied', {
    environment: { ...(await fake.containerIdentity(server)) },
    credentials: { kind: 'serverIdentity', sessionTags: { team: 'shop' } },
    config: { assumeRoles: [{ arn: team.arn }] },
  })
  assert.match(message, /must allow sts:TagSession/)
})

test('expired temporary keys name the Secret key sessionToken', async () => {
  const role = bench.fake.world.addRole({ name: 'ended', trust: { principals: [] } })
  const session = bench.fake.world.startSession(role, { sessionName: 'ended', seconds: 0 })
  const message = await bench.fails('CredentialsExpired', { credentials: bench.material(session) })
  assert.match(message, /^Secret shop\/shop-ecr, key sessionToken: .*ExpiredTokenException.*put new ones/)
})

test('a region that AWS does not have', async () => {
  const message = await bench.fails('WrongTarget', { config: { region: 'eu-nowhere-9' } })
  assert.match(message, /^spec\.provider\.ecr\.region: .*eu-nowhere-9/)
})

test('STS that is not activated in the region', async () => {
  bench.fake.world.stsDisabledRegions.add('eu-west-1')
  const message = await bench.fails('WrongTarget', {
    config: { assumeRoles: [{ arn: roleArn, externalId: 'right' }] },
  })
  assert.match(message, /RegionDisabledException.*activate STS/)
})

test('durations that AWS refuses', async () => {
  const long = { arn: roleArn, externalId: 'right', durationSeconds: 7200 }
  const message = await bench.fails('SpecInvalid', { config: { assumeRoles: [long] } })
  assert.match(message, /^spec\.provider\.ecr\.assumeRoles\[0\]\.durationSeconds: .*maximum session duration/)
  const hub = bench.fake.world.addRole({ name: 'hub', trust: { principals: [bench.user.principal.arn] } })
  const far = bench.fake.world.addRole({
    name: 'far',
    trust: { principals: [hub.arn] },
    maxSessionSeconds: 43_200,
  })
  const chain = [{ arn: hub.arn }, { arn: far.arn, durationSeconds: 7200 }]
  assert.match(
    await bench.fails('SpecInvalid', { config: { assumeRoles: chain } }),
    /assumeRoles\[1\]\.durationSeconds: .*3600/,
  )
})

for (const name of ['accessKeyId', 'secretAccessKey'] as const) {
  test(`a Secret without ${name} is ReferenceMissing`, async () => {
    for (const value of [undefined, '', ' \n']) {
      const values: Record<string, string> = {
        accessKeyId: 'AKIAX',
        secretAccessKey: canaries.secretAccessKey,
      }
      if (value === undefined) delete values[name]
      else values[name] = value
      const credentials = { kind: 'material', values, source: 'Secret shop/shop-ecr' } as const
      assert.match(
        await bench.fails('ReferenceMissing', { credentials }),
        new RegExp(`^Secret shop/shop-ecr: key ${name} `),
      )
    }
  })
}

// What is switched on.

test('a clock that cannot be corrected is ClockSkew, with its direction', async () => {
  bench.fake.faults.set({ clockOffsetMs: 20 * 60_000, hideDate: true })
  assert.match(await bench.fails('ClockSkew'), /clock of this server is more than 5 minutes behind .*NTP/)
  bench.fake.faults.set({ clockOffsetMs: -20 * 60_000, hideDate: true })
  assert.match(await bench.fails('ClockSkew'), /more than 5 minutes ahead of/)
  bench.fake.faults.set({ clockOffsetMs: 20 * 60_000, hideDate: false, ecr: 'signatureExpired' })
  assert.match(await bench.fails('ClockSkew'), /about 20 minutes behind/)
})

test('throttling is RateLimited and hands on Retry-After', async () => {
  for (const fault of ['throttled', 'tooManyRequests'] as const) {
    bench.fake.faults.set({ ecr: fault, retryAfterSeconds: 90 })
    const error = await bench.issue().catch((thrown: unknown) => thrown)
    assert.ok(error instanceof RegistryError)
    assert.equal(error.code, 'RateLimited')
    assert.equal(error.retryAfterMs, 90_000)
  }
})

for (const [fault, code, words] of [
  ['serverError', 'Unavailable', /ECR in eu-west-1 .*ServerException/],
  ['unavailable', 'Unavailable', /ServiceUnavailableException/],
  ['reset', 'Unavailable', /ECONNRESET/],
  ['truncated', 'Unavailable', /could not be reached|ECONNRESET/],
  ['redirect', 'BadResponse', /HTTP 302.*spec\.provider\.ecr\.endpoint/],
  ['html', 'BadResponse', /cannot be read.*proxy/],
  ['garbage', 'BadResponse', /proxy or another service/],
  ['huge', 'BadResponse', /larger than 1 MiB/],
  ['noData', 'BadResponse', /no authorizationToken/],
  ['noColon', 'BadResponse', /not user:password/],
  ['noExpiry', 'BadResponse', /states no expiresAt/],
  ['expiredCredential', 'BadResponse', /ended already, at 2015-01-01/],
  ['expiredToken', 'CredentialsExpired', /sessionToken/],
] as const) {
  test(`ECR: ${fault} is ${code}`, async () => {
    bench.fake.faults.set({ ecr: fault })
    assert.match(await bench.fails(code), words)
  })
}

for (const [fault, code, words] of [
  ['throttled', 'RateLimited', /STS in eu-west-1 .*AssumeRole/],
  ['serverError', 'Unavailable', /STS/],
  ['noData', 'BadResponse', /no complete credentials/],
  ['html', 'BadResponse', /spec\.provider\.ecr\.stsEndpoint/],
  ['truncated', 'Unavailable', /STS/],
  ['signatureExpired', 'ClockSkew', /STS/],
  ['expiredToken', 'CredentialsExpired', /sessionToken/],
] as const) {
  test(`STS: ${fault} is ${code}`, async () => {
    bench.fake.faults.set({ sts: fault })
    assert.match(
      await bench.fails(code, { config: { assumeRoles: [{ arn: roleArn, externalId: 'right' }] } }),
      words,
    )
  })
}

test('an upstream that refuses connections is Unavailable', async () => {
  await bench.fake.down()
  try {
    assert.match(await bench.fails('Unavailable'), /ECONNREFUSED.*spec\.provider\.ecr\.endpoint/)
  } finally {
    await bench.fake.up()
  }
})

test('a call that hangs ends with the signal', async () => {
  bench.fake.faults.set({ ecr: 'hang' })
  const controller = new AbortController()
  const arrived = bench.fake.log.next('GetAuthorizationToken').then(() => controller.abort())
  assert.match(await bench.fails('Unavailable', { signal: controller.signal }), /before the try was ended/)
  await arrived
})

test("the server's credentials endpoint fails", async () => {
  const role = bench.fake.world.addRole({ name: 'server', trust: { principals: [] } })
  const environment = { ...(await bench.fake.containerIdentity(role)) }
  const credentials = { kind: 'serverIdentity', sessionTags: {} } as const
  for (const fault of ['serverError', 'garbage', 'reset'] as const) {
    bench.fake.faults.set({ metadata: fault })
    assert.match(await bench.fails('Unavailable', { environment, credentials }), /Pod Identity association/)
  }
  const gone = { ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nonexistent/token' }
  assert.match(await bench.fails('ReferenceMissing', { environment: gone, credentials }), /ENOENT/)
})

// What no fake on loopback can show: DNS and TLS.

const situation: Situation = {
  step: 'GetAuthorizationToken',
  region: 'eu-nowhere-9',
  endpoint: undefined,
  source: 'Secret shop/shop-ecr',
  fromSecret: true,
  signal: new AbortController().signal,
  skewMs: () => 0,
}

for (const [code, expected, words] of [
  ['ENOTFOUND', 'WrongTarget', /^spec\.provider\.ecr\.region: ECR in eu-nowhere-9 has no address/],
  ['EAI_AGAIN', 'Unavailable', /could not be reached/],
  ['EHOSTUNREACH', 'Unavailable', /network policies/],
  ['ETIMEDOUT', 'Unavailable', /in time/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'Unavailable', /NODE_EXTRA_CA_CERTS/],
  ['CERT_HAS_EXPIRED', 'Unavailable', /could not be trusted/],
] as const) {
  test(`network failure ${code} is ${expected}, also as a cause`, () => {
    const socket = Object.assign(new Error('CANARY in the text'), { code })
    for (const thrown of [socket, new Error('wrapped', { cause: socket })]) {
      const error = toRegistryError(thrown, situation)
      assert.equal(error.code, expected)
      assert.match(error.message, words)
      assert.doesNotMatch(JSON.stringify([error.message, (error.cause as Error).stack]), /CANARY/)
    }
  })
}

test('a combination of region, fips and dualStack without address is SpecInvalid', () => {
  const thrown = Object.assign(new Error('CANARY'), { name: 'EndpointError' })
  const error = toRegistryError(thrown, situation)
  assert.equal(error.code, 'SpecInvalid')
  assert.match(error.message, /^spec\.provider\.ecr: .*eu-nowhere-9.*dualStack/)
})

test('an organisation policy is named as such', () => {
  const thrown = Object.assign(
    new Error(
      'User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecr:GetAuthorizationToken on resource: * with an explicit deny in a service control policy',
    ),
    { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } },
  )
  assert.match(toRegistryError(thrown, situation).message, /policy of the AWS organisation/)
})

test('a code that AWS invents tomorrow keeps its name and gets a class by status', () => {
  const cases = [
    [503, 'Unavailable'],
    [429, 'RateLimited'],
    [403, 'AccessDenied'],
    [404, 'WrongTarget'],
    [400, 'BadResponse'],
  ] as const
  for (const [httpStatusCode, expected] of cases) {
    const thrown = Object.assign(new Error('CANARY'), {
      name: 'BrandNewException',
      $metadata: { httpStatusCode },
    })
    const error = toRegistryError(thrown, situation)
    assert.equal(error.code, expected)
    assert.match(error.message, /BrandNewException/)
    assert.doesNotMatch(error.message, /CANARY/)
  }
})

test('a defect of ours is InternalError, with frames and without its text', () => {
  const error = toRegistryError(new TypeError('CANARY is not a function'), situation)
  assert.equal(error.code, 'InternalError')
  assert.match((error.cause as Error).stack ?? '', /\n\s+at /)
  assert.doesNotMatch(`${error.message}${(error.cause as Error).stack}`, /CANARY/)
})
