import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadKubeConfig } from './config.ts'

async function configFile(t: TestContext, content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kube-config-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const config = (user: object = { token: 't' }) => ({
  clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/k8s/clusters/c-x' } }],
  users: [{ name: 'u', user }],
  contexts: [
    { name: 'one', context: { cluster: 'c', user: 'u' } },
    { name: 'no-cluster', context: { cluster: 'x', user: 'u' } },
    { name: 'no-user', context: { cluster: 'c', user: 'x' } },
  ],
  'current-context': 'one',
})

suite('loadKubeConfig', () => {
  test('takes the named context', async (t) => {
    const kubeconfig = await configFile(t, config())
    const loaded = loadKubeConfig({ kubeconfig, context: 'one' })
    assert.equal(loaded.getCurrentCluster()?.server, 'https://10.0.0.1:6443/k8s/clusters/c-x')
    assert.equal(loaded.getCurrentUser()?.token, 't')
  })

  test('never follows KUBECONFIG', async (t) => {
    const before = process.env.KUBECONFIG
    process.env.KUBECONFIG = await configFile(t, config())
    t.after(() => {
      if (before === undefined) delete process.env.KUBECONFIG
      else process.env.KUBECONFIG = before
    })
    assert.throws(() => loadKubeConfig({}), /^Error: Name the cluster: a kubeconfig file and a context/)
    assert.throws(() => loadKubeConfig({ context: 'one' }), /Name the cluster/)
  })

  test('never follows the current context of the file', async (t) => {
    const kubeconfig = await configFile(t, config())
    const expected = /Name the context of .* to use. It has: one, no-cluster, no-user\./
    assert.throws(() => loadKubeConfig({ kubeconfig }), expected)
  })

  const refused: [what: string, context: string, message: RegExp][] = [
    ['an unknown context', 'two', /has no context "two"\. It has: one, no-cluster, no-user\./],
    ['a context without cluster', 'no-cluster', /names a cluster that the file does not have/],
    ['a context without user', 'no-user', /names a user that the file does not have/],
  ]
  for (const [what, context, message] of refused) {
    test(`says what is wrong with ${what}`, async (t) => {
      const kubeconfig = await configFile(t, config())
      assert.throws(() => loadKubeConfig({ kubeconfig, context }), message)
    })
  }

  test('does not quote a broken file', async (t) => {
    for (const content of ['a: "canary', 'canary', '', '[canary]']) {
      const kubeconfig = await configFile(t, content)
      assert.throws(
        () => loadKubeConfig({ kubeconfig, context: 'one' }),
        (error: Error) => !`${error.stack} ${String(error.cause)}`.includes('canary'),
      )
    }
  })

  test('says that a file is missing', () => {
    assert.throws(
      () => loadKubeConfig({ kubeconfig: '/no/such/file', context: 'one' }),
      /cannot be used: ENOENT/,
    )
  })

  test('reads tokenFile, beside the kubeconfig, before token', async (t) => {
    const kubeconfig = await configFile(t, config({ token: 'static', tokenFile: 'token' }))
    const user = loadKubeConfig({ kubeconfig, context: 'one' }).getCurrentUser()
    assert.equal(user?.token, undefined)
    assert.deepEqual(user?.authProvider, {
      name: 'tokenFile',
      config: { tokenFile: join(kubeconfig, '..', 'token') },
    })
  })

  test('refuses impersonation that would be left out silently', async (t) => {
    for (const field of ['as-groups', 'as-uid', 'as-user-extra']) {
      const kubeconfig = await configFile(t, config({ token: 't', as: 'somebody', [field]: ['x'] }))
      assert.throws(
        () => loadKubeConfig({ kubeconfig, context: 'one' }),
        new RegExp(`has ${field}: not supported`),
      )
    }
  })

  test('says that this is no pod', (t) => {
    const before = process.env.KUBERNETES_SERVICE_HOST
    delete process.env.KUBERNETES_SERVICE_HOST
    t.after(() => {
      if (before !== undefined) process.env.KUBERNETES_SERVICE_HOST = before
    })
    assert.throws(() => loadKubeConfig({ inCluster: true }), /This is not a pod/)
    assert.throws(() => loadKubeConfig({ inCluster: true, kubeconfig: 'x' }), /not both/)
  })
})
