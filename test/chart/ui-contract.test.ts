// Chart, bundle and server mode say the same: names, versions, addresses, settings.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadPluginConfig, pluginMode } from '../../server/plugin/config.ts'
import { writeBundle } from '../fakes/plugin/bundle.ts'
import { mustStart, type PluginProcess } from '../fakes/plugin/process.ts'
import { unpackAsRancher } from '../fakes/plugin/unpack.ts'
import { find, type Rendered } from './render.ts'
import { pluginEntry, podTemplate, readChartFile, renderUi, uiNamespace, uiRelease } from './ui-chart.ts'

interface PackageJson {
  name: string
  version: string
  description: string
  rancher: { annotations: Record<string, string> }
}
interface Chart {
  name: string
  version: string
  appVersion: string
  kubeVersion: string
  annotations: Record<string, string>
}

const root = join(import.meta.dirname, '../..')
const readJson = async <T>(path: string) => JSON.parse(await readFile(join(root, path), 'utf8')) as T

describe("the page's chart", () => {
  let objects: Rendered[]
  let chart: Chart
  let extension: PackageJson
  before(async () => {
    objects = await renderUi()
    chart = await readChartFile('Chart.yaml')
    extension = await readJson('pkg/token-registries/package.json')
  })

  it('has the version of the bundle, of the backend and of the image, which is one', async () => {
    const { name, version } = pluginEntry(objects)
    assert.deepEqual([name, version], [extension.name, extension.version])
    assert.deepEqual([chart.version, chart.appVersion], [version, version])
    const { version: whole } = await readJson<PackageJson>('package.json')
    assert.equal(version, whole, 'the image is tagged with the version of the repository')
  })

  it("carries the extension's annotations, and hands all of its own to the Dashboard", () => {
    for (const [key, value] of Object.entries(extension.rancher.annotations)) {
      assert.equal(chart.annotations[key], value, key)
    }
    assert.deepEqual(pluginEntry(objects).metadata, chart.annotations)
    assert.equal(chart.kubeVersion, chart.annotations['catalog.cattle.io/kube-version'])
  })

  it('is an extension to Rancher: found, installed in its place, loaded for those who are logged in', () => {
    const annotation = (name: string) => chart.annotations[`catalog.cattle.io/${name}`]
    assert.equal(annotation('ui-component'), 'plugins')
    assert.equal(annotation('scope'), 'management')
    assert.equal(annotation('namespace'), uiNamespace)
    assert.equal(annotation('release-name'), chart.name)
    assert.equal(annotation('certified'), undefined, 'nobody at Rancher has certified it')
    // What a host checks before it loads anything (shell/config/uiplugins.js).
    assert.equal(annotation('ui-extensions-version'), '>= 3.0.0 < 4.0.0')
    const { noAuth, noCache } = pluginEntry(objects)
    // Uncached, Rancher would only take https from public addresses.
    assert.deepEqual([noAuth, noCache], [false, false])
    const plugin = objects.find(({ kind }) => kind === 'UIPlugin')!
    assert.equal(plugin.apiVersion, 'catalog.cattle.io/v1')
    // Rancher keeps its index by the one name and looks the state up by the other.
    assert.equal(plugin.metadata.name, pluginEntry(objects).name)
  })

  it('has no rights and asks for none', () => {
    const kinds = objects.map(({ kind }) => kind).sort()
    assert.deepEqual(kinds, [
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
      'UIPlugin',
    ])
    assert.ok(objects.every(({ metadata }) => metadata.namespace === uiNamespace))
    const { spec } = podTemplate(objects)
    assert.equal(spec.serviceAccountName, find(objects, 'ServiceAccount', uiRelease).metadata.name)
    assert.equal(spec.automountServiceAccountToken, false)
    assert.equal(find(objects, 'ServiceAccount', uiRelease).automountServiceAccountToken, false)
    assert.equal(spec.volumes, undefined)
    assert.doesNotMatch(JSON.stringify(spec), /secretKeyRef|configMapKeyRef|hostPath|projected|envFrom/)
    const { policyTypes, ingress, egress } = find(objects, 'NetworkPolicy', uiRelease).spec
    assert.deepEqual(policyTypes, ['Ingress', 'Egress'])
    assert.deepEqual(ingress, [{ ports: [{ port: 8080, protocol: 'TCP' }] }])
    assert.deepEqual(egress, [])
  })

  it('selects its own pods, and only those of the version that the addresses name', async () => {
    const matches = (selector: Record<string, string>, { metadata }: Rendered) =>
      Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value)
    const stubborn = { 'app.kubernetes.io/version': 'x', 'app.kubernetes.io/component': 'x', own: 'x' }
    for (const values of [{}, { podLabels: stubborn }]) {
      const rendered = await renderUi(values)
      const pod = podTemplate(rendered)
      const { selector } = find(rendered, 'Service', uiRelease).spec
      assert.ok(matches(selector, pod))
      assert.equal(selector['app.kubernetes.io/version'], pluginEntry(rendered).version)
      for (const kind of ['Deployment', 'PodDisruptionBudget']) {
        assert.ok(matches(find(rendered, kind, uiRelease).spec.selector.matchLabels, pod), kind)
      }
      assert.ok(matches(find(rendered, 'NetworkPolicy', uiRelease).spec.podSelector.matchLabels, pod))
      // The backend's Service and policies must not take these pods for their own.
      assert.ok(!matches({ 'app.kubernetes.io/component': 'server' }, pod))
    }
  })

  it('sets what the mode reads', async () => {
    const rendered = await renderUi({ logLevel: 'debug' })
    const { args, command, env } = podTemplate(rendered).spec.containers[0] as {
      args: string[]
      command: string[]
      env: { name: string; value: string }[]
    }
    assert.deepEqual([...command, ...args], ['/nodejs/bin/node', '/app/server.mjs', pluginMode])
    const config = loadPluginConfig({
      env: { ...Object.fromEntries(env.map((one) => [one.name, one.value])), KUBERNETES_SERVICE_HOST: 'x' },
      argv: args,
      defaultFolder: '/app/plugin',
    })
    const expected = { httpHost: undefined, httpPort: 8080, logLevel: 'debug', folder: '/app/plugin' }
    assert.deepEqual(config, expected)
  })
})

