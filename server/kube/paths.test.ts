import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  configMapPath,
  leasePath,
  namespacePath,
  resourceOfPath,
  resourcePath,
  secretPath,
  serviceAccountPath,
  tokenRequestPath,
} from './paths.ts'

suite('paths', () => {
  const cases: [path: string, expected: string, resource: string][] = [
    [namespacePath(), '/api/v1/namespaces', 'namespaces'],
    [namespacePath('shop'), '/api/v1/namespaces/shop', 'namespaces'],
    [secretPath(), '/api/v1/secrets', 'secrets'],
    [secretPath('shop'), '/api/v1/namespaces/shop/secrets', 'secrets'],
    [secretPath('shop', 'pull'), '/api/v1/namespaces/shop/secrets/pull', 'secrets'],
    [
      serviceAccountPath('shop', 'default'),
      '/api/v1/namespaces/shop/serviceaccounts/default',
      'serviceaccounts',
    ],
    [configMapPath('shop', 'ca'), '/api/v1/namespaces/shop/configmaps/ca', 'configmaps'],
    [
      tokenRequestPath('shop', 'puller'),
      '/api/v1/namespaces/shop/serviceaccounts/puller/token',
      'serviceaccounts/token',
    ],
    [leasePath('own', 'leader'), '/apis/coordination.k8s.io/v1/namespaces/own/leases/leader', 'leases'],
    [
      resourcePath({
        group: 'tokenregistries.io',
        version: 'v1alpha1',
        resource: 'tokenregistries',
        namespace: 'shop',
        name: 'ecr',
        subresource: 'status',
      }),
      '/apis/tokenregistries.io/v1alpha1/namespaces/shop/tokenregistries/ecr/status',
      'tokenregistries/status',
    ],
  ]
  for (const [path, expected, resource] of cases) {
    test(`${expected} is ${resource}`, () => {
      assert.equal(path, expected)
      assert.equal(resourceOfPath(path), resource)
    })
  }

  test('a name cannot add a segment', () => {
    assert.equal(secretPath('a/b', 'x?y#z'), '/api/v1/namespaces/a%2Fb/secrets/x%3Fy%23z')
    for (const name of ['', '.', '..']) assert.throws(() => secretPath('shop', name), TypeError)
    assert.throws(() => secretPath(''), TypeError)
  })

  test('the resource of other paths holds no names', () => {
    const expected = {
      '/': 'root',
      '/readyz': 'readyz',
      '/api': 'discovery',
      '/apis/apps/v1': 'discovery',
      '/api/v1/namespaces/shop/status': 'namespaces/status',
      '/api/v1/namespaces/shop/finalize': 'namespaces/finalize',
    }
    for (const [path, resource] of Object.entries(expected)) assert.equal(resourceOfPath(path), resource)
  })
})
