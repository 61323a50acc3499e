// The search for secrets finds them in every spelling, in pieces, and says nothing of them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kinds, secretBase64, secretValue, type SecretKind } from '../canaries/marks.ts'
import { CanaryWatch, secretsIn } from '../canaries/watch.ts'
import { startFakeAws } from '../fakes/aws/index.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What may become of a secret on its way out. */
const spelled: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => `refused ${secret} there`,
  'in a URL': (secret) => `https://example/?password=${encodeURIComponent(`a b&${secret}`)}`,
  'in JSON within JSON': (secret) => JSON.stringify({ msg: JSON.stringify({ password: `"${secret}"` }) }),
  'in hexadecimal': (secret) => Buffer.from(`AWS:${secret}`).toString('hex'),
  'in capital hexadecimal': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'in base64': (secret) => base64(secret),
  'in base64 after one letter': (secret) => base64(`x${secret}`),
  'in base64 after two letters': (secret) => base64(`xy${secret}`),
  'in base64 for URLs': (secret) => Buffer.from(`??>${secret}`).toString('base64url'),
  'in base64 within a URL': (secret) => encodeURIComponent(base64(`~~~${secret}`)),
  'as auth of a docker config': (secret) =>
    JSON.stringify({ auths: { host: { auth: base64(`AWS:${secret}`) } } }),
  'as data of a pull Secret': (secret) =>
    base64(JSON.stringify({ auths: { host: { auth: base64(`AWS:${secret}`) } } })),
  'cut off in the middle': (secret) => base64(`AWS:${secret}`).slice(0, 30),
}

describe('a secret is found', () => {
  for (const kind of Object.keys(kinds) as SecretKind[]) {
    for (const [how, spell] of Object.entries(spelled)) {
      it(`${how}: ${kind}`, () => {
        for (const secret of [secretValue(kind), secretBase64(kind, 200)]) {
          assert.equal(secretsIn(spell(secret)).length, 1, spell(secret))
          if (how !== 'cut off in the middle') assert.deepEqual(secretsIn(spell(secret)), [kind])
        }
      })
    }
  }

  it('that a fake issued, in every form in which it lies in a pull Secret', async () => {
    const aws = await startFakeAws()
    try {
      const key = aws.world.addUser({ name: 'puller' })
      const session = aws.world.startSession(aws.world.addRole({ name: 'r', trust: { principals: [] } }), {
        sessionName: 's',
        seconds: 900,
      })
      const { password } = aws.tokens.issue(key.principal, 'eu-west-1')
      const auth = base64(`AWS:${password}`)
      const config = JSON.stringify({ auths: { host: { username: 'AWS', password, auth } } })
      for (const text of [
        password,
        auth,
        config,
        base64(config),
        password.slice(0, 40),
        aws.pusher.password,
      ]) {
        assert.deepEqual(secretsIn(text), ['password'])
      }
      assert.deepEqual(secretsIn(base64(JSON.stringify({ auth }))), ['password'])
      assert.deepEqual(secretsIn(key.accessKeyId), ['access key id'])
      assert.deepEqual(secretsIn(session.accessKeyId), ['access key id'])
      assert.deepEqual(secretsIn(session.secretAccessKey), ['secret access key'])
      assert.deepEqual(secretsIn(session.sessionToken ?? ''), ['session token'])
      assert.deepEqual(secretsIn(aws.metadata.containerToken), ['header'])
    } finally {
      await aws.close()
    }
  })

  for (const [text, what] of [
    [
      'authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request',
      'signed header',
    ],
    ['GET /?Action=GetCallerIdentity&X-Amz-Signature=5d672d79', 'presigned URL'],
    ['Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln', 'JWT'],
    ['k8s-aws-v1.aHR0cHM6Ly9zdHM', 'EKS token'],
    ['-----BEGIN RSA PRIVATE KEY-----', 'private key'],
  ] as const) {
    it(`by its shape alone: ${what}`, () => assert.ok(secretsIn(text).includes(what)))
  }

  it('when it comes in pieces, cut anywhere', () => {
    const text = `{"msg":"${base64(`AWS:${secretValue('password')}`)}"}`
    for (let cut = 1; cut < text.length; cut++) {
      const watch = new CanaryWatch()
      const write = watch.stream('the log')
      write(text.slice(0, cut))
      write(text.slice(cut, cut + 1))
      write(text.slice(cut + 1))
      assert.throws(() => watch.assertNone(), /password in the log/)
    }
  })
})

describe('the failure', () => {
  it('names kinds and places, and no secret', () => {
    const watch = new CanaryWatch()
    const secret = secretValue('session token')
    watch.look('the log', `x ${secret}`)
    watch.look('an event', `x ${secret}`)
    watch.look('a status', 'nothing')
    assert.throws(
      () => watch.assertNone(),
      (error: Error) => {
        assert.match(error.message, /session token in an event[\s\S]*session token in the log/)
        assert.doesNotMatch(error.message, /a status/)
        return !error.message.includes(secret.slice(0, 12))
      },
    )
    assert.deepEqual([...watch.looked.keys()], ['the log', 'an event', 'a status'])
  })

  it('does not come for ordinary output', () => {
    const watch = new CanaryWatch()
    watch.look(
      'the log',
      `{"level":"info","image":"sha256:${'0123456789abcdef'.repeat(4)}","msg":"wrote a Secret"}`,
    )
    watch.look(
      'the log',
      `arn:aws:iam::123456789012:role/pull ${base64('The quick brown fox jumps over the lazy dog')}`,
    )
    watch.assertNone()
  })
})
