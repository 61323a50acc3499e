// Runs a property as the rows are run, for one line of the same table.
import type { ChaosBed } from './bed.ts'
import type { Property } from './row.ts'
import type { RowResult, RunOptions } from './run-row.ts'

/** Never rejects for what the property finds. */
export async function runProperty(
  bed: ChaosBed,
  row: Property,
  { seed, main, patienceMs = 60_000, thorough = false }: RunOptions,
): Promise<RowResult> {
  const startedAt = performance.now()
  const result = (part: Pick<RowResult, 'hits' | 'upstreamCalls' | 'failure'>): RowResult => ({
    row,
    ...part,
    seconds: (performance.now() - startedAt) / 1000,
  })
  try {
    const found = await row.check(bed, {
      seed,
      main,
      patienceMs,
      thorough,
      shrink: thorough && main === undefined,
    })
    return result({ ...found, failure: undefined })
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return result({ hits: 0, upstreamCalls: 0, failure: { phase: 'run', error } })
  }
}
