// From the chart and server of the fixtures to those of this checkout: nothing is lost, and nobody upstream is asked.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startFakeAws, type FakeAws } from '../fakes/aws/index.ts'
import {
  createKeys,
  isReady,
  registries,
  startServer,
  untilStatus,
  type RegistryView,
  type ServerProcess,
} from '../integration/harness.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { crdNames, installChart } from './install.ts'
import { corePath, group } from './objects.ts'
import { oldChart, startOldServer } from './old-release.ts'
import { makeNamespace } from './people.ts'
import { find, render } from './render.ts'

const home = 'token-registries-system'
const served = ['served-1', 'served-2', 'served-3', 'served-4']
const crdPath = (name: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`

/** What an upgrade must leave as it is, byte by byte: with their resourceVersion, so not even written once more. */
const untouched = [
  corePath('shop', 'secrets', 'team'),
  corePath('shop', 'serviceaccounts', 'default'),
  ...served.map((namespace) => corePath(namespace, 'secrets', 'central')),
  corePath(home, 'secrets', 'token-registries-state'),
]
const customResources = [registries.path('shop', 'team'), registries.clusterPath('central')]

interface Crd extends KubeObject {
  spec: { versions: { schema: unknown }[] }
}

describe('an upgrade of chart and server', () => {
  let cp: ControlPlane
  let aws: FakeAws
  let values: Record<string, unknown>
  let oldServer: ServerProcess
  const servers: ServerProcess[] = []

  before(async () => {
    ;[cp, aws] = await Promise.all([startControlPlane(), startFakeAws()])
    values = { policy: { allowedEndpoints: [new URL(aws.endpoint).host] } }
    const chart = await installChart(cp, { chart: oldChart, values })
    const { accessKeyId, secretAccessKey } = aws.world.addUser({ name: 'puller' })
    for (const name of ['shop', ...served]) await makeNamespace(cp, name)
    for (const namespace of ['shop', home]) await createKeys(cp, namespace, { accessKeyId, secretAccessKey })
    oldServer = await startOldServer(cp, chart)
    servers.push(oldServer)
    const team = registries.ecr('shop', 'team', { aws }, { serviceAccounts: { attach: 'Default' } })
    await cp.admin.create(registries.path('shop'), team)
    await cp.admin.create(registries.clusterPath(), {
      apiVersion: `${group}/v1alpha1`,
      kind: 'ClusterTokenRegistry',
      metadata: { name: 'central' },
      spec: {
        ...(registries.ecr('x', 'y', { aws }).spec as Record<string, unknown>),
        namespaces: { names: ['served-*'], trustLabelsAndNames: true },
      },
    })
    for (const path of customResources) await untilStatus(cp, path, 'ready', isReady)
    await cp.admin.waitFor<{ imagePullSecrets?: object[] }>(
      corePath('shop', 'serviceaccounts', 'default'),
      ({ imagePullSecrets }) => imagePullSecrets?.length === 1,
    )
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await Promise.all([cp?.stop(), aws?.close()])
  })

  it('keeps every Secret and registry, upgrades the CRDs in place, and asks nobody upstream', async () => {
    const read = (paths: string[]) => Promise.all(paths.map((path) => cp.admin.get<KubeObject>(path)))
    const [before, registriesBefore] = await Promise.all([read(untouched), read(customResources)])
    const crdsBefore = await read(crdNames.map(crdPath))
    const calls = aws.log.count('GetAuthorizationToken')
    assert.equal(calls, 1)

    // As the Deployment does it: the new pod is there before the old one goes.
    const chart = await installChart(cp, { values })
    const server = await startServer(cp, chart, { name: 'new' })
    servers.push(server)
    assert.equal(await oldServer.kill('SIGTERM'), 0)
    await server.line('this replica leads')
    await cp.admin.waitFor<{ status?: { leader: string } }>(
      `/apis/${group}/v1alpha1/tokenregistryservers/default`,
      ({ status }) => status?.leader === 'new',
    )
    // The new server works, with the password that the old one had.
    await makeNamespace(cp, 'served-new')
    await cp.admin.waitFor(corePath('served-new', 'secrets', 'central'), () => true)
    await untilStatus(
      cp,
      registries.clusterPath('central'),
      '5 of 5',
      (object) => object.status?.targets?.synced === 5,
    )

    assert.deepEqual(await read(untouched), before)
    assert.equal(aws.log.count('GetAuthorizationToken'), calls)
    const registriesAfter = await read(customResources)
    assert.deepEqual(registriesAfter.map(lasting), registriesBefore.map(lasting))
    assert.ok(registriesAfter.every((object) => isReady(object as RegistryView)))
    const rendered = await render(values)
    for (const [index, crd] of (await read(crdNames.map(crdPath))).entries()) {
      assert.equal(crd.metadata?.uid, crdsBefore[index]?.metadata?.uid)
      const wanted = find(rendered, 'CustomResourceDefinition', crd.metadata?.name) as unknown as Crd
      assert.deepEqual((crd as Crd).spec.versions[0]?.schema, wanted.spec.versions[0]?.schema)
    }
  })
})

/** What a registry must keep: what its author wrote, and since when the password lives. */
function lasting(object: RegistryView): unknown {
  const { uid, generation, creationTimestamp } = object.metadata ?? {}
  const { issuedAt, expiresAt, history } = object.status ?? {}
  return { uid, generation, creationTimestamp, spec: object['spec'], issuedAt, expiresAt, history }
}
