// The registry's token endpoint: who gets a JWT, and what it says.
import assert from 'node:assert/strict'
import { X509Certificate, verify } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { startFakeAws, type AccessKey, type FakeAws } from './index.ts'

let fake: FakeAws
let other: FakeAws
let user: AccessKey

before(async () => {
  ;[fake, other] = await Promise.all([startFakeAws(), startFakeAws()])
  user = fake.world.addUser({ name: 'puller' })
})
beforeEach(() => fake.faults.clear())
after(() => Promise.all([fake.close(), other.close()]))

interface Reply {
  readonly status: number
  readonly token: string
  readonly expires_in: number
}

async function ask(
  username: string,
  password: string,
  query: Record<string, string> = { service: fake.service, scope: 'repository:team/app:pull,push' },
): Promise<Reply> {
  const url = `${fake.realm}?${new URLSearchParams(query).toString()}`
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const response = await fetch(url, { headers: { authorization } })
  return { ...((await response.json()) as Omit<Reply, 'status'>), status: response.status }
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
}

const issue = (): string => fake.tokens.issue(user.principal, 'eu-west-1').password

test('a live token buys a JWT for pulling, signed by the certificate that it carries', async () => {
  const { status, token } = await ask('AWS', issue())
  assert.equal(status, 200)
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c: string[] }
  const certificate = new X509Certificate(Buffer.from(x5c[0]!, 'base64'))
  assert.equal(certificate.toString(), new X509Certificate(fake.rootCertBundlePem).toString())
  assert.ok(certificate.verify(certificate.publicKey), 'the certificate is signed with its own key')
  assert.ok(certificate.ca)
  const signed = Buffer.from(`${header}.${payload}`)
  assert.ok(verify('RSA-SHA256', signed, certificate.publicKey, Buffer.from(signature, 'base64url')))
  const claims = claimsOf(token)
  assert.equal(claims['iss'], fake.issuer)
  assert.equal(claims['aud'], fake.service)
  assert.equal(claims['sub'], user.principal.arn)
  assert.deepEqual(claims['access'], [{ type: 'repository', name: 'team/app', actions: ['pull'] }])
})

test('the JWT does not outlive the token behind it', async () => {
  fake.tokens.lifetimeMs = 8000
  const { token, expires_in: seconds } = await ask('AWS', issue())
  fake.tokens.lifetimeMs = 12 * 3_600_000
  const { exp, iat } = claimsOf(token) as { exp: number; iat: number }
  assert.ok(exp - iat <= 8 && seconds <= 8)
})

test('expired, foreign, truncated and revoked tokens are refused', async () => {
  const password = issue()
  const foreign = other.tokens.issue(user.principal, 'eu-west-1').password
  assert.equal((await ask('AWS', foreign)).status, 401)
  assert.equal((await ask('AWS', password.slice(0, -1))).status, 401)
  assert.equal((await ask('aws', password)).status, 401)
  assert.equal((await ask('AWS', password)).status, 200)
  fake.clock.advance(12 * 3_600_000 + 1000)
  assert.equal((await ask('AWS', password)).status, 401, 'expired')
  fake.clock.setOffset(0)
  fake.tokens.revokeAll()
  assert.equal((await ask('AWS', password)).status, 401, 'revoked')
})

test('a request for another service is refused', async () => {
  assert.equal((await ask('AWS', issue(), { service: 'another-registry' })).status, 400)
})

test('nobody gets a token without credentials', async () => {
  const response = await fetch(`${fake.realm}?service=${fake.service}`)
  assert.equal(response.status, 401)
  assert.deepEqual(await response.json(), {
    errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }],
  })
})

test('POST with a form works as containerd sends it', async () => {
  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'AWS',
    password: issue(),
    service: fake.service,
    client_id: 'containerd-client',
    scope: 'repository:team/app:pull',
  })
  const response = await fetch(fake.realm, { method: 'POST', body })
  assert.equal(response.status, 200)
  const reply = (await response.json()) as { access_token: string }
  assert.equal(claimsOf(reply.access_token)['aud'], fake.service)
})

test('the pusher may push', async () => {
  const { token } = await ask(fake.pusher.username, fake.pusher.password)
  assert.deepEqual(claimsOf(token)['access'], [
    { type: 'repository', name: 'team/app', actions: ['pull', 'push'] },
  ])
})
