// One table, two judges: zod and the real API server agree on every row, and both name the field.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { kinds } from '../../server/api/v1alpha1/index.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import type { KubeClient, KubeObject } from '../testbed/kube-client.ts'
import { badSpecs } from './bad-specs.ts'
import { namespace, type SpecObject } from './builders.ts'
import { goodSpecs } from './good-specs.ts'
import { collectionPath, generatedCrds, prepare, serve, tryCreate } from './served-api.ts'

function schemaOf({ kind }: SpecObject) {
  const found = kinds.find((known) => known.kind === kind)
  assert.ok(found, `no schema for ${kind}`)
  return found.schema
}

/** The API server drops a null in place of a known field before it checks anything; zod is given the rest. */
function withoutNulls(object: SpecObject): SpecObject {
  const text = JSON.stringify(object, (_, value: unknown) => (value === null ? undefined : value))
  return JSON.parse(text) as SpecObject
}

function parse(object: SpecObject) {
  return schemaOf(object).safeParse(withoutNulls(object))
}

/** All issues as `path: message`, or undefined when zod takes the object. */
function zodRefusal(object: SpecObject): string | undefined {
  const { error } = parse(object)
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

describe('the table itself', () => {
  it('has no two rows of one name and no two good or bad rows of one content', () => {
    const rows = [...goodSpecs, ...badSpecs]
    for (const [index, row] of rows.entries()) {
      const twin = rows.slice(index + 1).find((other) => isDeepStrictEqual(other.object, row.object))
      assert.equal(twin?.name, undefined, `${row.name} has the object of ${twin?.name}`)
    }
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
  })
})

describe('zod', () => {
  for (const { name, object } of goodSpecs) {
    it(`takes: ${name}`, () => assert.equal(zodRefusal(object), undefined))
  }

  for (const { name, object, field, rule } of badSpecs) {
    it(`refuses: ${name}`, () => {
      const { error } = parse(object)
      assert.ok(error, 'was taken')
      assert.ok(zodRefusal(object)?.includes(field), `${zodRefusal(object)} does not name ${field}`)
      const broken = error.issues.flatMap((issue) =>
        issue.code === 'custom' ? [issue.params?.['rule']] : [],
      )
      assert.deepEqual(
        broken.filter((id) => id !== undefined),
        rule === undefined ? [] : [rule],
      )
    })
  }
})

describe('the API server', () => {
  let plane: ControlPlane
  let alice: KubeClient

  before(async () => {
    plane = await startControlPlane()
    await serve(plane, generatedCrds())
    alice = await prepare(plane, 'alice', namespace)
  })
  after(() => plane.stop())

  for (const { name, object } of goodSpecs) {
    it(`takes: ${name}`, async () => assert.equal(await tryCreate(alice, object), undefined))
  }

  for (const { name, object, field } of badSpecs) {
    it(`refuses: ${name}`, async () => {
      const refusal = await tryCreate(alice, object)
      assert.ok(refusal !== undefined, 'was taken')
      assert.ok(refusal.includes(field), `${refusal} does not name ${field}`)
    })
  }

  it('applies the same defaults as zod', async () => {
    for (const { name, object } of goodSpecs) {
      const made = await alice.create<KubeObject>(`${collectionPath(object)}?dryRun=All`, object)
      const { spec } = parse(object).data as { spec?: unknown }
      assert.deepEqual(made['spec'], spec, name)
    }
  })

  it('shows the columns in kubectl', async () => {
    const [first] = goodSpecs
    assert.ok(first)
    await alice.create(collectionPath(first.object), first.object)
    const output = await plane.kubectl(['get', 'tr', '-n', namespace], { token: 'alice' })
    const head = output.split('\n')[0]?.split(/\s{2,}/)
    assert.deepEqual(head?.map((column) => column.trim()).filter(Boolean), [
      'NAME',
      'PROVIDER',
      'HOSTS',
      'TARGET',
      'READY',
      'REASON',
      'SYNCED',
      'EXPIRES',
      'NEXT REFRESH',
      'AGE',
    ])
  })
})
