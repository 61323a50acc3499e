// What the documents say about files and settings is compared with them, so that it cannot lag.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { ZodType } from 'zod'
import { variables } from '../../server/config.ts'
import { pluginVariables } from '../../server/plugin/config.ts'
import { anchors, blocks, readDocuments, root, type Document } from '../demo/documents.ts'

const documents = await readDocuments()

function documentAt(path: string): Document {
  const found = documents.find((each) => each.path === path)
  assert.ok(found, `${path} is missing`)
  return found
}

for (const [heading, { shape }] of [
  ['## Environment variables of the server\n', variables],
  ['## Environment variables of `serve-plugin`\n', pluginVariables],
] as const) {
  describe(`docs/configuration.md, ${heading.trim()}`, () => compareTable(heading, shape))
}

/** The table below a heading, with the schemas of its variables. */
function compareTable(heading: string, shape: Readonly<Record<string, ZodType>>): void {
  const table = documentAt('docs/configuration.md').text.split(heading)[1]?.split('\n## ')[0]
  const rows = [...(table ?? '').matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*) \|$/gm)]

  it('has a row for each environment variable, in the order of the schema', () => {
    assert.deepEqual(
      rows.map(([, name]) => name),
      Object.keys(shape),
    )
  })

  for (const [, name = '', initial = '', values = '', help = ''] of rows) {
    it(`tells the default and the values of ${name}`, () => {
      assert.ok(help.length > 3)
      const schema = shape[name]
      if (schema === undefined) return // told by the row above
      const fallback = schema.safeParse(undefined)
      const fixed = fallback.success && fallback.data !== undefined && fallback.data !== null
      if (fixed && name !== 'POD_NAME') assert.equal(initial, `\`${fallback.data}\``)
      else assert.doesNotMatch(initial, /^`/, `${name} has no fixed default`)
      const refusal = schema.safeParse('?').error?.issues[0]?.message ?? ''
      const range = /from (\d+ to \d+); leave it out/.exec(refusal)?.[1]
      if (range !== undefined) assert.equal(values, range)
      const choices = /^must be one of (.*)$/.exec(refusal)?.[1]?.split(', ')
      if (choices !== undefined) assert.equal(values, choices.map((each) => `\`${each}\``).join(', '))
    })
  }
}

describe('documents', () => {
  for (const document of documents) {
    it(`${document.path} has no dead link within the repository`, () => {
      const prose = document.text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
      const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
      for (const link of links.filter((each) => !/^[a-z]+:/.test(each))) {
        const [file = '', anchor] = link.split('#')
        const path = file === '' ? document.path : join(dirname(document.path), file)
        assert.ok(existsSync(join(root, path)), `${link}: there is no ${path}`)
        if (anchor === undefined) continue
        const target = documentAt(path)
        assert.ok(anchors(target).has(anchor), `${link}: ${path} has no heading #${anchor}`)
      }
    })
  }

  it('show the sample that the demo applies', async () => {
    const [first] = blocks(documentAt('README.md'), 'yaml')
    assert.equal(first?.text, await readFile(join(root, 'docs/samples/first-registry.yaml'), 'utf8'))
  })
})
