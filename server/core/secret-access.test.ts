import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  attachRefusal,
  credentialScopes,
  mayCreateSecrets,
  pullSecretScopes,
  readRefusal,
  serviceAccountScopes,
  writeRefusal,
  type SecretAccess,
} from './secret-access.ts'

const home = 'token-registries-system'
const cluster: SecretAccess = { mode: 'cluster' }
const namespaces: SecretAccess = { mode: 'namespaces', namespaces: new Set(['shop', 'tools']) }
const named: SecretAccess = {
  mode: 'named',
  pullSecrets: new Set(['shop/pull']),
  credentials: new Set(['shop/keys', `${home}/central`]),
  serviceAccounts: new Set(['shop/default', 'shop/builder']),
}

describe('secret access', () => {
  it('looks at the whole cluster only where it is granted', () => {
    assert.deepEqual(pullSecretScopes(cluster), [{}])
    assert.deepEqual(credentialScopes(cluster, home), [{}])
    assert.deepEqual(pullSecretScopes(namespaces), [{ namespace: 'shop' }, { namespace: 'tools' }])
    assert.deepEqual(pullSecretScopes(named), [{ namespace: 'shop', name: 'pull' }])
    assert.deepEqual(serviceAccountScopes(named), [
      { namespace: 'shop', name: 'default' },
      { namespace: 'shop', name: 'builder' },
    ])
  })

  it("finds the keys of cluster registries in the server's namespace, once", () => {
    const scopes = (listed: string[]) =>
      credentialScopes({ mode: 'namespaces', namespaces: new Set(listed) }, home).map((s) => s.namespace)
    assert.deepEqual(scopes(['shop']), ['shop', home])
    assert.deepEqual(scopes(['shop', home]), ['shop', home])
    assert.equal(readRefusal(namespaces, home, { namespace: home, name: 'central' }), undefined)
    assert.match(writeRefusal(namespaces, home, 'pull') ?? '', /rbac\.namespaces does not list it/)
  })

  it('refuses what lies outside, naming the value of the chart and the remedy', () => {
    assert.equal(writeRefusal(cluster, 'other', 'pull'), undefined)
    assert.equal(writeRefusal(namespaces, 'shop', 'any'), undefined)
    assert.match(
      writeRefusal(namespaces, 'other', 'pull') ?? '',
      /^Secret other\/pull: .*rbac\.namespaces does not list it; ask an administrator/,
    )
    assert.equal(writeRefusal(named, 'shop', 'pull'), undefined)
    for (const [namespace, name] of [
      ['shop', 'keys'],
      ['other', 'pull'],
    ] as const)
      assert.match(writeRefusal(named, namespace, name) ?? '', /under pullSecrets .*spec\.secret\.name/)
    assert.equal(readRefusal(named, home, { namespace: 'shop', name: 'keys' }), undefined)
    assert.match(
      readRefusal(named, home, { namespace: 'shop', name: 'pull' }) ?? '',
      /^spec\.credentials\.secret\.name: Secret shop\/pull: .*under credentials/,
    )
    assert.match(
      readRefusal(namespaces, home, { namespace: 'other', name: 'keys' }) ?? '',
      /rbac\.namespaces does not list it/,
    )
  })

  it('makes and removes Secrets unless they are named', () => {
    assert.deepEqual([cluster, namespaces, named].map(mayCreateSecrets), [true, true, false])
  })

  it('tells of ServiceAccounts that it cannot change', () => {
    assert.equal(attachRefusal(named, 'shop', { mode: 'Default' }), undefined)
    assert.equal(attachRefusal(named, 'shop', { mode: 'All' }), undefined)
    assert.equal(attachRefusal(named, 'other', { mode: 'None' }), undefined)
    assert.equal(attachRefusal(namespaces, 'other', { mode: 'All' }), undefined)
    assert.match(attachRefusal(named, 'other', { mode: 'All' }) ?? '', /ServiceAccounts of namespace other/)
    const some = { mode: 'Named', names: ['builder', 'x', 'y'] } as const
    assert.match(attachRefusal(named, 'shop', some) ?? '', /ServiceAccount x, y of namespace shop cannot/)
  })
})
