// The signature check by itself: requests signed by the SDK's signer, then changed by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { SignatureRefused, verifySignature, type SignedRequest, type VerifyOptions } from './sigv4.ts'

const key = { secretAccessKey: 'secret' }
const options: VerifyOptions<typeof key> = {
  now: new Date(),
  service: 'ecr',
  regions: new Set(['eu-west-1']),
  findKey: (id) => (id === 'AKIATEST' ? key : undefined),
}

/** Lets the SDK sign, and keeps the request instead of sending it. */
async function signed(): Promise<SignedRequest> {
  let kept: SignedRequest | undefined
  const client = new ECRClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    requestHandler: {
      handle(request: { method: string; path: string; headers: Record<string, string>; body: string }) {
        const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])
        kept = {
          method: request.method,
          url: request.path,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body: request.body,
        }
        throw new Error('kept')
      },
    } as never,
  })
  await assert.rejects(client.send(new GetAuthorizationTokenCommand({})), { message: 'kept' })
  assert.ok(kept)
  return kept
}

function problemOf(request: SignedRequest, changes: Partial<VerifyOptions<typeof key>> = {}): string {
  try {
    verifySignature(request, { ...options, ...changes })
    return 'accepted'
  } catch (thrown) {
    assert.ok(thrown instanceof SignatureRefused)
    return thrown.problem
  }
}

test('a request of the SDK is accepted', async () => {
  assert.equal(problemOf(await signed()), 'accepted')
})

test('a tampered body, header, path, query or method is refused', async () => {
  const request = await signed()
  const headers = request.headers
  const tampered: [string, SignedRequest][] = [
    ['body', { ...request, body: '{"registryIds":["999999999999"]}' }],
    ['target', { ...request, headers: { ...headers, 'x-amz-target': 'Other.Action' } }],
    ['host', { ...request, headers: { ...headers, host: 'elsewhere' } }],
    ['path', { ...request, url: '/other' }],
    ['query', { ...request, url: '/?a=b' }],
    ['method', { ...request, method: 'PUT' }],
  ]
  for (const [name, changed] of tampered) assert.equal(problemOf(changed), 'mismatch', name)
})

test('a security header that is not signed is refused', async () => {
  const request = await signed()
  const headers = { ...request.headers, 'x-amz-security-token': 'slipped in' }
  assert.equal(problemOf({ ...request, headers }), 'incomplete')
})

test('a request without signature, or with half of one, is refused', async () => {
  const request = await signed()
  const { authorization: _, ...bare } = request.headers
  assert.equal(problemOf({ ...request, headers: bare }), 'missing')
  assert.equal(
    problemOf({ ...request, headers: { ...bare, authorization: 'AWS4-HMAC-SHA256 x' } }),
    'incomplete',
  )
})

test('an old and a future date are refused', async () => {
  const request = await signed()
  const at = (minutes: number) => ({ now: new Date(Date.now() + minutes * 60_000) })
  assert.equal(problemOf(request, at(4)), 'accepted')
  assert.equal(problemOf(request, at(6)), 'expired')
  assert.equal(problemOf(request, at(-6)), 'notYetCurrent')
})

test('the scope must name this service and a region that exists', async () => {
  const request = await signed()
  assert.equal(problemOf(request, { service: 'sts' }), 'scope')
  assert.equal(problemOf(request, { regions: new Set(['us-east-1']) }), 'scope')
})

test('the example of the AWS documentation verifies', () => {
  // "Create a signed AWS API request" / the aws-sig-v4-test-suite, case get-vanilla-query-order-key-case.
  const request: SignedRequest = {
    method: 'GET',
    url: '/?Param2=value2&Param1=value1',
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    },
    body: '',
  }
  const { region } = verifySignature(request, {
    now: new Date('2015-08-30T12:36:00Z'),
    service: 'service',
    regions: new Set(['us-east-1']),
    findKey: () => ({ secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }),
  })
  assert.equal(region, 'us-east-1')
})
