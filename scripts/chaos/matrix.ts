import type { ChaosBed } from '../../test/chaos/bed.ts'
import type { EndState } from '../../test/chaos/end-state.ts'
import type { AnyRow } from '../../test/chaos/row.ts'
import type { RowResult } from '../../test/chaos/run-row.ts'

export interface MatrixOptions {
  readonly rows: readonly AnyRow[]
  readonly seed: number
  /** Runs of the whole, each with a seed of its own, counted on from `seed`. */
  readonly times: number
  /** Many sequences for properties. */
  readonly thorough: boolean
  readonly print: (line: string) => void
}

/** Runs rows one after another on one control plane and prints a table. @returns whether all went well */
export async function runMatrix({ rows, seed, times, thorough, print }: MatrixOptions): Promise<boolean> {
  const { ChaosBed } = await import('../../test/chaos/bed.ts')
  const { runRow } = await import('../../test/chaos/run-row.ts')
  const width = Math.max(...rows.map(({ name }) => name.length), 3)
  const failed: RowResult[] = []
  for (let round = 0; round < times; round++) {
    print(`seed ${seed + round}: ${rows.length} rows`)
    print(`${'row'.padEnd(width)}  hits  calls  seconds  result`)
    const bed: ChaosBed = await ChaosBed.start()
    const baselines = new Map<string, EndState>()
    try {
      for (const row of rows) {
        const result = await runRow(bed, row, { seed: seed + round, baselines, thorough })
        print(lineOf(result, width))
        if (result.failure === undefined) continue
        failed.push(result)
        print(detailsOf(result)) // a whole pass takes long: who waits for its end would look at the cause late
      }
    } finally {
      await bed.close()
    }
  }
  if (failed.length > 0) print(`\nfailed: ${failed.map(({ row }) => row.name).join(', ')}`)
  print(`\n${rows.length * times - failed.length} well, ${failed.length} failed`)
  return failed.length === 0
}

function detailsOf({ row, failure }: RowResult): string {
  return `\n${row.name} (${row.fault})\nfailed at ${failure?.phase}: ${failure?.error.stack}\n${failure?.log ?? ''}\n`
}

function lineOf({ row, hits, upstreamCalls, seconds, failure }: RowResult, width: number): string {
  const calls = 'check' in row ? `${upstreamCalls}` : `${upstreamCalls}/${row.maxUpstreamCalls}`
  const figures = [String(hits).padStart(4), calls.padStart(5), seconds.toFixed(1).padStart(7)]
  return `${row.name.padEnd(width)}  ${figures.join('  ')}  ${failure === undefined ? 'ok' : `FAILED: ${failure.phase}`}`
}
