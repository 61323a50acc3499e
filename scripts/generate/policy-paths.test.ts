import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as z from 'zod'
import { clusterTokenRegistryKind, tokenRegistryKind } from '../../server/api/v1alpha1/index.ts'
import { objectName, endpointUrl } from '../../server/api/schema/formats.ts'
import { refersTo } from '../../server/api/schema/reference.ts'
import { policyPaths, referenceProblems } from './policy-paths.ts'
import { readKind, readSchema } from './schema-node.ts'

/** A kind's tree with these fields under spec.provider.other and spec.credentials. */
function tree(provider: z.ZodRawShape, credentials: z.ZodRawShape = {}) {
  const spec = z.object({
    provider: z.object({ other: z.object(provider).optional() }),
    credentials: z.object(credentials),
  })
  return readSchema(z.object({ spec }))
}

const problems = (provider: z.ZodRawShape, credentials?: z.ZodRawShape) =>
  referenceProblems({ scope: 'Namespaced' }, tree(provider, credentials))

describe('paths of the admission policies', () => {
  it('are those of the fields that point to something', () => {
    const fields = (kind: typeof tokenRegistryKind) =>
      policyPaths(readKind(kind)).map(({ reference, field }) => `${reference} ${field}`)
    const both = [
      'upstreamRole spec.provider.ecr.assumeRoles.arn',
      'endpoint spec.provider.ecr.endpoint',
      'endpoint spec.provider.ecr.stsEndpoint',
      'secret spec.credentials.secret.name',
    ]
    const edit = 'serviceAccountEdit spec.serviceAccounts'
    assert.deepEqual(fields(tokenRegistryKind), [...both, 'project spec.target.project', edit])
    assert.deepEqual(fields(clusterTokenRegistryKind), [...both, edit])
  })

  it('bear every part being absent', () => {
    const root = tree({
      url: endpointUrl.optional(),
      role: refersTo('upstreamRole', z.string()).optional(),
      roles: z.array(refersTo('upstreamRole', z.string())).optional(),
      chain: z.array(z.object({ arn: refersTo('upstreamRole', z.string()) })).optional(),
    })
    const other = 'object.spec.?provider.?other'
    assert.deepEqual(
      policyPaths(root).map(({ cel }) => cel),
      [
        `${other}.?url.orValue('')`,
        `[${other}.?role.orValue('')].filter(role, role != '')`,
        `${other}.?roles.orValue([])`,
        `${other}.?chain.orValue([]).map(item, item.?arn.orValue(''))`,
      ],
    )
  })

  it('have no gap: an object that a registry names must be marked', () => {
    assert.match(problems({}, { account: objectName }).join(), /spec\.credentials\.account names an object/)
    assert.match(problems({ others: z.array(objectName) }).join(), /spec\.provider\.other\.others names/)
    assert.deepEqual(problems({}, { account: refersTo('serviceAccountToken', objectName) }), [])
  })

  it('stay within what CEL can check', () => {
    const inList = { urls: z.array(endpointUrl), parts: z.array(z.object({ url: endpointUrl })) }
    assert.match(problems(inList).join(), /other\.urls refers .*other\.parts\[\]\.url refers to something/)
    const many = Array.from({ length: 21 }, (_, i) => [`s${i}`, refersTo('secret', objectName)])
    assert.match(problems({}, Object.fromEntries(many) as z.ZodRawShape).join(), /21 fields need/)
    const twice = { a: refersTo('project', z.string()), b: refersTo('project', z.string()) }
    assert.match(problems(twice).join(), /two fields are marked project/)
    const cluster = referenceProblems({ scope: 'Cluster' }, tree({ a: refersTo('project', z.string()) }))
    assert.match(cluster.join(), /cluster-scoped/)
  })
})
