// What every validator must refuse. Each row breaks one thing; `rule` names the CEL rule where it is one.
import { badClusterSpecs } from './bad-cluster-specs.ts'
import { badProviderSpecs } from './bad-provider-specs.ts'
import { many, manyKeys, secret, tokenRegistry, type BadSpec, type SpecObject } from './builders.ts'

const pull = (fields: Record<string, unknown>): SpecObject => tokenRegistry({ secret: fields })
const attach = (fields: Record<string, unknown>): SpecObject => tokenRegistry({ serviceAccounts: fields })
const every = (interval: unknown): SpecObject => tokenRegistry({ refresh: { interval } })

const rows: [name: string, object: SpecObject, field: string, rule?: string][] = [
  // the object
  ['no spec', { ...tokenRegistry(), spec: undefined } as unknown as SpecObject, 'spec'],
  ['an unknown field beside spec', { ...tokenRegistry(), extra: 1 }, 'extra'],
  ['a name of 254 characters', tokenRegistry({}, 'a'.repeat(254)), 'name'],
  ['a name in upper case', tokenRegistry({}, 'Shop'), 'name'],
  ['no provider', tokenRegistry({ provider: undefined }), 'provider'],
  ['no credentials', tokenRegistry({ credentials: undefined }), 'credentials'],
  ['an unknown field in spec', tokenRegistry({ schedule: '* * * * *' }), 'schedule'],
  ['a field of the cluster kind', tokenRegistry({ namespaces: { projects: ['a:b'] } }), 'namespaces'],
  ['credentials of null', tokenRegistry({ credentials: null }), 'credentials'],
  // credentials
  [
    'two credentials blocks',
    tokenRegistry({ credentials: { ...secret(), serverIdentity: {} } }),
    'credentials',
  ],
  ['no credentials block', tokenRegistry({ credentials: {} }), 'credentials'],
  ['an unknown credentials block', tokenRegistry({ credentials: { password: 'x' } }), 'password'],
  [
    'material inside the object',
    tokenRegistry({ credentials: secret({ accessKeyId: 'AKIA' }) }),
    'accessKeyId',
  ],
  ['a field in serverIdentity', tokenRegistry({ credentials: { serverIdentity: { role: 'x' } } }), 'role'],
  ['a Secret without name', tokenRegistry({ credentials: { secret: {} } }), 'name'],
  [
    'a Secret in another namespace',
    tokenRegistry({ credentials: secret({ name: 'kube-system/admin' }) }),
    'name',
  ],
  [
    'a Secret name of 254 characters',
    tokenRegistry({ credentials: secret({ name: 'a'.repeat(254) }) }),
    'name',
  ],
  ['an empty Secret name', tokenRegistry({ credentials: secret({ name: '' }) }), 'name'],
  ['a key with a slash', tokenRegistry({ credentials: secret({ keys: { accessKeyId: 'a/b' } }) }), 'keys'],
  ['an end without a time', tokenRegistry({ credentials: secret({ expiresAt: '2027-01-31' }) }), 'expiresAt'],
  [
    'an end that never comes',
    tokenRegistry({ credentials: secret({ expiresAt: '2027-13-01T00:00:00Z' }) }),
    'expiresAt',
  ],
  [
    'an end on 30 February',
    tokenRegistry({ credentials: secret({ expiresAt: '2027-02-30T00:00:00Z' }) }),
    'expiresAt',
  ],
  [
    'an end in lower case',
    tokenRegistry({ credentials: secret({ expiresAt: '2027-01-31t00:00:00z' }) }),
    'expiresAt',
  ],
  [
    'an end at 25 o clock',
    tokenRegistry({ credentials: secret({ expiresAt: '2027-01-31T25:00:00Z' }) }),
    'expiresAt',
  ],
  [
    'an end at 24 o clock',
    tokenRegistry({ credentials: secret({ expiresAt: '2027-01-31T24:00:00Z' }) }),
    'expiresAt',
  ],
  [
    'the pull Secret over the credentials, by default name',
    tokenRegistry({ credentials: secret({ name: 'shop-ecr' }) }),
    'credentials.secret.name',
    'secret-name-of-credentials',
  ],
  [
    'the pull Secret over the credentials, by name',
    tokenRegistry({ secret: { name: 'login' } }),
    'credentials.secret.name',
    'secret-name-of-credentials',
  ],
  // target
  ['a project without cluster', tokenRegistry({ target: { project: 'p-7hj2k' } }), 'project'],
  ['a project with a slash', tokenRegistry({ target: { project: 'local/p-7hj2k' } }), 'project'],
  ['a target without project', tokenRegistry({ target: {} }), 'project'],
  [
    'a target with namespaces',
    tokenRegistry({ target: { project: 'a:b', namespaces: ['x'] } }),
    'namespaces',
  ],
  // the pull Secret
  ['a pull Secret name in upper case', pull({ name: 'Pull' }), 'name'],
  ['a pull Secret type', pull({ type: 'Opaque' }), 'type'],
  ['21 labels', pull({ labels: manyKeys(21) }), 'labels'],
  ['a label value of 64 characters', pull({ labels: { a: 'b'.repeat(64) } }), 'labels'],
  ['a label value with a space', pull({ labels: { a: 'b c' } }), 'labels'],
  ['a label key with a space', pull({ labels: { 'a b': 'c' } }), 'labels', 'label-key-syntax'],
  ['a label key of 64 characters', pull({ labels: { ['a'.repeat(64)]: 'c' } }), 'labels', 'label-key-syntax'],
  ['a label key with two slashes', pull({ labels: { 'a/b/c': 'd' } }), 'labels', 'label-key-syntax'],
  [
    'our own label',
    pull({ labels: { 'tokenregistries.io/owner-uid': 'x' } }),
    'labels',
    'label-key-reserved',
  ],
  [
    "Rancher's label",
    pull({ labels: { 'field.cattle.io/projectId': 'p-1' } }),
    'labels',
    'label-key-reserved',
  ],
  [
    'the managed-by label',
    pull({ labels: { 'app.kubernetes.io/managed-by': 'me' } }),
    'labels',
    'label-key-reserved',
  ],
  ['21 annotations', pull({ annotations: manyKeys(21) }), 'annotations'],
  ['an annotation of 4097 characters', pull({ annotations: { a: 'b'.repeat(4097) } }), 'annotations'],
  [
    'an annotation key that is empty',
    pull({ annotations: { '': 'b' } }),
    'annotations',
    'annotation-key-syntax',
  ],
  [
    'an annotation key with an upper-case prefix',
    pull({ annotations: { 'Shop.example/a': 'b' } }),
    'annotations',
    'annotation-key-syntax',
  ],
  [
    "Helm's annotation",
    pull({ annotations: { 'helm.sh/resource-policy': 'keep' } }),
    'annotations',
    'annotation-key-reserved',
  ],
  [
    "Argo CD's annotation",
    pull({ annotations: { 'argocd.argoproj.io/hook': 'Sync' } }),
    'annotations',
    'annotation-key-reserved',
  ],
  [
    'a k8s.io annotation',
    pull({ annotations: { 'x.k8s.io/a': 'b' } }),
    'annotations',
    'annotation-key-reserved',
  ],
  // who may pull
  ['an unknown attach', attach({ attach: 'Everyone' }), 'attach'],
  ['Named without names', attach({ attach: 'Named' }), 'names', 'service-account-names-missing'],
  ['Named with no names', attach({ attach: 'Named', names: [] }), 'names', 'service-account-names-missing'],
  ['names without Named', attach({ attach: 'All', names: ['web'] }), 'names', 'service-account-names-unused'],
  ['names alone', attach({ names: ['web'] }), 'names', 'service-account-names-unused'],
  ['a ServiceAccount twice', attach({ attach: 'Named', names: ['web', 'web'] }), 'names'],
  ['51 ServiceAccounts', attach({ attach: 'Named', names: many(51, (index) => `a${index}`) }), 'names'],
  ['a ServiceAccount with a colon', attach({ attach: 'Named', names: ['shop:web'] }), 'names'],
  // the rest
  ['an interval without unit', every('30'), 'interval'],
  ['an interval as a number', every(30), 'interval'],
  ['an interval in days', every('1d'), 'interval'],
  ['an interval in seconds', every('600s'), 'interval'],
  ['an interval with a fraction', every('1.5h'), 'interval'],
  ['an interval, smaller unit first', every('30m1h'), 'interval'],
  ['an ISO interval', every('PT1H'), 'interval'],
  ['an interval that is too short', every('4m'), 'interval', 'refresh-interval-range'],
  ['an interval that is too long', every('720h1m'), 'interval', 'refresh-interval-range'],
  ['suspend as text', tokenRegistry({ suspend: 'yes' }), 'suspend'],
  ['an unknown deletion policy', tokenRegistry({ deletionPolicy: 'Orphan' }), 'deletionPolicy'],
]

export const badSpecs: readonly BadSpec[] = [
  ...rows.map(([name, object, field, rule]) => ({ name, object, field, ...(rule && { rule }) })),
  ...badProviderSpecs,
  ...badClusterSpecs,
]
