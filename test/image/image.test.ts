import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { build as esbuild } from 'esbuild'
import { readBundle } from '../../server/plugin/bundle.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Descriptor {
  digest: string
  size: number
}

describe('the image', () => {
  let work: string
  let layout: string
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'image-'))
    layout = join(work, 'image')
    await Promise.all([build(work), build(join(work, 'again'))]) // at once: sources may be edited meanwhile
  })
  after(() => rm(work, { recursive: true, force: true }))

  const build = (out: string) =>
    run(process.execPath, ['scripts/image.ts', '--out', out], {
      cwd: root,
      env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000', SOURCE_REVISION: 'test' },
    })
  const json = async (path: string) => JSON.parse(await readFile(join(layout, path), 'utf8')) as never
  const blob = async ({ digest, size }: Descriptor) => {
    const body = await readFile(join(layout, 'blobs', digest.replace(':', '/')))
    assert.equal(body.length, size)
    assert.equal(`sha256:${createHash('sha256').update(body).digest('hex')}`, digest)
    return body
  }
  async function readImage() {
    const index: { manifests: Descriptor[] } = await json('index.json')
    assert.equal(index.manifests.length, 1)
    const manifest = JSON.parse((await blob(index.manifests[0]!)).toString()) as {
      config: Descriptor
      layers: Descriptor[]
    }
    const config = JSON.parse((await blob(manifest.config)).toString()) as {
      architecture: string
      created: string
      config: { User: string; Entrypoint: string[]; Env: string[]; ExposedPorts: object }
      rootfs: { diff_ids: string[] }
    }
    return { digest: index.manifests[0]!.digest, manifest, config, layer: await blob(manifest.layers[0]!) }
  }

  it('is a valid OCI layout whose digests and sizes are true', async () => {
    assert.deepEqual(await json('oci-layout'), { imageLayoutVersion: '1.0.0' })
    const { manifest, config, layer } = await readImage()
    assert.equal(manifest.layers.length, 1)
    const tarDigest = createHash('sha256').update(gunzipSync(layer)).digest('hex')
    assert.deepEqual(config.rootfs.diff_ids, [`sha256:${tarDigest}`])
    assert.equal(config.config.User, '65532:65532')
    assert.deepEqual(config.config.Entrypoint, ['/nodejs/bin/node', '/app/server.mjs'])
    assert.equal(config.created, '2023-11-14T22:13:20.000Z')
  })

  it('is the same again for the same sources and time', async () => {
    const again = join(work, 'again')
    assert.deepEqual(
      await readFile(join(again, 'image/index.json')),
      await readFile(join(layout, 'index.json')),
    )
  })

  it('unpacks, with all of it owned by root and nothing writable by others', async () => {
    const { manifest } = await readImage()
    const layer = join(layout, 'blobs', manifest.layers[0]!.digest.replace(':', '/'))
    const { stdout } = await run('tar', ['--numeric-owner', '-tvzf', layer])
    const lines = stdout.trim().split('\n')
    for (const line of lines) {
      assert.match(line, /^[d-][rwx-]{8}[xt-] 0\/0 /, line)
      if (!line.endsWith(' tmp/')) assert.doesNotMatch(line, /^.{5}w|^.{8}w|^.{3}s|^.{6}s/, line)
    }
    const inTar = lines.map((line) => line.split(/\s+/)[5]!.replace(/\/$/, ''))
    assert.deepEqual(inTar.sort(), (await everything(join(work, 'rootfs'))).sort())
  })

  it('lists what Docker asks for in its archive', async () => {
    const { stdout } = await run('tar', ['-tf', join(work, 'image.tar')])
    const [listed]: [{ Config: string; Layers: string[] }] = await json('manifest.json')
    for (const path of [listed.Config, ...listed.Layers, 'index.json', 'oci-layout', 'manifest.json']) {
      assert.ok(stdout.split('\n').includes(path), path)
    }
  })

  it('holds one program, its loader and libraries: no shell, no script, no package manager', async () => {
    const folder = join(work, 'rootfs')
    const programs: string[] = []
    for (const path of await everything(folder)) {
      const { mode, isFile } = await stat(join(folder, path)).then((found) => ({
        mode: found.mode,
        isFile: found.isFile(),
      }))
      if (!isFile) continue
      const beginning = await firstBytes(join(folder, path))
      assert.notEqual(beginning.subarray(0, 2).toString(), '#!', path)
      const isElf = beginning.equals(Buffer.from('\x7fELF', 'latin1'))
      if (isElf && !/\/lib[^/]+\.so(\.\d+)*$/.test(path)) programs.push(path)
      assert.equal((mode & 0o111) !== 0, programs.includes(path), `${path} ${mode.toString(8)}`)
    }
    assert.equal(programs.length, 2, programs.join())
    assert.match(programs.sort().join(), /^lib.*\/ld-linux-[^/]*,nodejs\/bin\/node$/)
  })

  it('trusts the public authorities that Node lists, not those of the machine that built it', async () => {
    const { rootCertificates } = await import('node:tls')
    const text = await readFile(join(work, 'rootfs/etc/ssl/certs/ca-certificates.crt'), 'utf8')
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, rootCertificates.length)
  })

  it('is described alike in the Dockerfile', async () => {
    const { config } = await readImage()
    const { User, Entrypoint, Env, ExposedPorts } = config.config
    const dockerfile = (await readFile(join(root, 'Dockerfile'), 'utf8')).split('FROM scratch')[1]!
    const ports = Object.keys(ExposedPorts).map((port) => port.replace('/tcp', ''))
    for (const line of [
      `ENV ${Env.map((each) => each.replace(/=(.* .*)$/, '="$1"')).join(' ')}`,
      `USER ${User}`,
      `EXPOSE ${ports.join(' ')}`,
      `ENTRYPOINT ${JSON.stringify(Entrypoint).replaceAll(',', ', ')}`,
    ]) {
      assert.ok(dockerfile.includes(`\n${line}\n`), line)
    }
  })

  it('names the licences of what it contains', async () => {
    const notices = await readFile(join(work, 'rootfs/app/NOTICES'), 'utf8')
    for (const name of [
      'koa ',
      'zod ',
      'pino ',
      '@kubernetes/client-node ',
      '@aws-sdk/client-ecr ',
      'Node.js v24',
      '@rancher/shell ', // compiled into the page
      'lodash ',
    ]) {
      assert.equal(notices.split(`====\n${name}`).length, 2, name)
    }
  })

  it('holds the page, as the server would serve it', async () => {
    const { version } = await readBundle(join(work, 'rootfs/app/plugin'))
    const { version: whole } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    assert.equal(version, whole)
  })
})

