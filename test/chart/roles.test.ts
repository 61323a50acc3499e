// Who may do what once the chart is installed: people by their standard roles, and the server itself.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { installChart, type InstalledChart } from './install.ts'
import { corePath, group, registryPath, tokenRegistry } from './objects.ts'
import { grant, makeNamespace, may, type Access, type Rule } from './people.ts'
import { render } from './render.ts'
import { until } from './until.ts'

const registries = (verb: string, namespace: string): Access => ({
  verb,
  group,
  resource: 'tokenregistries',
  namespace,
})

describe('roles of the chart', () => {
  let cp: ControlPlane
  let chart: InstalledChart
  let token: string

  before(async () => {
    cp = await startControlPlane()
    chart = await installChart(cp)
    token = await chart.serverToken()
    await makeNamespace(cp, 'shop')
    await makeNamespace(cp, 'other')
    await Promise.all([
      grant(cp, 'alice', 'admin', 'shop'),
      grant(cp, 'bob', 'edit', 'shop'),
      grant(cp, 'viewer', 'view', 'shop'),
    ])
    // The controller manager aggregates the roles.
    await until('aggregated roles', async () =>
      (await may(cp, 'viewer', registries('get', 'shop'))) ? true : undefined,
    )
  })
  after(() => cp?.stop())

  for (const user of ['alice', 'bob']) {
    it(`${user} (${user === 'alice' ? 'admin' : 'edit'}) may do everything with registries of that namespace only`, async () => {
      for (const verb of [
        'get',
        'list',
        'watch',
        'create',
        'update',
        'patch',
        'delete',
        'deletecollection',
      ]) {
        await until(`${verb}`, async () =>
          (await may(cp, user, registries(verb, 'shop'))) ? true : undefined,
        )
        assert.equal(await may(cp, user, registries(verb, 'other')), false, verb)
      }
      assert.equal(await may(cp, user, { ...registries('patch', 'shop'), subresource: 'status' }), false)
    })
  }

  it('viewer may look and nothing else', async () => {
    for (const verb of ['get', 'list', 'watch'])
      assert.ok(await may(cp, 'viewer', registries(verb, 'shop')), verb)
    for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection']) {
      assert.equal(await may(cp, 'viewer', registries(verb, 'shop')), false, verb)
    }
  })

  it('bob creates a registry for real, the viewer is refused, a stranger sees nothing', async () => {
    await cp.client('bob').create(corePath('shop', 'secrets'), { metadata: { name: 'keys' } })
    await cp.client('bob').create(registryPath('shop'), tokenRegistry('pull'))
    assert.equal((await cp.request('viewer', 'GET', registryPath('shop', 'pull'))).status, 200)
    assert.equal((await cp.request('viewer', 'POST', registryPath('shop'), tokenRegistry('x'))).status, 403)
    assert.equal((await cp.request('eve', 'GET', registryPath('shop'))).status, 403)
  })

  it('keeps ClusterTokenRegistries to cluster administrators and shows the server to everybody', async () => {
    for (const user of ['alice', 'bob', 'viewer', 'eve']) {
      assert.equal(await may(cp, user, { verb: 'list', group, resource: 'clustertokenregistries' }), false)
      assert.equal(await may(cp, user, { verb: 'list', group, resource: 'tokenregistryservers' }), true)
      assert.equal(await may(cp, user, { verb: 'create', group, resource: 'tokenregistryservers' }), false)
    }
    assert.equal(await may(cp, 'admin', { verb: 'create', group, resource: 'clustertokenregistries' }), true)
  })

  it('gives the server what it needs', async () => {
    for (const access of needed(chart.namespace)) {
      assert.equal(await may(cp, token, access), true, JSON.stringify(access))
    }
  })

  it('gives the server nothing more', async () => {
    for (const access of notNeeded(chart.namespace)) {
      assert.equal(await may(cp, token, access), false, JSON.stringify(access))
    }
  })

  it('lets the server ask for tokens only when the value says so', async () => {
    const tokens: Access = {
      verb: 'create',
      resource: 'serviceaccounts',
      subresource: 'token',
      namespace: 'shop',
    }
    assert.equal(await may(cp, token, tokens), false)
    const rules = rulesOf(await render({ rbac: { serviceAccountTokens: true } }))
    assert.ok(rules.some(({ resources = [] }) => resources.includes('serviceaccounts/token')))
  })

  it('has no wildcard, no impersonation and no right to give rights in any of its roles', async () => {
    const rules = rulesOf(await render({ rbac: { serviceAccountTokens: true } }))
    assert.ok(rules.length > 10)
    for (const rule of rules) {
      const words = [rule.apiGroups, rule.resources, rule.verbs].flatMap((list) => list ?? [])
      for (const word of ['*', 'impersonate', 'escalate', 'bind', 'roles', 'clusterroles', 'pods/exec']) {
        assert.ok(!words.includes(word), `${word} in ${JSON.stringify(rule)}`)
      }
    }
  })
})

