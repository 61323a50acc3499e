import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createRedactor, isSecretName } from './redact.ts'

const base64 = randomBytes(300).toString('base64')
const header = Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url')
const jwt = `${header}.${Buffer.from('{"sub":"system:serviceaccount:shop:puller"}').toString('base64url')}.c2ln`

/** What must not survive, inside the text that it typically comes with. */
const canaries: Record<string, { text: string; canary: string }> = {
  'a JWT': { text: `the token ${jwt} was refused`, canary: jwt },
  'an AWS key id': { text: 'InvalidClientTokenId for ASIAIOSFODNN7EXAMPLE', canary: 'ASIAIOSFODNN7EXAMPLE' },
  'an ECR password': { text: `password was ${base64}!`, canary: base64.slice(100, 140) },
  'a bearer header': { text: 'sent Authorization: Bearer s3cr3tV4lue', canary: 's3cr3tV4lue' },
  'a basic header': { text: 'Basic QVdTOnBhc3M=', canary: 'QVdTOnBhc3M' },
  'a presigned query': {
    text: 'GET https://sts.amazonaws.com/?X-Amz-Credential=abc%2F2026&X-Amz-Signature=0a1b2c3d&Action=x',
    canary: '0a1b2c3d',
  },
  'a form body': {
    text: 'grant_type=client_credentials&client_secret=p4ss~word&scope=a',
    canary: 'p4ss~word',
  },
  'a user in a URL': { text: 'proxy http://jo:pw123@proxy:3128 refused', canary: 'pw123' },
  'a docker config': { text: 'got {"auths":{"h":{"auth":"abc","password":"tiny"}}}', canary: 'tiny' },
  'an escaped docker config': { text: '{\\"password\\":\\"tiny2\\"}', canary: 'tiny2' },
  'a private key': {
    text: '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----',
    canary: 'MIIabc',
  },
  'a Vault token': { text: 'permission denied for hvs.CAESIJ1234', canary: 'hvs.CAESIJ1234' },
  'an EKS token': { text: 'k8s-aws-v1.aHR0cHM6', canary: 'aHR0cHM6' },
}

describe('redact.text', () => {
  for (const [name, { text, canary }] of Object.entries(canaries)) {
    it(`removes ${name}`, () => {
      const output = createRedactor().text(text)
      assert.ok(!output.includes(canary), output)
      assert.match(output, /\[redacted\]/)
    })
  }

  for (const plain of [
    'docker.io/library/nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'system:serviceaccount:shop:puller may not get TokenRegistry/shop/ecr in arn:aws:iam::123456789012:role/Pull',
    'at reconcile (file:///home/somebody/projects/token-registries-for-rancher/server/controller/reconcile.ts:80:11)',
    'Basic authentication is off; WWW-Authenticate: Bearer realm="https://auth.example.com/token"',
    'uid 7b0e6f1c-35d4-4b52-9c1e-2f6a1f0d9f11 of https://123456789012.dkr.ecr.eu-west-1.amazonaws.com:443/v2/',
  ]) {
    it(`keeps "${plain.slice(0, 40)}…"`, () => assert.equal(createRedactor().text(plain), plain))
  }

  it('removes a registered value in any of its forms, and forgets the oldest beyond the limit', () => {
    const redactor = createRedactor({ maxSecrets: 2 })
    for (const value of ['first-one', 'pa ss"wörd', 'third-one']) redactor.registerSecret(value)
    assert.equal(redactor.text('third-one first-one'), '[redacted] first-one')
    for (const form of ['pa ss"wörd', 'pa%20ss%22w%C3%B6rd', 'pa ss\\"wörd', 'cGEgc3Mid8O2cmQ']) {
      assert.equal(redactor.text(`x ${form} y`), 'x [redacted] y')
    }
  })

  it('ignores registered values that are too short', () => {
    const redactor = createRedactor()
    redactor.registerSecret('the')
    assert.equal(redactor.text('the end'), 'the end')
  })

  it('stays quick on long hostile input', () => {
    const started = performance.now()
    createRedactor().text(
      'eyJ' + 'a.'.repeat(50_000) + '//' + ':'.repeat(50_000) + '"password":"'.repeat(5_000),
    )
    assert.ok(performance.now() - started < 2_000)
  })
})

describe('redact.value', () => {
  it('replaces secret fields and scrubs the rest', () => {
    const output = createRedactor().value({
      headers: {
        Authorization: ['x'],
        Cookie: 'R_SESS=y',
        'X-Amz-Security-Token': 'z',
        'x-vault-token': 'v',
      },
      '.dockerconfigjson': 'abc',
      secretName: 'shop-ecr',
      token: true,
      expiresAt: new Date(0),
      list: [`see ${jwt}`, 1n],
    })
    assert.deepEqual(output, {
      headers: {
        Authorization: '[redacted]',
        Cookie: '[redacted]',
        'X-Amz-Security-Token': '[redacted]',
        'x-vault-token': '[redacted]',
      },
      '.dockerconfigjson': '[redacted]',
      secretName: 'shop-ecr',
      token: true,
      expiresAt: '1970-01-01T00:00:00.000Z',
      list: ['see [redacted]', '1'],
    })
  })

  it('ends on cycles', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    assert.match(JSON.stringify(createRedactor().value(cycle)), /too deep/)
  })
})

describe('isSecretName', () => {
  it('knows names by their ending', () => {
    for (const name of [
      'sessionToken',
      'client_secret',
      'AWS_SECRET_ACCESS_KEY',
      'auth',
      'set-cookie',
      'privateKey',
    ])
      assert.ok(isSecretName(name), name)
    for (const name of ['secretName', 'tokenExpiresAt', 'author', 'namespace', 'code', 'secrets', 'key'])
      assert.ok(!isSecretName(name), name)
  })
})
