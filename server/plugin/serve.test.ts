// The mode `serve-plugin` as a real process, asked as Rancher's plugin controller asks.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeBundle } from '../../test/fakes/plugin/bundle.ts'
import { mustStart, startPluginProcess, type PluginProcess } from '../../test/fakes/plugin/process.ts'
import { unpackAsRancher } from '../../test/fakes/plugin/unpack.ts'

/** Prints each of our modules and each package that is loaded. */
const tellModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({ load: (url, context, next) => {
    if (url.startsWith('file:')) process.stderr.write('loads ' + url + '\\n')
    return next(url, context)
  } })`)}`

describe('serve-plugin', () => {
  let work: string
  let stem: string
  let server: PluginProcess
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'serve-plugin-'))
    stem = await writeBundle(work)
    server = await mustStart({ env: { PLUGIN_FOLDER: work }, nodeArgs: ['--import', tellModules] })
  })
  after(async () => {
    await server?.stop()
    await rm(work, { recursive: true, force: true })
  })

  const get = (path: string, options?: RequestInit) => fetch(server.origin + path, options)

  it('is healthy, and ready with the bundle’s name', async () => {
    assert.equal((await get('/healthz')).status, 200)
    const ready = await get('/readyz')
    assert.equal(ready.status, 200)
    assert.deepEqual(await ready.json(), {
      ready: true,
      checks: [{ name: 'bundle', ok: true, detail: 'sample 1.2.3, 6 files' }],
    })
    assert.match(server.output(), /"bundle":"sample-1\.2\.3","msg":"started"/)
  })

  it('gives the archive as it lies there, which Rancher can unpack', async () => {
    const answer = await get(`/plugin/${stem}.tgz`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/gzip')
    assert.equal(answer.headers.get('content-encoding'), null)
    const archive = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.headers.get('content-length'), String(archive.length))
    const files = await unpackAsRancher(archive, '1.2.3')
    const listed = (await (await get(`/plugin/${stem}/files.txt`)).text()).split('\n').filter(Boolean)
    assert.deepEqual([...files.keys()].sort(), ['files.txt', ...listed].sort())
    for (const path of listed) {
      const single = await get(`/plugin/${stem}/${path}`)
      assert.deepEqual(Buffer.from(await single.arrayBuffer()), files.get(path), path)
    }
  })

  it('says what each file is, and that it may be kept but must be asked for', async () => {
    for (const [path, type] of [
      ['files.txt', 'text/plain; charset=utf-8'],
      ['plugin/package.json', 'application/json; charset=utf-8'],
      [`plugin/${stem}.umd.min.js`, 'text/javascript; charset=utf-8'],
      ['plugin/img/mark.1a2b3c4d.svg', 'image/svg+xml'],
    ] as const) {
      const { headers } = await get(`/plugin/${stem}/${path}`)
      assert.equal(headers.get('content-type'), type, path)
      assert.equal(headers.get('cache-control'), 'no-cache')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
    }
  })

  it('answers HEAD with the same headers, and 304 to who has it', async () => {
    const path = `/plugin/${stem}/plugin/${stem}.umd.min.js`
    const full = await get(path)
    const size = (await full.arrayBuffer()).byteLength
    const head = await get(path, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-length'), String(size))
    assert.equal(head.headers.get('etag'), full.headers.get('etag'))
    assert.equal((await head.arrayBuffer()).byteLength, 0)
    // Without a Cache-Control of ours fetch adds `no-cache`, which asks for the whole answer.
    const ask = (etag: string | null) =>
      get(path, { headers: { 'If-None-Match': String(etag), 'Cache-Control': 'max-age=0' } })
    assert.equal((await ask(full.headers.get('etag'))).status, 304)
    assert.equal((await ask('"else"')).status, 200)
    assert.equal((await get(path, { method: 'DELETE' })).status, 405)
  })

  it('has nothing but the files that it found, however the path is written', async () => {
    for (const path of [
      '/',
      '/plugin/',
      `/plugin/${stem}`,
      `/plugin/${stem}/plugin/`,
      '/plugin/sample-9.9.9.tgz',
      '/plugin/sample-9.9.9/files.txt',
      '/plugin/../package.json',
      '/plugin/..%2f..%2fetc/passwd',
      `/plugin/${stem}/../../../../etc/passwd`,
      `/plugin//${stem}.tgz`,
      '/plugin/constructor',
      '/__proto__',
    ]) {
      const { status, text } = await getRaw(server.origin, path)
      assert.equal(status, 404, path)
      // What Rancher would take for the first line of files.txt must be a name that it refuses.
      assert.match(text, /^\/plugin\/ has no such file/, path)
      assert.ok(text.length < 200)
    }
  })

  it('loads neither the controller nor a cloud nor a Kubernetes client', () => {
    const loaded = [...server.output().matchAll(/^loads (.*)$/gm)].map(([, url = '']) => url)
    assert.ok(loaded.some((url) => url.endsWith('/server/plugin/server.ts')))
    const [foreign] = loaded.filter((url) =>
      /\/server\/(controller|kube|providers|api|server\.ts)|@aws-sdk|@smithy|client-node|undici|prom-client/.test(
        url,
      ),
    )
    assert.equal(foreign, undefined)
  })

  it('says in /readyz and in the log why there is nothing to serve', async () => {
    const empty = await mkdtemp(join(work, 'empty-'))
    const bare = await mustStart({ env: { PLUGIN_FOLDER: empty } })
    const ready = await fetch(`${bare.origin}/readyz`)
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /"ok":false,"detail":"There is no bundle in .*\.tgz is missing\."/)
    assert.equal((await fetch(`${bare.origin}/healthz`)).status, 200)
    assert.equal((await fetch(`${bare.origin}/plugin/${stem}.tgz`)).status, 404)
    assert.equal(await bare.stop(), 0)
    assert.match(bare.output(), /"level":"error".*there is no bundle to serve/)
  })

  it('stops in order when it is asked to', async () => {
    const own = await mustStart({ env: { PLUGIN_FOLDER: work, LOG_LEVEL: 'debug' } })
    assert.equal((await fetch(`${own.origin}/plugin/${stem}.tgz`)).status, 200)
    assert.equal(await own.stop(), 0)
    assert.match(own.output(), /"reason":"SIGTERM","msg":"stopping"/)
  })

  it('ends with exit code 2 on a wrong configuration, naming the remedy', async () => {
    const wrong = { HTTP_PORT: 'http', PLUGIN_FOLDER: join(work, 'none') }
    const ended = await startPluginProcess({ env: wrong, args: ['now'] })
    assert.ok(!('origin' in ended))
    assert.equal(ended.code, 2)
    assert.match(ended.output, /HTTP_PORT is "http": must be a whole number/)
    assert.match(ended.output, /PLUGIN_FOLDER .*: there is no such folder/)
    assert.match(ended.output, /serve-plugin is "now": takes no further arguments/)
  })
})

/** fetch would tidy the path up first. */
function getRaw(origin: string, path: string): Promise<{ status: number | undefined; text: string }> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path }, async (answer) => {
      let text = ''
      for await (const part of answer.setEncoding('utf8')) text += part
      resolve({ status: answer.statusCode, text })
    })
    call.on('error', reject).end()
  })
}
