// What the image holds: no package beside the bundle, and clouds and pages load only when they are wanted.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { bundleServer } from './bundle.ts'

const root = join(import.meta.dirname, '../..')
/** A name on the wire that stands in the SDK's client and nowhere else. */
const sdkMark = 'AmazonEC2ContainerRegistry'

/** Prints the files of the bundle that were loaded, when the process ends. */
const recorder = `
import { registerHooks } from 'node:module'
const seen = []
registerHooks({ load: (url, context, next) => (url.startsWith('file:') && seen.push(url), next(url, context)) })
process.once('exit', () => console.log('loaded ' + JSON.stringify(seen)))
`
const kubeconfig = `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:9', insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { token: t } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
`

describe('the bundle', () => {
  let folder: string
  let texts: Map<string, string>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundle-'))
    const { files } = await bundleServer(root, join(folder, 'app'), '0.0.0')
    const read = async (file: string) => [file, await readFile(join(folder, 'app', file), 'utf8')] as const
    texts = new Map(await Promise.all(files.map(read)))
    await writeFile(join(folder, 'recorder.mjs'), recorder)
    await writeFile(join(folder, 'kubeconfig'), kubeconfig)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** Starts the server as far as it comes without a cluster. @returns the loaded files, as `bundleServer` names them */
  async function loadedBy(args: readonly string[]): Promise<string[]> {
    const hook = ['--import', join(folder, 'recorder.mjs')]
    const env = { HTTP_PORT: '0', METRICS_PORT: '0' }
    const ended = promisify(execFile)(process.execPath, [...hook, join(folder, 'app/server.mjs'), ...args], {
      env,
    })
    const { stdout } = await ended.catch((error: { stdout: string }) => error) // without a cluster it gives up
    const [, json = '[]'] = /^loaded (.*)$/m.exec(stdout) ?? []
    const app = join(folder, 'app/')
    const paths = (JSON.parse(json) as string[]).map((url) => fileURLToPath(url))
    return paths.filter((path) => path.startsWith(app)).map((path) => path.slice(app.length))
  }

  it('needs nothing but Node', () => {
    for (const [file, text] of texts) {
      const imports = text.matchAll(
        /(?:^|[;}\s])(?:import|export)\b[^'"()]*?from\s*"([^"]+)"|import\("([^"]+)"\)/g,
      )
      for (const [, from, later] of imports) {
        const name = from ?? later ?? ''
        assert.ok(isBuiltin(name) || name.startsWith('.'), `${file} imports ${name}`)
      }
    }
  })

  it('loads the AWS SDK only when an AWS registry asks for it', async () => {
    const holders = [...texts].filter(([, text]) => text.includes(sdkMark)).map(([file]) => file)
    assert.ok(holders.length > 0, 'the SDK is nowhere in the bundle')
    const loaded = await loadedBy(['--kubeconfig', join(folder, 'kubeconfig'), '--context', 'x'])
    assert.ok(loaded.length > 3, `only ${loaded.join(', ')} was loaded: the server did not start`)
    assert.deepEqual(
      holders.filter((file) => loaded.includes(file)),
      [],
    )
  })

  it('holds no models of Kubernetes kinds, and of undici only what is used', () => {
    for (const [file, text] of texts)
      for (const mark of ['V1PersistentVolumeClaim', 'MockAgent', 'websocket.org'])
        assert.ok(!text.includes(mark), `${file} holds ${mark}`)
  })
})
