// The generated files: structural schemas, complete texts, no difference to the sources.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { readKinds } from '../../scripts/generate/outputs.ts'
import { places, rulesOf } from '../../scripts/generate/schema-node.ts'
import { field } from '../../server/api/schema/field.ts'
import { withRules } from '../../server/api/schema/rule.ts'
import { kinds } from '../../server/api/v1alpha1/index.ts'
import { kubernetesObject, type Kind } from '../../server/api/v1alpha1/kind.ts'
import { generatedCrds, type CrdSchema } from './served-api.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Keywords that a structural schema must not have, or that this API does without. */
const foreignKeywords = [
  '$ref',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'nullable',
  'definitions',
  'dependencies',
  'patternProperties',
  'uniqueItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
]

function* nodesOf(schema: CrdSchema, path = ''): Generator<[path: string, node: CrdSchema]> {
  yield [path, schema]
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    yield* nodesOf(child, `${path}.${name}`)
  if (schema.items) yield* nodesOf(schema.items, `${path}[]`)
  if (typeof schema.additionalProperties === 'object')
    yield* nodesOf(schema.additionalProperties, `${path}{}`)
}

for (const crd of generatedCrds()) {
  const { kind } = crd.spec.names
  const schema = crd.spec.versions[0]?.schema.openAPIV3Schema
  assert.ok(schema)

  describe(`the CRD of ${kind}`, () => {
    it('is structural: a type on every node and no keyword that forbids it', () => {
      for (const [path, node] of nodesOf(schema)) {
        assert.ok(node.type, `${path} has no type`)
        assert.deepEqual(
          foreignKeywords.filter((keyword) => keyword in node),
          [],
          path,
        )
        assert.ok(!('properties' in node && 'additionalProperties' in node), path)
      }
    })

    it('describes every field', () => {
      for (const [path, node] of nodesOf(schema)) {
        if (path === '' || /[\]}]$/.test(path) || /^\.(apiVersion|kind|metadata)$/.test(path)) continue
        assert.ok(node.description, `${path} has no description`)
      }
    })

    it('stays when the chart is removed, and is plain YAML for Helm', () => {
      assert.equal(crd.metadata.annotations?.['helm.sh/resource-policy'], 'keep')
      const file = `charts/token-registries/templates/crds/${String(crd.spec.names.plural)}.yaml`
      const lines = readFileSync(repository + file, 'utf8').split('\n')
      // A comment for YAML, the switch crds.install for Helm.
      const actions = lines.filter((line) => line.includes('{{'))
      assert.deepEqual(actions, ['# {{- if .Values.crds.install }}', '# {{- end }}'])
    })

    it('gives every rule a message of one line that names a field', () => {
      for (const [path, node] of nodesOf(schema)) {
        for (const { message } of node['x-kubernetes-validations'] ?? []) {
          assert.match(message, /^[^\r\n]{20,400}$/, path)
        }
      }
    })
  })
}

describe('the columns of the registry kinds', () => {
  for (const crd of generatedCrds().filter(({ spec }) => spec.names.kind !== 'TokenRegistryServer')) {
    it(crd.spec.names.kind, () => {
      const columns = crd.spec.versions[0]?.additionalPrinterColumns as { name: string; type: string }[]
      const names = columns.map(({ name }) => name)
      assert.deepEqual(names, [
        'Provider',
        'Hosts',
        'Target',
        'Ready',
        'Reason',
        'Synced',
        'Expires',
        'Next refresh',
        'Age',
      ])
      const dates = columns.filter(({ type }) => type === 'date').map(({ name }) => name)
      assert.deepEqual(dates, ['Age'], 'a date column prints <invalid> for the future')
    })
  }
})

describe('the reference', () => {
  for (const { kind, root } of readKinds()) {
    it(`of ${kind.kind} has every field and every rule`, () => {
      const page = readFileSync(`${repository}docs/reference/${kind.singular}.md`, 'utf8')
      for (const { path, node } of places(root)) {
        if (!/^(spec|status)\./.test(path)) continue
        assert.ok(page.includes(`| \`${path.replace(/^(spec|status)\./, '')}\``), `no line for ${path}`)
        assert.ok(
          page.includes(`**${node.label}.** ${node.help}`.replaceAll('<', '&lt;')),
          `no text for ${path}`,
        )
      }
      for (const { rule } of rulesOf(root)) assert.ok(page.includes(rule.message), rule.id)
    })
  }
})

describe('npm run generate', () => {
  it('would change nothing', () => {
    execFileSync(process.execPath, ['scripts/generate.ts', '--check'], { cwd: repository })
  })

  /** A kind with one field in spec, as a careless change would make it. */
  function kindWith(spec: z.ZodType): Kind {
    const [template] = kinds
    assert.ok(template)
    const texts = { label: 'Spec', help: 'Spec.', order: 1, group: 'Image' } as const
    return { ...template, schema: kubernetesObject('Probe', { spec: field(spec, texts) }) }
  }

  const good = { label: 'Name', help: 'The name.', order: 1, example: 'a' }
  const text = z.string().max(10)
  const refused: [name: string, spec: z.ZodType, message: RegExp][] = [
    ['no texts at all', z.strictObject({ name: text }), /spec\.name has no label[^]*spec\.name has no help/],
    ['no help', z.strictObject({ name: field(text, { ...good, help: '' }) }), /spec\.name has no help/],
    [
      'no example',
      z.strictObject({ name: field(text, { ...good, example: undefined }) }),
      /spec\.name has no example/,
    ],
    [
      'an example that its pattern refuses',
      z.strictObject({ name: field(z.string().max(10).regex(/^b$/), good) }),
      /spec\.name has an example that it would refuse/,
    ],
    ['no length limit', z.strictObject({ name: field(z.string(), good) }), /spec\.name has no maxLength/],
    [
      'two fields in one place',
      z.strictObject({ name: field(text, good), other: field(text, good) }),
      /spec\.other has the same order as name/,
    ],
    [
      'a rule that points to a field that is not there',
      withRules(z.strictObject({ name: field(text, good) }), {
        id: 'probe',
        cel: 'true',
        message: 'name is wrong',
        at: ['nane'],
        check: () => true,
      }),
      /rule probe points to spec\.nane/,
    ],
  ]

  it('takes a complete field', () => {
    assert.equal(readKinds([kindWith(z.strictObject({ name: field(text, good) }))]).length, 1)
  })

  for (const [name, spec, message] of refused) {
    it(`refuses a field with ${name}`, () => assert.throws(() => readKinds([kindWith(spec)]), message))
  }
})
