// The AWS SDK against the fake: what the product uses must find AWS's behaviour here.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { startFakeAws, type AccessKey, type FakeAws } from './index.ts'

let fake: FakeAws
let user: AccessKey

before(async () => {
  fake = await startFakeAws()
  user = fake.world.addUser({ name: 'puller' })
})
beforeEach(() => {
  fake.faults.clear()
  fake.resetCounters()
})
after(() => fake.close())

type Keys = Pick<AccessKey, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>

function ecr(credentials: Keys, region = 'eu-west-1'): ECRClient {
  return new ECRClient({ region, endpoint: fake.endpoint, credentials: { ...credentials }, maxAttempts: 1 })
}

function sts(credentials: Keys, region = 'eu-west-1'): STSClient {
  return new STSClient({ region, endpoint: fake.endpoint, credentials: { ...credentials }, maxAttempts: 1 })
}

function getToken(credentials: Keys, region?: string): Promise<{ password: string; expiresAt: Date }> {
  return ecr(credentials, region)
    .send(new GetAuthorizationTokenCommand({}))
    .then((output) => {
      const data = output.authorizationData?.[0]
      const pair = Buffer.from(data?.authorizationToken ?? '', 'base64').toString('utf8')
      return { password: pair.slice(pair.indexOf(':') + 1), expiresAt: data?.expiresAt ?? new Date(0) }
    })
}

test('the SDK gets an authorization token as long as the real ones, unique each time', async () => {
  const [first, second] = [await getToken(user), await getToken(user)]
  assert.ok(first.password.length > 1700 && first.password.length < 2000, String(first.password.length))
  assert.notEqual(first.password, second.password)
  assert.equal(fake.tokens.findLive(first.password)?.principal, user.principal.arn)
  assert.equal(fake.log.counters().actions['GetAuthorizationToken'], 2)
  assert.equal(fake.log.counters().principals[user.principal.arn], 2)
})

test('an unknown key id is refused', async () => {
  await assert.rejects(getToken({ ...user, accessKeyId: 'AKIAUNKNOWN' }), {
    name: 'UnrecognizedClientException',
  })
})

test('a wrong secret is refused: the signature is really checked', async () => {
  await assert.rejects(getToken({ ...user, secretAccessKey: 'wrong' }), { name: 'InvalidSignatureException' })
  await assert.rejects(sts({ ...user, secretAccessKey: 'wrong' }).send(new GetCallerIdentityCommand({})), {
    name: 'SignatureDoesNotMatch',
  })
})

test('a session works until its end, and only with its own session token', async () => {
  const role = fake.world.addRole({ name: 'session-role', trust: { principals: [user.principal.arn] } })
  const output = await sts(user).send(
    new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'test', DurationSeconds: 900 }),
  )
  const session: Keys = {
    accessKeyId: output.Credentials?.AccessKeyId ?? '',
    secretAccessKey: output.Credentials?.SecretAccessKey ?? '',
    sessionToken: output.Credentials?.SessionToken ?? '',
  }
  assert.equal((await getToken(session)).expiresAt > new Date(), true)
  const { sessionToken: _, ...bare } = session
  await assert.rejects(getToken(bare), { name: 'UnrecognizedClientException' })
  await assert.rejects(getToken({ ...session, sessionToken: 'another' }), {
    name: 'UnrecognizedClientException',
  })
  await assert.rejects(getToken({ ...user, sessionToken: session.sessionToken! }), {
    name: 'UnrecognizedClientException',
  })
})

test('an expired session is refused: the expiry is really checked', async () => {
  fake.world.sessionSeconds = 0
  const role = fake.world.addRole({ name: 'short-role', trust: { principals: [user.principal.arn] } })
  const session = fake.world.startSession(role, { sessionName: 'short', seconds: 900 })
  fake.world.sessionSeconds = null
  await assert.rejects(getToken(session), { name: 'ExpiredTokenException' })
})

test('permissions are asked', async () => {
  const nobody = fake.world.addUser({ name: 'nobody', allow: [] })
  await assert.rejects(getToken(nobody), {
    name: 'AccessDeniedException',
    message: /ecr:GetAuthorizationToken/,
  })
})

test('a region that does not exist is refused', async () => {
  await assert.rejects(getToken(user, 'eu-nowhere-9'), { message: /valid region/ })
})

