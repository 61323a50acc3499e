// The short rows of the fault matrix. All rows: npm run chaos.
import { after, before, describe, it } from 'node:test'
import { ChaosBed } from './bed.ts'
import type { EndState } from './end-state.ts'
import { rows } from './rows/index.ts'
import { assertRow } from './run-row.ts'

const seed = Math.floor(Math.random() * 1e9)

describe(`the fault matrix, seed ${seed}`, () => {
  const baselines = new Map<string, EndState>()
  let bed: ChaosBed

  before(async () => {
    bed = await ChaosBed.start()
  })
  after(() => bed?.close())

  for (const row of rows.filter(({ short }) => short))
    it(`${row.name}: ${row.fault}`, { timeout: 240_000 }, () => assertRow(bed, row, { seed, baselines }))
})