describe('the addresses in the UIPlugin', () => {
  let tree: string
  let server: PluginProcess
  let objects: Rendered[]
  before(async () => {
    tree = await mkdtemp(join(tmpdir(), 'ui-contract-'))
    const { name, version } = await readJson<PackageJson>('pkg/token-registries/package.json')
    await writeBundle(tree, { name, version })
    server = await mustStart({ env: { PLUGIN_FOLDER: tree } })
    objects = await renderUi()
  })
  after(async () => {
    await server?.stop()
    await rm(tree, { recursive: true, force: true })
  })

  /** Goes from an address to the process as cluster DNS, Service and pod would. */
  function reach(address: string): Promise<Response> {
    const { protocol, hostname, port, pathname } = new URL(address)
    const [service = '', namespace, ...rest] = hostname.split('.')
    assert.deepEqual([protocol, namespace, ...rest], ['http:', uiNamespace, 'svc'])
    const found = find(objects, 'Service', service).spec.ports.find(
      (each: { port: number }) => String(each.port) === port,
    ) as { targetPort: string }
    const { ports, env } = podTemplate(objects).spec.containers[0]
    const target = ports.find((each: { name: string }) => each.name === found.targetPort)
    const listens = env.find((each: { name: string }) => each.name === 'HTTP_PORT')
    assert.equal(String(target.containerPort), listens.value)
    return fetch(server.origin + pathname)
  }

  it('lead to the archive, whose root is the version', async () => {
    const { compressedEndpoint, name, version } = pluginEntry(objects)
    const answer = await reach(compressedEndpoint)
    assert.equal(answer.status, 200)
    const files = await unpackAsRancher(Buffer.from(await answer.arrayBuffer()), version)
    // The path that the Dashboard asks Rancher for.
    assert.ok(files.has(`plugin/${name}-${version}.umd.min.js`), [...files.keys()].join())
  })

  it('lead to the single files, should the archive fail', async () => {
    const { endpoint, version } = pluginEntry(objects)
    const about = (await (await reach(`${endpoint}/plugin/package.json`)).json()) as PackageJson
    assert.equal(about.version, version)
    const listed = await (await reach(`${endpoint}/files.txt`)).text()
    for (const path of listed.split('\n').filter(Boolean)) {
      assert.equal((await reach(`${endpoint}/${path}`)).status, 200, path)
    }
  })

  it('are what readiness is about: an image with another page never counts', async () => {
    const { readinessProbe, livenessProbe, startupProbe } = podTemplate(objects).spec.containers[0]
    const probe = async (path: string) => (await fetch(server.origin + path)).status
    assert.equal(await probe(readinessProbe.httpGet.path), 200)
    assert.equal(await probe(livenessProbe.httpGet.path), 200)
    assert.equal(await probe(startupProbe.httpGet.path), 200)
    assert.ok(pluginEntry(objects).endpoint.endsWith(readinessProbe.httpGet.path.replace('/files.txt', '')))
    const other = await mkdtemp(join(tree, 'other-'))
    await writeBundle(other, { name: pluginEntry(objects).name, version: '9.9.9' })
    const wrong = await mustStart({ env: { PLUGIN_FOLDER: other } })
    assert.equal((await fetch(wrong.origin + readinessProbe.httpGet.path)).status, 404)
    assert.equal((await fetch(wrong.origin + livenessProbe.httpGet.path)).status, 200)
    await wrong.stop()
  })
})
