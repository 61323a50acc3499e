import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { KubeConfig } from '@kubernetes/client-node'
import { CredentialSource } from './credentials.ts'
import { KubeError } from './errors.ts'

interface Mounted {
  source: CredentialSource
  tokenFile: string
  caFile: string
}

/** What a pod has: a token and an authority on disk. */
async function mounted(t: TestContext): Promise<Mounted> {
  const folder = await mkdtemp(join(tmpdir(), 'kube-credentials-'))
  t.after(() => rm(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  const caFile = join(folder, 'ca.crt')
  await writeFile(tokenFile, 'first\n')
  await writeFile(caFile, 'authority')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'c', server: 'https://10.0.0.1', caFile, skipTLSVerify: false },
    { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } },
  )
  return { source: new CredentialSource(config), tokenFile, caFile }
}

const fixed = (user: object): CredentialSource => {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'c', server: 'https://10.0.0.1', skipTLSVerify: false },
    { name: 'u', ...user },
  )
  return new CredentialSource(config)
}

suite('CredentialSource', () => {
  test('reads token and authority', async (t) => {
    const { source } = await mounted(t)
    const { headers, tls } = await source.current()
    assert.deepEqual(headers, { authorization: 'Bearer first' })
    assert.equal(String(tls.ca), 'authority')
  })

  test('reads files once for many requests', async (t) => {
    const { source, tokenFile } = await mounted(t)
    const first = await source.current()
    await writeFile(tokenFile, 'second')
    assert.equal(await source.current(), first)
    assert.equal(source.fresh, first)
  })

  test('reads a new token at once after a refusal, together for all who were refused', async (t) => {
    const { source, tokenFile } = await mounted(t)
    const first = await source.current()
    await writeFile(tokenFile, 'second')
    const [one, two] = await Promise.all([source.reload(first), source.reload(first)])
    assert.deepEqual(one.headers, { authorization: 'Bearer second' })
    assert.equal(two, one)
    assert.equal(await source.reload(first), one)
    assert.equal(one.fingerprint, first.fingerprint)
  })

  test('does not read for each of many refusals in a row', async (t) => {
    const { source } = await mounted(t)
    const second = await source.reload(await source.current())
    assert.equal(await source.reload(second), second)
  })

  test('tells a new authority by the fingerprint', async (t) => {
    const { source, caFile } = await mounted(t)
    const first = await source.current()
    await writeFile(caFile, 'another')
    assert.notEqual((await source.reload(first)).fingerprint, first.fingerprint)
  })

  test('names a missing file', async (t) => {
    const { source, tokenFile } = await mounted(t)
    await rm(tokenFile)
    await assert.rejects(source.current(), (error) => {
      assert.ok(error instanceof KubeError)
      assert.deepEqual([error.status, error.reason], [0, 'Credentials'])
      assert.ok(error.message.includes(`ENOENT ${tokenFile}`), error.message)
      return true
    })
  })

  test('sends a password as basic authentication', async () => {
    const { headers } = await fixed({ username: 'me', password: 'pass' }).current()
    assert.deepEqual(headers, { authorization: `Basic ${btoa('me:pass')}` })
  })

  test('impersonates', async () => {
    const { headers } = await fixed({ token: 't', impersonateUser: 'somebody' }).current()
    assert.deepEqual(headers, { authorization: 'Bearer t', 'impersonate-user': 'somebody' })
  })
})
