// The short rows of the fault matrix as tests, in parts that run beside each other, each on a control plane of its own.
import { after, before, describe, it } from 'node:test'
import { ChaosBed } from './bed.ts'
import type { EndState } from './end-state.ts'
import { rows } from './rows/index.ts'
import { assertRow } from './run-row.ts'

/** Registers every `parts`-th short row, beginning with number `part` (from 0). */
export function testShortRows(part: number, parts: number): void {
  const seed = Math.floor(Math.random() * 1e9)
  const mine = rows.filter(({ short }) => short).filter((_row, index) => index % parts === part)

  describe(`the fault matrix, part ${part + 1} of ${parts}, seed ${seed}`, () => {
    const baselines = new Map<string, EndState>()
    let bed: ChaosBed

    before(async () => {
      bed = await ChaosBed.start()
    })
    after(() => bed?.close())

    for (const row of mine)
      it(`${row.name}: ${row.fault}`, { timeout: 240_000 }, () => assertRow(bed, row, { seed, baselines }))
  })
}
