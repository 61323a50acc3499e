// The mode `serve-plugin` run from the image's file system, as the page's chart says.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { environment } from '../../scripts/image/oci.ts'
import { pluginEntry, podTemplate, renderUi, type PluginEntry } from '../chart/ui-chart.ts'
import { unpackAsRancher } from '../fakes/plugin/unpack.ts'
import { startContainer, type Container } from './container.ts'

const root = join(import.meta.dirname, '../..')

interface ContainerSpec {
  command: string[]
  args: string[]
  env: { name: string; value: string }[]
  readinessProbe: { httpGet: { path: string } }
}

describe('the page in the image', () => {
  let work: string
  let container: Container
  let origin: string
  let plugin: PluginEntry
  let spec: ContainerSpec
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'image-page-'))
    await chmod(work, 0o755)
    const rootfs = join(work, 'rootfs')
    await promisify(execFile)(process.execPath, ['scripts/image.ts', '--rootfs', rootfs], { cwd: root })
    const objects = await renderUi()
    plugin = pluginEntry(objects)
    spec = podTemplate(objects).spec.containers[0] as ContainerSpec
    const fromImage = environment.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])
    const fromChart = spec.env.map(({ name, value }) => [name, value] as const)
    container = await startContainer({
      rootfs,
      work: join(work, 'root'),
      mounts: {},
      command: [...spec.command, ...spec.args],
      env: { ...Object.fromEntries([...fromImage, ...fromChart]), HTTP_PORT: '0' },
    })
    const [line] = await container.waitFor(/^.*"msg":"started".*$/m)
    origin = `http://127.0.0.1:${(JSON.parse(line) as { httpPort: number }).httpPort}`
  })
  after(async () => {
    container?.process.kill('SIGKILL')
    await rm(work, { recursive: true, force: true })
  })

  const get = (address: string) => fetch(origin + new URL(address, origin).pathname)

  it('is ready by the probe of the chart', async () => {
    assert.equal((await get(spec.readinessProbe.httpGet.path)).status, 200)
    assert.equal((await get('/readyz')).status, 200)
  })

  it('gives Rancher an archive that it can unpack, with the files that the Dashboard asks for', async () => {
    const answer = await get(plugin.compressedEndpoint)
    assert.equal(answer.status, 200)
    const files = await unpackAsRancher(Buffer.from(await answer.arrayBuffer()), plugin.version)
    const entry = files.get(`plugin/${plugin.name}-${plugin.version}.umd.min.js`)
    assert.ok(entry && entry.length > 10_000, 'the entry file is small: is it the real bundle?')
    const about = JSON.parse(String(files.get('plugin/package.json'))) as Record<string, unknown>
    assert.deepEqual([about['name'], about['version']], [plugin.name, plugin.version])
    for (const path of files.keys()) assert.doesNotMatch(path, /\.map$|report\.html$/)
    const listed = await (await get(`${plugin.endpoint}/files.txt`)).text()
    assert.equal(listed, String(files.get('files.txt')))
    for (const path of listed.split('\n').filter(Boolean)) {
      const single = await get(`${plugin.endpoint}/${path}`)
      assert.ok(Buffer.from(await single.arrayBuffer()).equals(files.get(path)!), path)
    }
  })

  it('runs as user 65532 without privileges on a root that cannot be written', async () => {
    const status = await readFile(`/proc/${container.process.pid}/status`, 'utf8')
    if (process.getuid?.() === 0) assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    const mounts = await readFile(`/proc/${container.process.pid}/mountinfo`, 'utf8')
    const rootMount = mounts.split('\n').find((line) => line.split(' ')[4] === '/')
    assert.match(String(rootMount?.split(' ')[5]), /^ro/)
  })

  it('takes less memory than the server, for it loads no controller', async () => {
    const status = await readFile(`/proc/${container.process.pid}/status`, 'utf8')
    const megabytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
    assert.ok(megabytes < 95, `${megabytes} MiB`) // measured: about 72; the server: about 105
  })

  it('stops in order', async () => {
    assert.equal(await container.stop(), 0, container.output())
  })
})