function rulesOf(objects: Awaited<ReturnType<typeof render>>): Rule[] {
  return objects.flatMap(({ kind, rules }) => (/Role$/.test(kind) ? (rules as Rule[]) : []))
}

function needed(home: string): Access[] {
  const each = (verbs: string[], access: Omit<Access, 'verb'>) => verbs.map((verb) => ({ verb, ...access }))
  const watch = ['get', 'list', 'watch']
  return [
    ...each(watch, { group, resource: 'tokenregistries' }),
    ...each(watch, { group, resource: 'clustertokenregistries' }),
    ...each([...watch, 'create'], { group, resource: 'tokenregistryservers' }),
    ...['tokenregistries', 'clustertokenregistries', 'tokenregistryservers'].flatMap((resource) =>
      each(['patch', 'update'], { group, resource, subresource: 'status', namespace: 'shop' }),
    ),
    ...each(watch, { resource: 'namespaces' }),
    ...each([...watch, 'create', 'patch', 'update', 'delete'], { resource: 'secrets', namespace: 'shop' }),
    ...each([...watch, 'patch'], { resource: 'serviceaccounts', namespace: 'shop' }),
    ...each(['create', 'patch'], { resource: 'events', namespace: 'shop' }),
    ...each(['create', 'patch'], { group: 'events.k8s.io', resource: 'events', namespace: 'shop' }),
    ...each(['create'], { group: 'authentication.k8s.io', resource: 'tokenreviews' }),
    ...each(['create'], { group: 'authorization.k8s.io', resource: 'subjectaccessreviews' }),
    ...each(['get'], {
      group: 'apiextensions.k8s.io',
      resource: 'customresourcedefinitions',
      name: 'tokenregistries.tokenregistries.io',
    }),
    ...each(['create'], { group: 'coordination.k8s.io', resource: 'leases', namespace: home }),
    ...each(['get', 'update', 'watch', 'list'], {
      group: 'coordination.k8s.io',
      resource: 'leases',
      namespace: home,
      name: 'token-registries',
    }),
    ...each(watch, { resource: 'configmaps', namespace: home, name: 'token-registries-policy' }),
  ]
}

function notNeeded(home: string): Access[] {
  return [
    ...['create', 'update', 'patch', 'delete'].map((verb) => registries(verb, 'shop')),
    { verb: 'delete', group, resource: 'tokenregistryservers' },
    { verb: 'create', group, resource: 'clustertokenregistries' },
    { verb: 'deletecollection', resource: 'secrets', namespace: 'shop' },
    { verb: 'create', resource: 'serviceaccounts', namespace: 'shop' },
    { verb: 'delete', resource: 'serviceaccounts', namespace: 'shop' },
    { verb: 'update', resource: 'serviceaccounts', namespace: 'shop' },
    { verb: 'patch', resource: 'namespaces' },
    { verb: 'get', resource: 'pods', namespace: home },
    { verb: 'create', resource: 'pods', namespace: home },
    { verb: 'update', resource: 'configmaps', namespace: home, name: 'token-registries-policy' },
    { verb: 'get', resource: 'configmaps', namespace: 'shop', name: 'token-registries-policy' },
    { verb: 'create', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system' },
    { verb: 'impersonate', resource: 'users' },
    { verb: 'impersonate', resource: 'serviceaccounts', namespace: 'kube-system' },
    { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
    { verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
    { verb: 'bind', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
    { verb: 'delete', group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
    { verb: 'patch', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  ]
}
