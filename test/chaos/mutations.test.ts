// The bugs that rows name can still be planted: the texts that they replace stand where they say. Planting them all takes
// long, so that is left to `npm run chaos -- --mutants`.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { mutationsOf } from './mutate.ts'
import { plantedBugs } from './planted.ts'
import type { Mutation } from './row.ts'
import { rows } from './rows/index.ts'

const root = join(import.meta.dirname, '../..')

async function assertPlantable({ file, from, to }: Mutation): Promise<void> {
  const text = await readFile(join(root, file), 'utf8')
  assert.equal(text.split(from).length - 1, 1, `${file} must hold this text once: ${from}`)
  assert.notEqual(from, to)
}

describe('the bugs that can be planted', () => {
  for (const { name, mutants } of rows)
    it(`for the row ${name}`, async () => {
      await Promise.all(mutants.flatMap(mutationsOf).map(assertPlantable))
    })
  for (const { name, mutation } of plantedBugs) it(`as ${name}`, () => assertPlantable(mutation))
})

describe('the rows', () => {
  const names = rows.map(({ name }) => name)

  it('have names of their own that can be typed', () => {
    assert.equal(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
  })

  it('that shall catch a planted bug exist', () => {
    const wanted = plantedBugs.flatMap(({ caughtBy }) => ('row' in caughtBy ? [caughtBy.row] : []))
    for (const name of wanted) assert.ok(names.includes(name), name)
  })
})