describe('the copy of Node’s licence', () => {
  it('is that of the Node in use', async (t) => {
    const own = join(root, `node_modules/node/node_modules/node-${process.platform}-${process.arch}/LICENSE`)
    const text = await readFile(own, 'utf8').catch(() => undefined)
    if (text === undefined) return t.skip('npm dropped the original; `npm ci` brings it')
    const copy = await readFile(join(root, 'scripts/image/node-license.txt.gz'))
    assert.equal(gunzipSync(copy).toString(), text)
  })
})

describe('the context that a container engine builds from', () => {
  it('has all that assembling needs', async () => {
    const { metafile } = await esbuild({
      absWorkingDir: root,
      entryPoints: ['scripts/image.ts'],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      write: false,
      metafile: true,
    })
    const needed = [
      ...Object.keys(metafile.inputs),
      'server/main.ts',
      'pkg/token-registries/index.ts',
      'vue.config.cjs',
      'babel.config.cjs',
    ]
    const lines = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n').filter(Boolean)
    for (const path of needed) {
      const matching = lines.filter((line) => `${path}/`.startsWith(`${line.replace(/^!/, '')}/`))
      assert.ok(matching.at(-1)?.startsWith('!') ?? true, `${path} is left out by .dockerignore`)
    }
  })
})

async function everything(folder: string, below = folder): Promise<string[]> {
  const entries = await readdir(below, { withFileTypes: true, recursive: true })
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
  await file.close()
  return buffer.subarray(0, bytesRead)
}
