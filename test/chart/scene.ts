// The scene of the attacks: namespaces, people with few rights, and objects that are worth something.
import type { ControlPlane } from '../testbed/control-plane.ts'
import { corePath, group, opaqueSecret, pullSecret, registryPath, tokenRegistry } from './objects.ts'
import { grant, grantCluster, makeNamespace, makeProjectMember } from './people.ts'
import { until } from './until.ts'

/** Namespaces, people and objects that the attacks name. */
export async function prepare(cp: ControlPlane): Promise<void> {
  await makeNamespace(cp, 'shop', { project: 'c-1:p-1' })
  await makeNamespace(cp, 'forged', { projectLabel: 'p-2' })
  await makeNamespace(cp, 'free')
  await makeNamespace(cp, 'tools')
  const secrets = corePath('shop', 'secrets')
  await cp.admin.create(secrets, opaqueSecret('keys'))
  await cp.admin.create(secrets, pullSecret('foreign'))
  await cp.admin.create(secrets, pullSecret('offered', { annotations: { [`${group}/adopt`]: 'pull' } }))
  await cp.admin.create(secrets, pullSecret('ours', { ours: true }))
  const accounts = corePath('shop', 'serviceaccounts')
  const annotations = { [`${group}/attached`]: 'ours', 'example.com/kept': 'yes' }
  await cp.admin.create(accounts, {
    metadata: { name: 'builder', annotations: { 'example.com/kept': 'yes' } },
  })
  await cp.admin.create(accounts, {
    metadata: { name: 'attached', annotations },
    imagePullSecrets: [{ name: 'ours' }],
  })
  await cp.admin.create(accounts, { metadata: { name: 'token-registry-ecr' } })
  await cp.admin.create(registryPath('shop'), tokenRegistry('existing'))

  const registries = { apiGroups: [group], resources: ['tokenregistries'], verbs: ['create', 'patch'] }
  const clusterRegistries = { apiGroups: [group], resources: ['clustertokenregistries'], verbs: ['create'] }
  const readSecrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }
  const oneAccount = {
    apiGroups: [''],
    resources: ['serviceaccounts'],
    resourceNames: ['builder'],
    verbs: ['patch'],
  }
  await grant(cp, 'bob', 'token-registries-edit', 'shop')
  await grantCluster(cp, 'carol', 'carol', [clusterRegistries])
  await grantCluster(cp, 'dave', 'dave', [registries, clusterRegistries, readSecrets])
  await grantCluster(cp, 'frank', 'frank', [registries, readSecrets, oneAccount])
  for (const namespace of ['shop', 'free', 'tools']) await grant(cp, 'alice', 'edit', namespace)
  for (const namespace of ['shop', 'forged']) await grant(cp, 'eve', 'edit', namespace)
  await grant(cp, 'mallory', 'edit', 'shop')
  await makeProjectMember(cp, 'mallory', 'p-1')
  await makeProjectMember(cp, 'eve', 'p-2')
  await until('aggregated roles', async () => {
    const path = `${registryPath('shop')}?dryRun=All`
    return (await cp.request('alice', 'POST', path, tokenRegistry('x'))).status === 201 ? true : undefined
  })
}
