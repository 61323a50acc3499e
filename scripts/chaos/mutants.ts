import type { EndState } from '../../test/chaos/end-state.ts'
import { describeMutant, mutationsOf, plant } from '../../test/chaos/mutate.ts'
import type { AnyRow, Mutant } from '../../test/chaos/row.ts'
import type { Phase, RowResult } from '../../test/chaos/run-row.ts'

export interface MutantsOptions {
  readonly rows: readonly AnyRow[]
  readonly seed: number
  readonly print: (line: string) => void
}

/** A mutant waits for states that never come: that long is enough to be sure. */
const patienceMs = 20_000
/** A failure in one of these says nothing about the row's fault. */
const worthless: readonly Phase[] = ['baseline', 'setup', 'hits']

/** Runs each row against each of its mutants; every one must fail. @returns whether all were caught */
export async function runMutants({ rows, seed, print }: MutantsOptions): Promise<boolean> {
  const { ChaosBed } = await import('../../test/chaos/bed.ts')
  const { runRow } = await import('../../test/chaos/run-row.ts')
  const bed = await ChaosBed.start()
  const baselines = new Map<string, EndState>()
  let survivors = 0
  try {
    for (const row of rows) {
      for (const mutant of row.mutants) {
        const copy = await plant(mutant, ['server', 'package.json'])
        const result = await runRow(bed, row, {
          seed,
          baselines,
          main: copy.main,
          patienceMs,
          thorough: true,
        })
        await copy.remove()
        const { caught, line } = judge(result, mutant)
        if (!caught) survivors++
        print(line)
      }
    }
  } finally {
    await bed.close()
  }
  print(survivors === 0 ? '\nall mutants were caught' : `\n${survivors} mutants were not caught`)
  return survivors === 0
}

function judge({ row, failure }: RowResult, mutant: Mutant): { caught: boolean; line: string } {
  const what = `${row.name}: ${describeMutant(mutant)}`
  if (failure === undefined) return { caught: false, line: `SURVIVED  ${what}` }
  const { phase, error } = failure
  if (worthless.includes(phase)) {
    return { caught: false, line: `WORTHLESS ${what}: it fails at ${phase} already: ${error.stack}` }
  }
  const by = mutationsOf(mutant).find((mutation) => mutation.by !== undefined)?.by
  if (by !== undefined && by !== phase)
    return { caught: false, line: `WORTHLESS ${what}: it fails at ${phase} instead of ${by}: ${error.stack}` }
  const [said = ''] = error.message.split('\n')
  return { caught: true, line: `caught    ${what}\n          by ${phase}: ${said.slice(0, 200)}` }
}
