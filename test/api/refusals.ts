// What the real API server and Steve answer to registries that they refuse. The page must find the field in each.
import { grant, grantCluster } from '../chart/people.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { addMember, createNamespace, createProject } from '../testbed/rancher.ts'
import type { Steve } from '../testbed/steve.ts'
import { ecr, namespace, tokenRegistry, type SpecObject } from './builders.ts'
import { collectionPath } from './served-api.ts'

/** An answer as the page gets it. */
export interface Refusal {
  readonly name: string
  readonly status: number
  readonly body: unknown
}

const strict = 'fieldValidation=Strict'
const project = 'local:p-shop'

/**
 * Alice is a member of the project, bob may edit in all three namespaces, viewer only reads; carol and dave may write
 * registries, carol may read Secrets besides. The namespace `full` takes nothing more.
 */
export async function prepareRefusals(plane: ControlPlane): Promise<void> {
  const shop = await createProject(plane, { clusterId: 'local', projectId: 'p-shop' })
  await createNamespace(plane, namespace, { project: shop })
  await addMember(shop, 'alice', 'member')
  await grant(plane, 'viewer', 'view', namespace)
  for (const user of ['carol', 'dave']) await grant(plane, user, 'token-registries-edit', namespace)
  const readSecrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }
  await grantCluster(plane, 'carol', 'reads-secrets', [readSecrets])
  for (const name of ['free', 'full']) await createNamespace(plane, name)
  for (const name of [namespace, 'free', 'full']) await grant(plane, 'bob', 'edit', name)
  const quotas = '/api/v1/namespaces/full/resourcequotas'
  const hard = { 'count/tokenregistries.tokenregistries.io': '0' }
  await plane.admin.create(quotas, { metadata: { name: 'none' }, spec: { hard } })
  // What the quota controller writes once it has seen the kind, which takes it half a minute.
  const used = { 'count/tokenregistries.tokenregistries.io': '0' }
  await plane.admin.patch(`${quotas}/none/status`, { status: { hard, used } })
  await plane.admin.create(collectionPath(tokenRegistry()), tokenRegistry({}, 'there'))
}

function inside(place: string, object: SpecObject): SpecObject {
  return { ...object, metadata: { ...object.metadata, namespace: place } }
}

/** All refusals, on the API server's own path unless the name says Steve. */
export async function collectRefusals(plane: ControlPlane, steve: Steve): Promise<Refusal[]> {
  const create = async (name: string, object: SpecObject, user = 'alice'): Promise<Refusal> => ({
    name,
    ...(await plane.client(user).request('POST', `${collectionPath(object)}?${strict}`, object)),
  })
  const path = `${collectionPath(tokenRegistry())}/there?${strict}`
  const update = async (name: string, metadata: object, spec: object): Promise<Refusal> => {
    const live = await plane.admin.get<KubeObject & { spec: object }>(path)
    const body = { ...live, metadata: { ...live.metadata, ...metadata }, spec: { ...live.spec, ...spec } }
    return { name, ...(await plane.client('alice').request('PUT', path, body)) }
  }
  const viaSteve = async (name: string, object: SpecObject, user = 'alice'): Promise<Refusal> => {
    const { id, groups } = plane.user(user)
    const headers = new Headers({ 'impersonate-user': id, 'content-type': 'application/json' })
    for (const group of [...groups, 'system:authenticated']) headers.append('impersonate-group', group)
    const url = `${steve.url}/v1/tokenregistries.io.tokenregistries?${strict}`
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(object) })
    return { name, status: response.status, body: await response.json() }
  }

  const wrong = tokenRegistry({
    provider: { ecr: { region: 'EU', accounts: ['1'] } },
    deletionPolicy: 'Keep',
    credentials: { secret: {} },
  })
  const fips = tokenRegistry({ provider: { ecr: { region: 'eu-west-1', fips: true } } })
  const unknown = tokenRegistry({ provider: ecr({ partition: 'aws' }), schedule: '* * * * *' })
  const labels = tokenRegistry({ secret: { labels: { 'shop.example/team': 'a b' } } })
  const wholeProject = tokenRegistry({ target: { project } })
  const badName = tokenRegistry({}, 'Shop_ECR')
  const serverIdentity = tokenRegistry({ credentials: { serverIdentity: {} } })
  const endpoint = tokenRegistry({ provider: ecr({ endpoint: 'https://ecr.example' }) })

  return [
    await create('several fields', wrong),
    await viaSteve('several fields, by Steve', wrong),
    await create('rules', fips),
    await viaSteve('rules, by Steve', fips),
    await update('a rule on update', {}, { refresh: { interval: '4m' } }),
    await create('a value of a map', labels),
    await create('unknown fields', unknown),
    await viaSteve('unknown fields, by Steve', unknown),
    await create('a bad name', badName),
    await create('a name that is taken', tokenRegistry({}, 'there')),
    await viaSteve('a name that is taken, by Steve', tokenRegistry({}, 'there')),
    await update('changed meanwhile', { resourceVersion: '1' }, { suspend: true }),
    await create('a policy: server identity', serverIdentity),
    await viaSteve('a policy: server identity, by Steve', serverIdentity),
    await create('a policy: endpoint', endpoint),
    await create('a policy: no member of the project', wholeProject, 'bob'),
    await create('a policy: another project', inside('free', wholeProject), 'bob'),
    await create('a policy: Secret of others', tokenRegistry(), 'dave'),
    await create(
      'a policy: ServiceAccounts of others',
      tokenRegistry({ serviceAccounts: { attach: 'All' } }),
      'carol',
    ),
    await create('no right', tokenRegistry(), 'viewer'),
    await viaSteve('no right, by Steve', tokenRegistry(), 'viewer'),
    await create('a full quota', inside('full', tokenRegistry()), 'bob'),
    await create('no such namespace', inside('nowhere', tokenRegistry()), 'admin'),
  ]
}
