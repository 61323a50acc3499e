// Install, upgrade and uninstall of the page's chart with the real helm on a real API server.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { managementCrds } from '../testbed/rancher-front/management-crds.ts'
import { corePath } from './objects.ts'
import { makeNamespace } from './people.ts'
import { installUiChart, pluginEntry, podTemplate, renderUi, uiChartFolder, uiNamespace } from './ui-chart.ts'
import { uiRelease } from './ui-chart.ts'

interface Pod extends KubeObject {
  spec: { volumes?: unknown[]; containers: { image: string; volumeMounts?: unknown[] }[] }
}

const plugins = `/apis/catalog.cattle.io/v1/namespaces/${uiNamespace}/uiplugins`
const pods = corePath(uiNamespace, 'pods')

describe("the page's chart on a cluster", () => {
  let cp: ControlPlane
  before(async () => {
    cp = await startControlPlane()
    await makeNamespace(cp, uiNamespace, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } })
  })
  after(() => cp?.stop())

  it('is refused where there is no Rancher, by a message that names the missing kind', async () => {
    await assert.rejects(installUiChart(cp), /no matches for kind "UIPlugin"/)
  })

  it('installs, and its pods pass the restricted standard', async () => {
    await cp.apply(
      managementCrds()
        .map((crd) => JSON.stringify(crd))
        .join('\n---\n'),
    )
    await installUiChart(cp)
    const { items } = await cp.admin.waitFor<{ items: Pod[] }>(pods, (list) => list.items.length === 2)
    for (const { spec } of items) {
      // The API server mounts a token unless it is told not to.
      assert.deepEqual([spec.volumes ?? [], spec.containers[0]?.volumeMounts ?? []], [[], []])
    }
    const { spec } = podTemplate(await renderUi())
    const [container] = spec.containers
    const securityContext = { ...container.securityContext, readOnlyRootFilesystem: false, capabilities: {} }
    const loose = {
      metadata: { name: 'loose' },
      spec: { ...spec, containers: [{ ...container, securityContext }] },
    }
    const refused = await cp.request<KubeObject>('admin', 'POST', `${pods}?dryRun=All`, loose)
    assert.match(String(refused.body.message), /violates PodSecurity "restricted/)
  })

  it('has a UIPlugin that Rancher’s schema takes to the last field', async () => {
    const objects = await renderUi()
    const plugin = pluginEntry(objects)
    const strict = `${plugins}?dryRun=All&fieldValidation=Strict`
    const copy = (spec: object) => ({
      apiVersion: 'catalog.cattle.io/v1',
      kind: 'UIPlugin',
      metadata: { name: 'copy' },
      spec: { plugin: spec },
    })
    const answer = await cp.request<KubeObject>('admin', 'POST', strict, copy(plugin))
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    const typo = copy({ ...plugin, compresedEndpoint: 'x' })
    assert.equal((await cp.request('admin', 'POST', strict, typo)).status, 400)
    const stored = await cp.admin.get<{ spec: { plugin: object } }>(`${plugins}/${plugin.name}`)
    assert.deepEqual(stored.spec.plugin, plugin)
  })

  it('gives its ServiceAccount no right at all', async () => {
    const user = { name: `system:serviceaccount:${uiNamespace}:${uiRelease}` }
    const ask = (verb: string, resource: string) =>
      cp.admin.create<{ status: { allowed: boolean } }>(
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { user: user.name, resourceAttributes: { verb, resource, namespace: uiNamespace } },
        },
      )
    for (const resource of ['secrets', 'pods', 'configmaps', 'namespaces']) {
      assert.equal((await ask('get', resource)).status.allowed, false, resource)
    }
    for (const kind of ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']) {
      const selector = `labelSelector=app.kubernetes.io/instance=${uiRelease}`
      const path = `/apis/rbac.authorization.k8s.io/v1/${kind}?${selector}`
      assert.deepEqual((await cp.admin.get<{ items: unknown[] }>(path)).items, [], kind)
    }
  })

  it('takes another image on upgrade', async () => {
    const digest = `sha256:${'1'.repeat(64)}`
    const cattle = { systemDefaultRegistry: 'registry.example.com' }
    await installUiChart(cp, { replicas: 1, image: { digest }, global: { cattle } })
    const path = `/apis/apps/v1/namespaces/${uiNamespace}/deployments/${uiRelease}`
    const { spec } = await cp.admin.get<{ spec: { template: Pod } }>(path)
    const image = `registry.example.com/token-registries/server@${digest}`
    assert.equal(spec.template.spec.containers[0]?.image, image)
  })

  it('says in its notes how to see that Rancher has it', async () => {
    const notes = await cp.helm(['get', 'notes', uiRelease, '--namespace', uiNamespace])
    assert.match(notes, /get uiplugin token-registries/)
  })

  it('is one: a second release beside it is refused', async () => {
    await assert.rejects(
      cp.helm(['install', 'second', uiChartFolder, '--namespace', uiNamespace]),
      /cannot be imported|invalid ownership|exists/,
    )
  })

  it('leaves nothing behind on uninstall', async () => {
    await cp.helm(['uninstall', uiRelease, '--namespace', uiNamespace])
    assert.deepEqual((await cp.admin.get<{ items: unknown[] }>(plugins)).items, [])
    const services = await cp.admin.get<{ items: unknown[] }>(corePath(uiNamespace, 'services'))
    assert.deepEqual(services.items, [])
  })
})
