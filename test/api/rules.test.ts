// Every CEL rule is needed and does nothing else: without it the API server takes exactly the rows tagged with it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { readKinds } from '../../scripts/generate/outputs.ts'
import { rulesOf } from '../../scripts/generate/schema-node.ts'
import type { RuleText } from '../../server/api/schema/rule.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { badSpecs } from './bad-specs.ts'
import { namespace, type KindName } from './builders.ts'
import { generatedCrds, serve, tryCreate, type Crd, type CrdSchema } from './served-api.ts'

/** A kind served under a group of its own, without one rule. */
interface Variant {
  readonly id: string
  readonly kind: KindName
  readonly group: string
  readonly crd: Crd
}

function withoutRule(schema: CrdSchema, rule: RuleText): CrdSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== 'x-kubernetes-validations') return value
    const kept = (value as { rule: string; message: string }[]).filter(
      (other) => other.rule !== rule.cel || other.message !== rule.message,
    )
    return kept.length > 0 ? kept : undefined
  }) as CrdSchema
}

function variant(crd: Crd, rule: RuleText, index: number): Variant {
  const group = `r${index}.tokenregistries.test`
  const [version, ...others] = crd.spec.versions
  assert.ok(version)
  const openAPIV3Schema = withoutRule(version.schema.openAPIV3Schema, rule)
  assert.notDeepEqual(openAPIV3Schema, version.schema.openAPIV3Schema, `${rule.id} is not in the CRD`)
  const names = { ...crd.spec.names, shortNames: [], categories: [] }
  const versions = [{ ...version, schema: { openAPIV3Schema } }, ...others]
  return {
    id: rule.id,
    kind: crd.spec.names.kind as KindName,
    group,
    crd: {
      ...crd,
      metadata: { name: `${names.plural}.${group}` },
      spec: { ...crd.spec, group, names, versions },
    },
  }
}

const rules = readKinds().flatMap(({ kind, root }) =>
  rulesOf(root).map(({ rule }) => ({ kind: kind.kind, rule })),
)

/** One for each kind and rule that has rows; a rule of both registry kinds need not have rows for both. */
const variants = rules
  .filter(({ kind, rule }) => badSpecs.some((row) => row.rule === rule.id && row.object.kind === kind))
  .map(({ kind, rule }, index) => {
    const crd = generatedCrds().find(({ spec }) => spec.names.kind === kind)
    assert.ok(crd)
    return variant(crd, rule, index)
  })

describe('each CEL rule', () => {
  it('has a row that breaks it, and each tag is a rule', () => {
    const known = new Set(rules.map(({ rule }) => rule.id))
    const tagged = new Set(badSpecs.flatMap(({ rule }) => rule ?? []))
    assert.deepEqual([...known].sort(), [...tagged].sort())
  })
})

describe('without its rule, the API server takes exactly the rows of that rule', () => {
  let plane: ControlPlane

  before(async () => {
    plane = await startControlPlane()
    await plane.admin.create('/api/v1/namespaces', { metadata: { name: namespace } })
    await serve(
      plane,
      variants.map(({ crd }) => crd),
    )
  })
  after(() => plane.stop())

  for (const { id, kind, group } of variants) {
    it(`${kind}: ${id}`, async () => {
      const rows = badSpecs.filter(({ object }) => object.kind === kind)
      const answers = await Promise.all(
        rows.map(async ({ name, object }) => ({
          name,
          refusal: await tryCreate(plane.admin, object, group),
        })),
      )
      const taken = answers.filter(({ refusal }) => refusal === undefined).map(({ name }) => name)
      assert.deepEqual(
        taken,
        rows.filter(({ rule }) => rule === id).map(({ name }) => name),
      )
    })
  }
})
