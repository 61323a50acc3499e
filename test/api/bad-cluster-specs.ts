// Bad rows about the cluster-scoped kinds.
import {
  clusterTokenRegistry,
  ecr,
  many,
  tokenRegistryServer,
  type BadSpec,
  type Fields,
  type SpecObject,
} from './builders.ts'

const where = (namespaces: Fields): SpecObject => clusterTokenRegistry({ namespaces })
const trusting = (namespaces: Fields): SpecObject => where({ ...namespaces, trustLabelsAndNames: true })
const expression = (fields: Fields): SpecObject => trusting({ selector: { matchExpressions: [fields] } })

const rows: [name: string, object: SpecObject, field: string, rule?: string][] = [
  ['no namespaces', clusterTokenRegistry({ namespaces: undefined }), 'namespaces'],
  ['a target', clusterTokenRegistry({ target: { project: 'a:b' } }), 'target'],
  ['an unknown distribution', clusterTokenRegistry({ distribution: 'OnRequest' }), 'distribution'],
  ['only exclude', trusting({ exclude: ['a'] }), 'namespaces', 'namespaces-selection-missing'],
  ['nothing selected', trusting({}), 'namespaces', 'namespaces-selection-missing'],
  ['names without trust', where({ names: ['shop-*'] }), 'trustLabelsAndNames', 'namespaces-trust-missing'],
  [
    'a selector without trust',
    where({ selector: { matchLabels: { a: 'b' } }, trustLabelsAndNames: false }),
    'trustLabelsAndNames',
    'namespaces-trust-missing',
  ],
  ['an empty project list', trusting({ projects: [], names: ['a'] }), 'projects'],
  ['a bad project', where({ projects: ['p-7hj2k'] }), 'projects'],
  ['a project twice', where({ projects: ['a:b', 'a:b'] }), 'projects'],
  ['101 projects', where({ projects: many(101, (index) => `local:p-${index}`) }), 'projects'],
  ['a regular expression as a name', trusting({ names: ['shop-.+'] }), 'names'],
  ['a name of 64 characters', trusting({ names: ['a'.repeat(64)] }), 'names'],
  ['a namespace in upper case', trusting({ names: ['Shop'] }), 'names'],
  ['a bad name in exclude', where({ projects: ['a:b'], exclude: ['!shop'] }), 'exclude'],
  ['an unknown field in namespaces', where({ projects: ['a:b'], all: true }), 'all'],
  ['an empty selector', trusting({ selector: {} }), 'selector'],
  ['an empty matchLabels', trusting({ selector: { matchLabels: {} } }), 'matchLabels'],
  ['an empty matchExpressions', trusting({ selector: { matchExpressions: [] } }), 'matchExpressions'],
  [
    'a bad label key',
    trusting({ selector: { matchLabels: { 'a b': 'c' } } }),
    'matchLabels',
    'match-label-key-syntax',
  ],
  ['a bad label value', trusting({ selector: { matchLabels: { a: 'b c' } } }), 'matchLabels'],
  ['an unknown operator', expression({ key: 'a', operator: 'Gt', values: ['1'] }), 'operator'],
  ['an expression without key', expression({ operator: 'Exists' }), 'key'],
  ['a bad key', expression({ key: 'a b', operator: 'Exists' }), 'key'],
  ['In without values', expression({ key: 'a', operator: 'In' }), 'values', 'expression-values-missing'],
  [
    'NotIn with no values',
    expression({ key: 'a', operator: 'NotIn', values: [] }),
    'values',
    'expression-values-missing',
  ],
  [
    'Exists with values',
    expression({ key: 'a', operator: 'Exists', values: ['b'] }),
    'values',
    'expression-values-unused',
  ],
  ['a value twice', expression({ key: 'a', operator: 'In', values: ['b', 'b'] }), 'values'],
  [
    'FIPS in Europe, cluster-wide',
    clusterTokenRegistry({ provider: ecr({ fips: true }) }),
    'fips',
    'ecr-fips-region',
  ],
  ['a server object of another name', tokenRegistryServer('second'), 'name', 'server-object-name'],
  ['a server object with a spec', tokenRegistryServer('default', { spec: { replicas: 2 } }), 'spec'],
]

export const badClusterSpecs: readonly BadSpec[] = rows.map(([name, object, field, rule]) => ({
  name,
  object,
  field,
  ...(rule && { rule }),
}))