test('a role is given to whom it trusts, with the right external id and allowed tags', async () => {
  const role = fake.world.addRole({
    name: 'guarded',
    trust: { principals: [user.principal.arn], externalId: 'shop/42', requestTags: { team: 'shop' } },
  })
  const stranger = fake.world.addUser({ name: 'stranger' })
  const ask = (who: Keys, ExternalId: string, team: string) =>
    sts(who).send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: 'test',
        ExternalId,
        Tags: [{ Key: 'team', Value: team }],
      }),
    )
  const output = await ask(user, 'shop/42', 'shop')
  assert.match(output.AssumedRoleUser?.Arn ?? '', /assumed-role\/guarded\/test$/)
  await assert.rejects(ask(stranger, 'shop/42', 'shop'), { name: 'AccessDenied', message: /sts:AssumeRole/ })
  await assert.rejects(ask(user, 'shop/43', 'shop'), { name: 'AccessDenied', message: /sts:AssumeRole/ })
  await assert.rejects(ask(user, 'shop/42', 'other'), { name: 'AccessDenied', message: /sts:TagSession/ })
})

test('role chaining is capped at one hour', async () => {
  const first = fake.world.addRole({ name: 'first', trust: { principals: [user.principal.arn] } })
  const second = fake.world.addRole({
    name: 'second',
    trust: { principals: [first.arn] },
    maxSessionSeconds: 43_200,
  })
  const session = fake.world.startSession(first, { sessionName: 'chain', seconds: 3600 })
  const command = new AssumeRoleCommand({
    RoleArn: second.arn,
    RoleSessionName: 'chain',
    DurationSeconds: 7200,
  })
  await assert.rejects(sts(session).send(command), { name: 'ValidationError', message: /role chaining/ })
})

test('GetCallerIdentity names the caller', async () => {
  const output = await sts(user).send(new GetCallerIdentityCommand({}))
  assert.equal(output.Arn, user.principal.arn)
  assert.equal(output.Account, '123456789012')
})

test('a signature outside the clock window is refused when no Date header helps the client', async () => {
  for (const [minutes, words] of [
    [20, /Signature expired/],
    [-20, /Signature not yet current/],
  ] as const) {
    fake.faults.set({ clockOffsetMs: minutes * 60_000, hideDate: true })
    await assert.rejects(getToken(user), { name: 'InvalidSignatureException', message: words })
  }
})

test('web identity: issuer, audience, subject, signature and expiry are checked', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://oidc.example'
  fake.issuers.set(issuer, { keys: new Map([['k1', publicKey]]) })
  const trust = { issuer, audience: 'sts.amazonaws.com', subject: 'system:serviceaccount:shop:puller' }
  const role = fake.world.addRole({ name: 'web', trust: { principals: [], webIdentity: trust } })
  const good = { iss: issuer, aud: [trust.audience], sub: trust.subject, exp: Date.now() / 1000 + 60 }
  const jwt = (claims: object) => {
    const text = [{ alg: 'RS256', kid: 'k1' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
  }
  const ask = (WebIdentityToken: string) =>
    sts(user).send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn: role.arn, RoleSessionName: 'web', WebIdentityToken }),
    )
  assert.match((await ask(jwt(good))).AssumedRoleUser?.Arn ?? '', /assumed-role\/web\/web$/)
  await assert.rejects(ask(jwt({ ...good, aud: 'other' })), { name: 'AccessDenied' })
  await assert.rejects(ask(jwt({ ...good, sub: 'system:serviceaccount:x:y' })), { name: 'AccessDenied' })
  await assert.rejects(ask(jwt({ ...good, exp: 1 })), { name: 'ExpiredTokenException' })
  await assert.rejects(ask(jwt({ ...good, iss: 'https://other' })), { name: 'InvalidIdentityTokenException' })
  await assert.rejects(ask(`${jwt(good).slice(0, -8)}AAAAAAAA`), { name: 'InvalidIdentityTokenException' })
})

test('down refuses connections, up comes back on the same port', async () => {
  await fake.down()
  await assert.rejects(getToken(user), { code: 'ECONNREFUSED' })
  await fake.up()
  assert.ok((await getToken(user)).password)
})

test('faults heal after the given number of answers', async () => {
  fake.faults.set({ ecr: 'serverError', times: 1 })
  await assert.rejects(getToken(user), { name: 'ServerException' })
  assert.ok((await getToken(user)).password)
})

test('an upstream that caches hands out new tokens with the old end', async () => {
  const first = await getToken(user)
  fake.faults.set({ ecr: 'sameExpiry' })
  const second = await getToken(user)
  assert.equal(second.expiresAt.getTime(), first.expiresAt.getTime())
  assert.notEqual(second.password, first.password)
})

test('counters and log are forgotten on request, and hold no secret', async () => {
  const { password } = await getToken(user)
  const seen = JSON.stringify(fake.log.entries)
  for (const secret of [user.secretAccessKey, password]) assert.ok(!seen.includes(secret))
  fake.resetCounters()
  assert.deepEqual(fake.log.counters(), { actions: {}, principals: {} })
})
