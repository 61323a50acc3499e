// Install, upgrade and uninstall with the real helm on a real API server.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { chartFolder, crdNames, installChart, releaseName, uninstallChart } from './install.ts'
import type { InstalledChart } from './install.ts'
import { clusterRegistryPath, clusterTokenRegistry, corePath, pullSecret } from './objects.ts'
import { registryPath, tokenRegistry } from './objects.ts'
import { makeNamespace } from './people.ts'
import { find, render } from './render.ts'
import { until } from './until.ts'

interface Policies {
  items: {
    metadata: { name: string; generation: number }
    status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: unknown[] } }
  }[]
}

interface PodSpec {
  containers: { securityContext: Record<string, unknown> }[]
}

const home = 'token-registries-system'
const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const policyConfigMap = corePath(home, 'configmaps', 'token-registries-policy')

describe('the chart on a cluster', () => {
  let cp: ControlPlane
  let chart: InstalledChart

  before(async () => {
    cp = await startControlPlane()
    await makeNamespace(cp, home, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } })
    await makeNamespace(cp, 'shop')
    chart = await installChart(cp)
  })
  after(() => cp?.stop())

  it('installs, and its token is the one of the ServiceAccount that the policies follow', async () => {
    assert.deepEqual([chart.namespace, chart.serviceAccount], [home, 'token-registries'])
    const review = await cp
      .client(await chart.serverToken())
      .create<{ status: { userInfo: { username: string } } }>(
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      )
    const { username } = review.status.userInfo
    assert.equal(username, `system:serviceaccount:${home}:token-registries`)
    const { spec } = find(await render(), 'ValidatingAdmissionPolicy', 'token-registries-own-secrets')
    assert.deepEqual(
      (spec as { matchConditions: { expression: string }[] }).matchConditions.map((c) => c.expression),
      [`request.userInfo.username == '${username}'`],
    )
  })

  it('makes pods that a namespace with the restricted standard takes', async () => {
    const spec = find(await render(), 'Deployment').spec.template.spec as PodSpec
    const pod = (podSpec: PodSpec) => ({ metadata: { name: 'as-it-is' }, spec: podSpec })
    const path = `${corePath(home, 'pods')}?dryRun=All`
    assert.equal((await cp.request('admin', 'POST', path, pod(spec))).status, 201)
    const [container] = spec.containers
    const loose = {
      ...container,
      securityContext: { ...container?.securityContext, allowPrivilegeEscalation: true },
    }
    const refused = await cp.request<KubeObject>('admin', 'POST', path, pod({ ...spec, containers: [loose] }))
    assert.match(String(refused.body.message), /violates PodSecurity "restricted/)
    // The ReplicaSet controller has made the real ones meanwhile; there is no node to run them.
    await cp.admin.waitFor<{ items: unknown[] }>(corePath(home, 'pods'), ({ items }) => items.length === 2)
  })

  it('has policies without type warnings, also against our own kinds', async () => {
    // The types of our kinds may have come after the first check: a new generation is checked again.
    for (const { metadata } of (await cp.admin.get<Policies>(policies)).items) {
      const { spec } = await cp.admin.get<{ spec: { variables?: unknown[] } }>(`${policies}/${metadata.name}`)
      const variables = [...(spec.variables ?? []), { name: 'again', expression: 'true' }]
      await cp.admin.patch(`${policies}/${metadata.name}`, { spec: { variables } })
    }
    const checked = await cp.admin.waitFor<Policies>(policies, ({ items }) =>
      items.every(({ metadata, status }) => status?.observedGeneration === metadata.generation),
    )
    assert.equal(checked.items.length, 8)
    for (const { metadata, status } of checked.items) {
      assert.deepEqual(status?.typeChecking?.expressionWarnings ?? [], [], metadata.name)
    }
  })

  // kubernetes/kubernetes#130887: after an uninstall no policy of the cluster would find such a parameter again.
  it('has no policy with a parameter', async () => {
    for (const { kind, spec } of await render()) {
      if (kind === 'ValidatingAdmissionPolicy') assert.equal(spec.paramKind, undefined)
      if (kind === 'ValidatingAdmissionPolicyBinding') assert.equal(spec.paramRef, undefined)
    }
  })

  it('would show a type warning if there were one', async () => {
    const name = 'typo'
    const source = find(await render(), 'ValidatingAdmissionPolicy', 'token-registries-project')
    const { matchConstraints } = source.spec as { matchConstraints: unknown }
    const validations = [{ expression: 'object.spec.tarrget.project == ""' }]
    await cp.admin.create(policies, { metadata: { name }, spec: { matchConstraints, validations } })
    const { status } = await cp.admin.waitFor<Policies['items'][0]>(
      `${policies}/${name}`,
      (policy) => policy.status?.typeChecking !== undefined,
    )
    assert.match(JSON.stringify(status), /undefined field 'tarrget'/)
    await cp.admin.delete(`${policies}/${name}`)
  })

  it('refuses a second installation beside the first', async () => {
    await assert.rejects(
      cp.helm(['install', 'second', chartFolder, '--namespace', 'shop']),
      /cannot be imported|invalid ownership|exists/,
    )
  })

  it('upgrades the policy, and takes back values that are no longer given', async () => {
    await installChart(cp, { values: { policy: { allowedEndpoints: ['a.example.com:443'] } } })
    const data = async () => (await cp.admin.get<{ data: Record<string, string> }>(policyConfigMap)).data
    assert.equal((await data()).allowedEndpoints, 'a.example.com:443')
    await installChart(cp)
    assert.deepEqual(await data(), { 'serverIdentity.cluster': '*' })
  })

  it('keeps CRDs, registries and Secrets on uninstall, and a new installation takes them over', async () => {
    await cp.admin.create(corePath('shop', 'secrets'), pullSecret('keys'))
    await cp.admin.create(corePath('shop', 'secrets'), pullSecret('pull', { ours: true }))
    await cp.admin.create(registryPath('shop'), tokenRegistry('pull'))
    await cp.admin.create(clusterRegistryPath(), clusterTokenRegistry('central'))
    const kept = [
      ...crdNames.map((name) => `${crds}/${name}`),
      corePath('shop', 'secrets', 'pull'),
      registryPath('shop', 'pull'),
      clusterRegistryPath('central'),
    ]
    const uids = () => Promise.all(kept.map(async (path) => (await cp.admin.get(path)).metadata?.uid))
    const before = await uids()

    await uninstallChart(cp)
    assert.equal((await cp.admin.request('GET', policyConfigMap)).status, 404)
    assert.deepEqual((await cp.admin.get<Policies>(policies)).items, [])
    assert.deepEqual(await uids(), before)
    await until('registries that nobody limits any more', async () => {
      const free = await cp.admin.request('POST', `${registryPath('shop')}?dryRun=All`, tokenRegistry('free'))
      return free.status === 201 ? true : undefined
    })

    await installChart(cp)
    assert.deepEqual(await uids(), before)
  })

  it('leaves CRDs alone when it is told to', async () => {
    await installChart(cp, { values: { crds: { install: false } } })
    const { items } = await cp.admin.get<{ items: { metadata: { name: string } }[] }>(crds)
    for (const name of crdNames) assert.ok(items.some(({ metadata }) => metadata.name === name))
  })

  it('says in its notes what comes next', async () => {
    const notes = await cp.helm(['get', 'notes', releaseName, '--namespace', home])
    assert.match(notes, /kubectl get tokenregistryservers/)
    assert.match(notes, /No namespace may use the server's own cloud identity yet/)
  })
})
