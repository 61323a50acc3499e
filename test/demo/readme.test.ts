// The YAML in the documents, as a reader would use it: objects through kubectl and the API server with the chart's
// policies, chart values through helm.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { installChart } from '../chart/install.ts'
import { refusal } from '../chart/render.ts'
import { startControlPlane, type ControlPlane } from '../testbed/control-plane.ts'
import { addMember, createNamespace, createProject } from '../testbed/rancher.ts'
import { blocks, readDocuments, type Block } from './documents.ts'

type Content = Record<string, unknown>

function contentOf({ text }: Block): Content[] {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, [])
    return document.toJS() as Content
  })
}

const documents = await readDocuments()
const all = documents.flatMap((document) => blocks(document, 'yaml'))
const objects = all.filter((block) => contentOf(block).every(({ apiVersion }) => apiVersion !== undefined))
const values = all.filter((block) => !objects.includes(block))
const ofReadme = (list: Block[]) => list.filter(({ path }) => path === 'README.md')

describe('YAML in the documents', { timeout: 600_000 }, () => {
  let cp: ControlPlane

  before(async () => {
    cp = await startControlPlane()
    // The policy of the README's values is what its and the other documents' examples need.
    const [shown] = ofReadme(values)
    assert.ok(shown)
    await installChart(cp, { values: { policy: contentOf(shown)[0]?.['policy'] } })
    const project = await createProject(cp, { clusterId: 'c-m-4xk8d2ql', projectId: 'p-7hj2k' })
    await createNamespace(cp, 'shop', { project })
    await addMember(project, 'alice', 'member')
  })
  after(() => cp?.stop())

  it('is there', () => {
    assert.equal(ofReadme(objects).length, 1)
    assert.equal(ofReadme(values).length, 1)
    assert.ok(objects.some(({ path }) => path === 'docs/getting-started.md'))
  })

  for (const block of objects) {
    const cluster = block.text.includes('kind: ClusterTokenRegistry')
    const who = cluster ? 'admin' : 'alice'
    it(`${block.path}:${block.line} is taken from ${cluster ? 'an administrator' : 'a project member'}`, async () => {
      const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-']
      const output = await cp.kubectl(args, { token: who, stdin: block.text })
      assert.equal(output.trim().split('\n').length, contentOf(block).length, output)
    })
  }

  for (const block of values) {
    it(`${block.path}:${block.line} is taken by the chart`, async () => {
      assert.equal(await refusal(contentOf(block)[0] ?? {}), '')
    })
  }
})
