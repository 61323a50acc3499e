// Nothing of ours holds up a deletion: namespace, registry, CRDs and chart may go in any order, without the server.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { crdNames, installChart, uninstallChart } from './install.ts'
import { clusterRegistryPath, clusterTokenRegistry, corePath, opaqueSecret, pullSecret } from './objects.ts'
import { registryPath, tokenRegistry } from './objects.ts'
import { makeNamespace } from './people.ts'
import { until } from './until.ts'

const home = 'token-registries-system'
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Each deletes its thing and waits until it is gone. */
const deletions = {
  namespace: (cp: ControlPlane) => gone(cp, '/api/v1/namespaces/shop'),
  registries: async (cp: ControlPlane) => {
    await gone(cp, registryPath('shop', 'pull'))
    await gone(cp, clusterRegistryPath('central'))
  },
  CRDs: (cp: ControlPlane) => Promise.all(crdNames.map((name) => gone(cp, `${crds}/${name}`))),
  chart: (cp: ControlPlane) => uninstallChart(cp),
  "server's namespace": (cp: ControlPlane) => gone(cp, `/api/v1/namespaces/${home}`),
}
type Deletion = keyof typeof deletions

/** Each comes first, last and in between. */
const orders: Deletion[][] = [
  ['namespace', 'registries', 'CRDs', 'chart'],
  ['registries', 'chart', 'namespace', 'CRDs'],
  ['CRDs', 'namespace', 'chart', 'registries'],
  ['chart', 'CRDs', 'registries', 'namespace'],
  ["server's namespace", 'namespace', 'registries', 'CRDs'],
]

describe('deletion in any order', () => {
  let cp: ControlPlane

  before(async () => {
    cp = await startControlPlane()
  })
  after(() => cp?.stop())

  for (const order of orders) {
    it(order.join(', then '), async () => {
      await installChart(cp)
      await fill(cp)
      for (const what of order) await deletions[what](cp)
      await assertNothingIsHeldUp(cp)
    })
  }
})

async function fill(cp: ControlPlane): Promise<void> {
  await makeNamespace(cp, 'shop')
  await cp.admin.create(corePath('shop', 'secrets'), opaqueSecret('keys'))
  await cp.admin.create(corePath('shop', 'secrets'), pullSecret('pull', { ours: true }))
  await cp.admin.create(registryPath('shop'), tokenRegistry('pull'))
  await cp.admin.create(clusterRegistryPath(), clusterTokenRegistry('central'))
}

/** A kind that went with its CRD counts as gone. */
async function gone(cp: ControlPlane, path: string): Promise<void> {
  const { status, body } = await cp.admin.request('DELETE', path)
  assert.ok(status < 300 || status === 404, `DELETE ${path}: ${JSON.stringify(body)}`)
  if (path.startsWith(crds)) await nudgeUntilGone(cp, path)
  else await cp.admin.waitUntilGone(path, { timeoutMs: 60_000 })
}

/**
 * The API server empties a CRD by a queue with growing pauses, and begins with a failure when the storage of the kind
 * is just being built: minutes can pass without anybody's fault. Any change of the CRD makes it try at once.
 */
async function nudgeUntilGone(cp: ControlPlane, path: string): Promise<void> {
  await until(`${path} to be gone`, async () => {
    const annotations = { 'testbed.example/nudge': String(Date.now()) }
    const headers = { 'content-type': 'application/merge-patch+json' }
    const { status } = await cp.admin.request('PATCH', path, { metadata: { annotations } }, headers)
    return status === 404 || undefined
  })
}

/** Strangers create and delete as ever, whatever is left of the chart. */
async function assertNothingIsHeldUp(cp: ControlPlane): Promise<void> {
  await makeNamespace(cp, 'stranger')
  await cp.admin.create(corePath('stranger', 'secrets'), opaqueSecret('a'))
  await cp.admin.patch(corePath('stranger', 'serviceaccounts', 'default'), {
    metadata: { labels: { a: 'b' } },
  })
  await gone(cp, '/api/v1/namespaces/stranger')
}
