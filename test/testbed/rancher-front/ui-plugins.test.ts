import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, afterEach, before, describe, it } from 'node:test'
import { create } from 'tar'
import { startControlPlane, type ControlPlane } from '../control-plane.ts'
import { clientOf, RancherClient, until } from './client.ts'
import { startRancher } from './front.ts'
import type { Rancher } from './options.ts'
import type { UIPlugin } from './plugin-controller.ts'
import type { PluginEntry } from './plugin-index.ts'

const namespace = 'cattle-ui-plugin-system'
const collection = `/apis/catalog.cattle.io/v1/namespaces/${namespace}/uiplugins`

describe('UI extensions', { timeout: 300_000 }, () => {
  let plane: ControlPlane
  let rancher: Rancher
  let user: RancherClient
  let endpoint: Server
  let url: string
  let folder: string
  const services = new Map<string, string>()
  /** What the extension's server has, and what it was asked for. */
  const served = new Map<string, string | Buffer>()
  const asked: string[] = []
  const logged: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ui-plugins-'))
    endpoint = createServer((request, answer) => {
      asked.push(request.url ?? '')
      const found = served.get(request.url ?? '')
      answer.statusCode = found === undefined ? 404 : 200
      answer.end(found ?? 'nothing here')
    })
    endpoint.listen(0, '127.0.0.1')
    await once(endpoint, 'listening')
    url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
    plane = await startControlPlane()
    rancher = await startRancher({
      clusters: [{ id: 'local', plane }],
      users: [{ name: 'alice', globalRole: 'user' }],
      services,
      pluginRetry: { minMs: 50, maxMs: 400 },
      log: (line) => logged.push(line),
    })
    user = await clientOf(rancher, 'alice')
  })
  after(async () => {
    await rancher?.stop()
    await plane?.stop()
    endpoint.close()
    endpoint.closeAllConnections()
    await rm(folder, { recursive: true })
  })
  afterEach(async () => {
    await plane.admin.delete(collection)
    await waitForIndex([])
    served.clear()
    asked.length = 0
    logged.length = 0
    services.clear()
  })

  /** A .tgz with these files. */
  const archive = async (files: Record<string, string>): Promise<Buffer> => {
    const cwd = await mkdtemp(join(folder, 'archive-'))
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(cwd, path)), { recursive: true })
      await writeFile(join(cwd, path), content)
    }
    return buffer(create({ cwd, gzip: true }, await readdir(cwd)))
  }

  /** The files of a bundle, as they lie below its version. */
  const bundle = (version: string): Record<string, string> => ({
    'plugin/package.json': JSON.stringify({ name: 'shop', version }),
    [`plugin/shop-${version}.umd.min.js`]: `shop('${version}')`,
    'plugin/img/logo.svg': '<svg/>',
  })

  const serveArchive = async (version: string, path = `/${version}.tgz`): Promise<string> => {
    const files = Object.entries(bundle(version)).map(([name, text]) => [`${version}/${name}`, text])
    served.set(path, await archive(Object.fromEntries(files) as Record<string, string>))
    return url + path
  }

  const serveFiles = (version: string): string => {
    const files = bundle(version)
    for (const [path, content] of Object.entries(files)) served.set(`/${version}/${path}`, content)
    served.set(`/${version}/files.txt`, `${Object.keys(files).join('\n')}\n`)
    return `${url}/${version}`
  }

  const put = async (entry: Partial<PluginEntry>, metadata: object = {}): Promise<void> => {
    const plugin = { name: 'shop', version: '1.0.0', ...entry }
    const object = { apiVersion: 'catalog.cattle.io/v1', kind: 'UIPlugin', spec: { plugin } }
    await plane.admin.create(collection, { ...object, metadata: { name: 'shop', ...metadata } })
  }

  const patch = (plugin: Partial<PluginEntry>): Promise<unknown> =>
    plane.admin.patch(`${collection}/shop`, { spec: { plugin } })

  const waitForStatus = (
    predicate: (status: NonNullable<UIPlugin['status']>) => boolean,
  ): Promise<UIPlugin> =>
    plane.admin.waitFor<UIPlugin>(`${collection}/shop`, ({ status }) => !!status && predicate(status))

  const index = async (client = user): Promise<Record<string, Record<string, unknown>>> => {
    const { status, headers, body } = await client.request<string>('GET', '/v1/uiplugins')
    assert.deepEqual([status, headers['content-type']], [200, 'text/plain; charset=utf-8'])
    const { entries = {} } = body as unknown as { entries?: Record<string, Record<string, unknown>> }
    return entries
  }

  const waitForIndex = async (names: string[]): Promise<void> => {
    const read = async (): Promise<string> => Object.keys(await index()).join()
    await until(`the index to list ${names.join()}`, read, (seen) => seen === names.join())
  }

  const file = async (path: string, client = user): Promise<[number, unknown]> => {
    const { status, headers, body } = await client.request('GET', `/v1/uiplugins/${path}`)
    assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate')
    return [status, body]
  }
  const script = 'shop/1.0.0/plugin/shop-1.0.0.umd.min.js'

  it('fetches an archive once and serves its files to users', async () => {
    const metadata = { 'catalog.cattle.io/ui-extensions-version': '>= 3.0.0' }
    const compressedEndpoint = await serveArchive('1.0.0')
    await put({ compressedEndpoint, endpoint: `${url}/1.0.0`, metadata })
    const { status } = await waitForStatus(({ ready }) => ready === true)
    assert.partialDeepStrictEqual(status, { cacheState: 'cached', observedGeneration: 1, error: '' })
    assert.deepEqual(asked, ['/1.0.0.tgz'])
    assert.deepEqual(await index(), {
      shop: {
        name: 'shop',
        version: '1.0.0',
        endpoint: `${url}/1.0.0`,
        compressedEndpoint,
        metadata,
        CacheState: 'cached',
        Ready: true,
      },
    })
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
    assert.deepEqual(await file('shop/1.0.0/plugin/img/logo.svg'), [200, '<svg/>'])
    for (const path of [
      'shop/1.0.1/plugin/package.json',
      'other/1.0.0/plugin/package.json',
      'shop/1.0.0/files.txt',
    ]) {
      assert.equal((await file(path))[0], 404, path)
    }
  })

  it('shows nothing to the logged-out, unless the extension asks for it', async () => {
    const anybody = new RancherClient(rancher)
    await put({ compressedEndpoint: await serveArchive('1.0.0') })
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual((await anybody.request('GET', '/v1/uiplugins')).body, {})
    assert.equal((await file(script, anybody))[0], 404)
    await patch({ noAuth: true })
    await waitForStatus(({ ready, observedGeneration }) => ready === true && observedGeneration === 2)
    assert.deepEqual(Object.keys(await index(anybody)), ['shop'])
    assert.deepEqual(await file(script, anybody), [200, "shop('1.0.0')"])
  })

  it('fetches file after file without an archive', async () => {
    await put({ endpoint: serveFiles('1.0.0') })
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual(asked.slice(0, 2), ['/1.0.0/plugin/package.json', '/1.0.0/files.txt'])
    assert.equal(asked.length, 5)
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
  })

  it('refuses a version that package.json does not have, until the spec names it', async () => {
    await put({ endpoint: serveFiles('1.0.0'), version: '1.0.1' })
    const { status } = await waitForStatus(({ retryNumber = 0 }) => retryNumber > 1)
    assert.partialDeepStrictEqual(status, {
      cacheState: 'pending',
      ready: false,
      error: 'Failed to cache plugin',
    })
    assert.match(status?.retryAt ?? '', /^2\d{3}-.*Z$/)
    assert.partialDeepStrictEqual(await index(), { shop: { CacheState: 'pending', Ready: false } })
    assert.deepEqual(await file('shop/1.0.1/plugin/package.json'), [
      403,
      'url scheme [http] is not allowed, only https is permitted',
    ])
    assert.equal(logged[0], 'UIPlugin shop: package.json has version 1.0.0, spec.plugin.version 1.0.1')
    await patch({ version: '1.0.0' })
    const { status: later } = await waitForStatus(({ ready }) => ready === true)
    assert.partialDeepStrictEqual(later, { cacheState: 'cached', retryNumber: 0, observedGeneration: 2 })
    assert.equal(later?.retryAt, undefined)
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
  })

  it('tries again while the server is away', async () => {
    await put({ compressedEndpoint: `${url}/1.0.0.tgz` })
    await waitForStatus(({ error }) => error === 'Failed to cache plugin')
    assert.deepEqual(await file(script), [425, 'caching still in progress'])
    await serveArchive('1.0.0')
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
  })

  it('falls back from the archive to the files, and is content with them at the next attempt', async () => {
    served.set('/broken.tgz', 'not an archive')
    await put({ compressedEndpoint: `${url}/broken.tgz`, endpoint: serveFiles('1.0.0') })
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
    assert.deepEqual([asked.length, asked[0]], [6, '/broken.tgz'])
  })

  it('is ready but without files when the archive has another version', async () => {
    await put({ compressedEndpoint: await serveArchive('0.9.0') })
    await waitForStatus(({ ready }) => ready === true)
    // It finds no files of the right version, and fetches the archive once more.
    await until(
      'the second attempt',
      () => file(script),
      ([status]) => asked.length === 2 && status === 404,
    )
    assert.equal((await file('shop/0.9.0/plugin/package.json'))[0], 404)
  })

  it('replaces a version by the next one and forgets what is removed', async () => {
    await put({ compressedEndpoint: await serveArchive('1.0.0') })
    await waitForStatus(({ ready }) => ready === true)
    await patch({ version: '1.1.0', compressedEndpoint: await serveArchive('1.1.0') })
    await waitForStatus(({ ready, observedGeneration }) => ready === true && observedGeneration === 2)
    assert.deepEqual(await file('shop/1.1.0/plugin/shop-1.1.0.umd.min.js'), [200, "shop('1.1.0')"])
    assert.equal((await file(script))[0], 404)
    await plane.admin.delete(`${collection}/shop`)
    await waitForIndex([])
    assert.equal((await file('shop/1.1.0/plugin/package.json'))[0], 404)
  })

  it('reaches Services by the addresses it was given, and nothing else', async () => {
    const compressedEndpoint = 'http://shop-ui.shop.svc:8080/1.0.0.tgz'
    await serveArchive('1.0.0')
    await put({ compressedEndpoint })
    await waitForStatus(({ error }) => error === 'Failed to cache plugin')
    assert.deepEqual(asked, [])
    assert.match(logged[0] ?? '', /shop-ui\.shop\.svc:8080 is neither a Service .* nor on loopback/)
    services.set('http://shop-ui.shop:8080', url)
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual(asked, ['/1.0.0.tgz'])
  })

  it('does not proxy: without a cache there is nothing', async () => {
    await put({ endpoint: serveFiles('1.0.0'), noCache: true })
    const { status } = await waitForStatus(({ observedGeneration }) => observedGeneration === 1)
    assert.equal(status?.cacheState, 'disabled')
    assert.deepEqual(asked, [])
    assert.equal((await file(script))[0], 403)
    assert.partialDeepStrictEqual(await index(), { shop: { noCache: true, CacheState: 'disabled' } })
  })

  it('keeps inside its folder', async () => {
    const cwd = await mkdtemp(join(folder, 'evil-'))
    await mkdir(join(cwd, '1.0.0', 'plugin'), { recursive: true })
    await symlink('/etc', join(cwd, '1.0.0', 'plugin', 'etc'))
    served.set('/link.tgz', await buffer(create({ cwd, gzip: true }, ['1.0.0'])))
    await writeFile(join(folder, 'outside'), 'x')
    served.set('/dots.tgz', await buffer(create({ cwd, gzip: true, preservePaths: true }, ['../outside'])))
    served.set('/1.0.0/plugin/package.json', JSON.stringify({ version: '1.0.0' }))
    served.set('/1.0.0/files.txt', 'plugin/package.json\n.hidden')
    served.set('/1.0.0/.hidden', 'x')
    const compressedEndpoint = await serveArchive('1.0.0')
    for (const [entry, reason] of [
      [{ compressedEndpoint: `${url}/link.tgz` }, /etc is a SymbolicLink, not a file/],
      [{ compressedEndpoint: `${url}/dots.tgz` }, /path contains '\.\.'/],
      [{ endpoint: `${url}/1.0.0` }, /files\.txt: invalid entry \.hidden/],
      [{ compressedEndpoint, name: '../shop' }, /\.\.\/shop leads out/],
      [{ compressedEndpoint, name: '.' }, /\. leads out/],
    ] as const) {
      logged.length = 0
      await put(entry)
      await waitForStatus(({ error }) => error === 'Failed to cache plugin')
      assert.match(logged[0] ?? '', reason)
      await plane.admin.delete(`${collection}/shop`)
      await waitForIndex([])
    }
    await put({ compressedEndpoint })
    await waitForStatus(({ ready }) => ready === true)
    for (const path of [
      'shop/1.0.0/..%2f..%2f..%2fetc%2fpasswd',
      'shop/1.0.0/%2e%2e%2f%2e%2e',
      'shop/1.0.0/plugin',
    ]) {
      assert.equal((await file(path))[0], 404, path)
    }
  })

  it('goes on after the API server was away', async () => {
    await plane.restartApiServer()
    await put({ compressedEndpoint: await serveArchive('1.0.0') })
    await waitForStatus(({ ready }) => ready === true)
    assert.deepEqual(await file(script), [200, "shop('1.0.0')"])
  })
})
