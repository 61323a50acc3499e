// The REST client against a real API server: errors, credentials that change, connections that die.
import assert from 'node:assert/strict'
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect as connectTo, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { createKubeClient, type KubeClient, type KubeRequestObservation } from '../../server/kube/client.ts'
import { loadKubeConfig } from '../../server/kube/config.ts'
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isNotFound,
  isTerminating,
  KubeError,
} from '../../server/kube/errors.ts'
import { listPages } from '../../server/kube/list.ts'
import { configMapPath, namespacePath, secretPath } from '../../server/kube/paths.ts'
import type { ConfigMap, Secret, WatchEvent } from '../../server/kube/types.ts'
import { TcpProxy } from '../fakes/tcp-proxy.ts'
import { issueCertificate } from '../testbed/certificates.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { clientThroughProxy, namespace, prepareAccount, until, writeKubeconfig } from './kube-harness.ts'

suite('the client', { timeout: 600_000 }, () => {
  let plane: ControlPlane
  let token: string

  before(async () => {
    // Compaction each second, so that continue tokens expire while a test watches.
    plane = await startControlPlane({ apiServerFlags: ['--etcd-compaction-interval=1s'] })
    token = await prepareAccount(plane, 'client')
  })
  after(() => plane.stop())

  async function connect(
    t: TestContext,
    options: Parameters<typeof clientThroughProxy>[2] = {},
  ): Promise<{ client: KubeClient; proxy: TcpProxy }> {
    const both = await clientThroughProxy(plane, token, options)
    t.after(() => closeBoth(both))
    return both
  }

  const create = (client: KubeClient, name: string) =>
    client.request<ConfigMap>({
      method: 'POST',
      path: configMapPath(namespace),
      body: { metadata: { name }, data: { key: 'value' } },
    })

  test('writes, patches with preconditions and deletes', async (t) => {
    const { client } = await connect(t)
    const made = await create(client, 'life')
    const path = configMapPath(namespace, 'life')
    const { uid, resourceVersion } = made.metadata
    const patched = await client.request<ConfigMap>({
      method: 'PATCH',
      path,
      body: { metadata: { uid, resourceVersion }, data: { more: 'x' } },
    })
    assert.deepEqual(patched.data, { key: 'value', more: 'x' })
    await assert.rejects(client.request({ method: 'PUT', path, body: made }), isConflict)
    await assert.rejects(create(client, 'life'), isAlreadyExists)
    const preconditions = { uid, resourceVersion }
    await assert.rejects(client.request({ method: 'DELETE', path, body: { preconditions } }), isConflict)
    preconditions.resourceVersion = patched.metadata.resourceVersion
    await client.request({ method: 'DELETE', path, body: { preconditions } })
    await assert.rejects(client.request({ method: 'GET', path }), isNotFound)
  })

  test('tells a refusal by RBAC from a namespace that is going', async (t) => {
    const { client } = await connect(t)
    await assert.rejects(client.request({ method: 'GET', path: secretPath('default', 'x') }), (error) => {
      assert.ok(error instanceof KubeError)
      assert.deepEqual([isForbidden(error), isTerminating(error)], [true, false])
      assert.match(error.message, /GET \/api\/v1\/namespaces\/default\/secrets\/x: secrets "x" is forbidden/)
      return true
    })
    const going = 'kube-tests-going'
    await plane.admin.create(namespacePath(), { metadata: { name: going } })
    const held = { metadata: { name: 'held', finalizers: ['kube-tests.example.com/hold'] } }
    await plane.admin.create(configMapPath(going), held)
    await plane.admin.delete(namespacePath(going))
    const admin = createKubeClient(
      loadKubeConfig({ kubeconfig: await plane.kubeconfig('admin'), context: 'testbed' }),
    )
    t.after(() => admin.close())
    const late = { method: 'POST', path: configMapPath(going), body: { metadata: { name: 'late' } } } as const
    await assert.rejects(admin.request(late), (error) => isTerminating(error) && isForbidden(error))
    await plane.admin.patch(configMapPath(going, 'held'), { metadata: { finalizers: null } })
  })

  test('measures requests and the distance of the clocks', async (t) => {
    const seen: KubeRequestObservation[] = []
    const skews: number[] = []
    const { client } = await connect(t, {
      onRequest: (o) => seen.push(o),
      fetchDateSkew: (ms) => skews.push(ms),
    })
    await assert.rejects(client.request({ method: 'GET', path: secretPath(namespace, 'none') }), isNotFound)
    assert.deepEqual(
      seen.map(({ method, resource, status }) => [method, resource, status]),
      [['GET', 'secrets', 404]],
    )
    assert.equal(skews.length, 1)
    // One machine, one clock; Date has whole seconds.
    assert.ok(Math.abs(skews[0] ?? NaN) < 30_000, String(skews[0]))
  })

  test('survives a kept-alive connection that was closed while idle', async (t) => {
    const { client, proxy } = await connect(t)
    await create(client, 'idle')
    proxy.cut()
    const read = await client.request<ConfigMap>({ method: 'GET', path: configMapPath(namespace, 'idle') })
    assert.equal(read.metadata.name, 'idle')
  })

  test('leaves a dead path after one timeout, with all its connections', async (t) => {
    const { client, proxy } = await connect(t)
    const path = configMapPath(namespace, 'dead')
    await create(client, 'dead')
    const read = (timeoutMs: number) => client.request<ConfigMap>({ method: 'GET', path, timeoutMs })
    await Promise.all([read(30_000), read(30_000), read(30_000), read(30_000)])
    const before = proxy.accepted
    assert.ok(before >= 2, `${before} connections`)
    proxy.blackhole()
    await assert.rejects(read(300), (error) => error instanceof KubeError && error.reason === 'Timeout')
    // The other three connections are as dead, and idle: none of them may be tried.
    const another = read(30_000)
    await until('it opens a new connection', () => proxy.accepted > before)
    proxy.heal()
    assert.equal((await another).metadata.name, 'dead')
  })

  test('ends at once when aborted, also while it waits for a connection', async (t) => {
    const { client, proxy } = await connect(t, { connections: 1 })
    proxy.blackhole()
    const abort = new AbortController()
    const request = { method: 'GET', path: secretPath(namespace, 'x'), signal: abort.signal } as const
    const both = Promise.allSettled([client.request(request), client.request(request)])
    await until('it is connecting', () => proxy.accepted === 1)
    abort.abort()
    for (const result of await both) {
      assert.equal(result.status === 'rejected' && (result.reason as KubeError).reason, 'Aborted')
    }
  })

  test('says that nobody is there', async (t) => {
    const { client, proxy } = await connect(t)
    await proxy.refuse()
    const read = client.request({ method: 'GET', path: secretPath(namespace, 'x') })
    await assert.rejects(read, (error) => {
      assert.ok(error instanceof KubeError)
      assert.deepEqual([error.status, error.reason], [0, 'Network'])
      assert.match(error.message, /ECONNREFUSED/)
      return true
    })
  })

  test('starts a list again when its continue token expires', async (t) => {
    const { client } = await connect(t)
    const made = Array.from({ length: 9 }, (_, index) => `list-${index}`)
    for (const name of made) {
      const metadata = { name, labels: { group: 'expiring' } }
      await plane.admin.create(configMapPath(namespace), { metadata })
    }
    const query = { labelSelector: 'group=expiring' }
    let expired = false
    // Between the first two pages it waits until the API server says that the token is too old.
    const slow: KubeClient = {
      ...client,
      request: async <T>(request: Parameters<KubeClient['request']>[0]): Promise<T> => {
        const token = request.query?.continue
        if (token !== undefined && !expired) {
          await until('the token has expired', async () => {
            const page = new URLSearchParams({ ...query, limit: '2', continue: token })
            const answer = await plane.admin.request('GET', `${configMapPath(namespace)}?${page}`)
            // History is dropped only where something is written.
            await plane.admin.patch(configMapPath(namespace, 'list-0'), { data: { at: String(Date.now()) } })
            return answer.status === 410
          })
          expired = true
        }
        return client.request<T>(request)
      },
    }
    let names: string[] = []
    let restarts = 0
    const list = { client: slow, path: configMapPath(namespace), query, pageSize: 2 }
    const version = await listPages<ConfigMap>(
      list,
      (object) => names.push(object.metadata.name),
      () => {
        names = []
        restarts += 1
      },
    )
    assert.deepEqual(names.sort(), made)
    assert.equal(restarts, 1)
    assert.match(version, /^\d+$/)
  })

  test('takes over a rotated token file at the first refusal', async (t) => {
    const first = await prepareAccount(plane, 'rotated-first')
    const second = await prepareAccount(plane, 'rotated-second')
    const tokenFile = join(plane.folder, 'token')
    // Written by hand: with a newline at the end.
    await writeFile(tokenFile, `${first}\n`)
    const kubeconfig = await writeKubeconfig(plane, {
      server: plane.url,
      caFile: plane.caFile,
      user: { tokenFile },
    })
    const statuses: number[] = []
    const client = createKubeClient(loadKubeConfig({ kubeconfig, context: 'test' }), {
      onRequest: ({ status }) => statuses.push(status),
    })
    t.after(() => client.close())
    await create(client, 'rotated')
    await plane.admin.delete(`/api/v1/namespaces/${namespace}/serviceaccounts/rotated-first`)
    await until('the first token is refused', async () => {
      const path = configMapPath(namespace, 'rotated')
      return (await plane.request(first, 'GET', path)).status === 401
    })
    await writeFile(`${tokenFile}.new`, `${second}\n`)
    await rename(`${tokenFile}.new`, tokenFile)
    statuses.length = 0
    const read = { method: 'GET', path: configMapPath(namespace, 'rotated') } as const
    await client.request(read)
    assert.deepEqual(statuses, [401, 200])
    await client.request(read)
    assert.deepEqual(statuses, [401, 200, 200])
  })

  test('asks an exec plug-in again when its token is refused, and never repeats what it printed', async (t) => {
    const good = await prepareAccount(plane, 'exec')
    const script = join(plane.folder, 'plugin.mjs')
    const answer = join(plane.folder, 'plugin.json')
    const credential = (value: string) =>
      JSON.stringify({
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token: value },
      })
    await writeFile(
      script,
      `import fs from 'node:fs'; process.stdout.write(fs.readFileSync(process.argv[2]))`,
    )
    await writeFile(answer, credential('canary-old-token'))
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: [script, answer],
      interactiveMode: 'Never',
    }
    const kubeconfig = await writeKubeconfig(plane, {
      server: plane.url,
      caFile: plane.caFile,
      user: { exec },
    })
    const connectWithPlugin = () => createKubeClient(loadKubeConfig({ kubeconfig, context: 'test' }))
    const client = connectWithPlugin()
    t.after(() => client.close())
    const read = { method: 'GET', path: `${configMapPath(namespace)}`, query: { limit: '1' } } as const
    await assert.rejects(client.request(read), (error) => error instanceof KubeError && error.status === 401)
    await writeFile(answer, credential(good))
    await until('it is let in', () =>
      client.request(read).then(
        () => true,
        (error: KubeError) => error.status !== 401,
      ),
    )
    await writeFile(answer, 'canary-no-json {')
    const broken = connectWithPlugin()
    t.after(() => broken.close())
    await assert.rejects(broken.request(read), (error) => {
      assert.ok(error instanceof KubeError)
      assert.equal(error.reason, 'Credentials')
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary/)
      return true
    })
  })

  test('proves itself with a client certificate', async (t) => {
    const folder = join(plane.folder, 'pki')
    const certificate = await issueCertificate({
      folder,
      name: 'kube-tests-client',
      hosts: ['kube-tests-client'],
    })
    const kubeconfig = await writeKubeconfig(plane, {
      server: plane.url,
      caFile: plane.caFile,
      user: { 'client-certificate': certificate.certFile, 'client-key': certificate.keyFile },
    })
    const client = createKubeClient(loadKubeConfig({ kubeconfig, context: 'test' }))
    t.after(() => client.close())
    const review = await client.request<{ status: { userInfo: { username: string } } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })
    assert.notEqual(review.status.userInfo.username, 'system:anonymous')
  })

  test('follows a new cluster authority without a restart', async (t) => {
    const pki = join(plane.folder, 'pki')
    const mounted = join(plane.folder, 'mounted-ca.crt')
    await cp(plane.caFile, mounted)
    const proxy = await new TcpProxy(Number(new URL(plane.url).port)).start()
    const server = `https://127.0.0.1:${proxy.port}`
    const kubeconfig = await writeKubeconfig(plane, { server, caFile: mounted, user: { token } })
    const client = createKubeClient(loadKubeConfig({ kubeconfig, context: 'test' }))
    t.after(() => closeBoth({ client, proxy }))
    await create(client, 'authority')
    const read = { method: 'GET', path: configMapPath(namespace, 'authority') } as const
    const old = await Promise.all(
      ['apiserver.crt', 'apiserver.key'].map(
        async (name) => [name, await readFile(join(pki, name))] as const,
      ),
    )
    t.after(async () => {
      for (const [name, content] of old) await writeFile(join(pki, name), content)
      await plane.restartApiServer()
    })
    const other = join(plane.folder, 'pki-other')
    const next = await issueCertificate({
      folder: other,
      name: 'apiserver',
      hosts: ['127.0.0.1', 'localhost'],
    })
    await plane.processes.apiServer.stop()
    await cp(next.certFile, join(pki, 'apiserver.crt'))
    await cp(next.keyFile, join(pki, 'apiserver.key'))
    plane.processes.apiServer.start()
    await until('its certificate is refused', () =>
      client.request(read).then(
        () => false,
        (error: KubeError) => /certificate/.test(error.message),
      ),
    )
    await rm(mounted)
    await cp(next.caFile, mounted)
    await until('it trusts the new authority', () =>
      client.request(read).then(
        () => true,
        () => false,
      ),
    )
  })

  test('goes through the proxy of the kubeconfig, with requests and watches', async (t) => {
    const tunnels: string[] = []
    const proxy = createServer().on('connect', (request, near) => {
      tunnels.push(request.url ?? '')
      const far = connectTo(Number(new URL(plane.url).port), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n')
        near.pipe(far).pipe(near)
      })
      for (const socket of [near, far]) socket.on('error', () => [near, far].forEach((one) => one.destroy()))
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const cluster = { 'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }
    const parts = { server: plane.url, caFile: plane.caFile, user: { token }, cluster }
    const client = createKubeClient(
      loadKubeConfig({ kubeconfig: await writeKubeconfig(plane, parts), context: 'test' }),
    )
    t.after(async () => {
      await client.close()
      proxy.close()
    })
    await create(client, 'proxied')
    const query = { watch: 'true', fieldSelector: 'metadata.name=proxied' }
    for await (const event of client.stream({ method: 'GET', path: configMapPath(namespace), query })) {
      assert.equal((event as WatchEvent<ConfigMap>).object.metadata.name, 'proxied')
      break
    }
    assert.deepEqual([...new Set(tunnels)], [new URL(plane.url).host])
  })

  test('hands out Secrets whole and keeps their content out of errors', async (t) => {
    const { client } = await connect(t)
    const body = { metadata: { name: 'canary' }, stringData: { '.dockerconfigjson': 'canary-content' } }
    const typed = { ...body, type: 'kubernetes.io/dockerconfigjson' }
    const failed = client.request({ method: 'POST', path: secretPath(namespace), body: typed })
    await assert.rejects(failed, (error) => {
      assert.ok(error instanceof KubeError)
      assert.equal(error.reason, 'Invalid')
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary-content/)
      return true
    })
    const made = await client.request<Secret>({ method: 'POST', path: secretPath(namespace), body })
    assert.equal(made.data?.['.dockerconfigjson'], Buffer.from('canary-content').toString('base64'))
  })
})

async function closeBoth({ client, proxy }: { client: KubeClient; proxy: TcpProxy }): Promise<void> {
  await client.close()
  await proxy.stop()
}
