import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { replaceTable, reportOf } from './readme.ts'
import { parseReport, type Report } from './report.ts'
import { summarize } from './statistics.ts'

const root = join(import.meta.dirname, '../..')

const report: Report = {
  format: 1,
  startedAt: '2026-11-22T12:00:00.000Z',
  commit: '0123456789abcdef',
  modified: false,
  quick: false,
  machine: { cpu: 'Some CPU', cores: 2, memoryMiB: 24_576, kernel: '6.1', node: 'v24', kubernetes: 'v1.36' },
  artefact: { entryBytes: 1, allBytes: 2, nodeOptions: '' },
  surroundings: [],
  figures: [
    { id: 'x', part: 'd', what: 'calls', unit: 'calls', of: 'runs', ours: summarize([1]), goals: [] },
  ],
}
const place = 'before\n<!-- bench: old.json -->\nold $1\n<!-- end of bench -->\nafter\n'

describe('the README’s table', () => {
  it('is that of the report that it names', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const file = reportOf(readme)
    assert.ok(file !== undefined, 'README.md has no "<!-- bench: FILE -->"')
    const shown = parseReport(readFileSync(join(root, file), 'utf8'))
    assert.equal(replaceTable(readme, file, shown), readme, 'run: npm run bench -- --readme FILE')
    assert.equal(shown.quick, false)
  })
  it('is replaced, and nothing around it', () => {
    const text = replaceTable(place, 'docs/bench/new.json', report)
    assert.match(
      text,
      /^before\n<!-- bench: docs\/bench\/new\.json -->\n[\s\S]*\n<!-- end of bench -->\nafter\n$/,
    )
    assert.match(text, /\| calls \| 1 call \|/)
    assert.match(text, /2026-11-22, commit 0123456789, 2 cores/)
    assert.doesNotMatch(text, /old/)
    assert.equal(replaceTable(text, 'docs/bench/new.json', report), text)
  })
  it('needs its place', () => {
    assert.throws(() => replaceTable('no place', 'f', report), /no "<!-- bench/)
  })
})

describe('parseReport', () => {
  it('refuses other JSON, and formats of other versions', () => {
    for (const text of ['null', '{}', '{"format":2,"figures":[]}']) assert.throws(() => parseReport(text))
    assert.deepEqual(parseReport(JSON.stringify(report)), report)
  })
})
