import { join } from 'node:path'
import { run } from 'node:test'
import type { ChaosBed } from '../../test/chaos/bed.ts'
import { plant } from '../../test/chaos/mutate.ts'
import { plantedBugs, type PlantedBug } from '../../test/chaos/planted.ts'
import { rows } from '../../test/chaos/rows/index.ts'

export interface PlantedOptions {
  /** Names of bugs; none = all. */
  readonly only: readonly string[]
  readonly print: (line: string) => void
}

/** What a test came to, without and with the bug. */
interface Verdict {
  readonly caught: boolean
  readonly how: string
}

const root = join(import.meta.dirname, '../..')

/** Plants each bug in a copy of the checkout, where its test must fail. @returns whether all were caught */
export async function runPlanted({ only, print }: PlantedOptions): Promise<boolean> {
  const chosen = plantedBugs.filter(({ name }) => only.length === 0 || only.includes(name))
  if (chosen.length === 0)
    throw new Error(`there is no such bug; known are ${plantedBugs.map(({ name }) => name).join(', ')}`)
  const matrix = new Matrix()
  let survivors = 0
  try {
    for (const bug of chosen) {
      const { caughtBy } = bug
      const { caught, how } =
        'row' in caughtBy ? await matrix.verdict(bug, caughtBy.row) : await testVerdict(bug, caughtBy)
      print(`${bug.name} (${bug.mutation.why})\n  ${caught ? `caught by ${how}` : `NOT CAUGHT: ${how}`}`)
      if (!caught) survivors++
    }
  } finally {
    await matrix.close()
  }
  print(`\n${chosen.length - survivors} of ${chosen.length} planted bugs were caught`)
  return survivors === 0
}

/** The test must pass as the code is: one that fails anyway catches nothing. */
async function testVerdict(
  { mutation }: PlantedBug,
  { file, test }: { file: string; test: string },
): Promise<Verdict> {
  const healthy = await runTest(root, file, test)
  if (!healthy.passed.includes(test) || healthy.failed.length > 0)
    return { caught: false, how: `"${test}" of ${file} does not pass without the bug` }
  const copy = await plant(mutation)
  try {
    const { failed } = await runTest(copy.folder, file, test)
    return failed.includes(test)
      ? { caught: true, how: `"${test}" of ${file}` }
      : { caught: false, how: `"${test}" of ${file} passes with the bug` }
  } finally {
    await copy.remove()
  }
}

/** Names of the tests that passed and failed, of those that fit the name. */
async function runTest(
  folder: string,
  file: string,
  test: string,
): Promise<{ passed: string[]; failed: string[] }> {
  const passed: string[] = []
  const failed: string[] = []
  const pattern = new RegExp(`(^|\\s)${test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
  const events = run({ cwd: folder, files: [join(folder, file)], testNamePatterns: [pattern] })
  for await (const event of events) {
    if (event.type === 'test:pass') passed.push(event.data.name)
    if (event.type === 'test:fail') failed.push(event.data.name)
  }
  return { passed, failed }
}

/** Rows on one control plane, which is started when the first one is needed. */
class Matrix {
  #bed: ChaosBed | undefined
  readonly #options = { seed: 1, baselines: new Map() }

  async verdict({ mutation }: PlantedBug, name: string): Promise<Verdict> {
    const { ChaosBed } = await import('../../test/chaos/bed.ts')
    const { runRow } = await import('../../test/chaos/run-row.ts')
    const row = rows.find((each) => each.name === name)
    if (row === undefined) throw new Error(`there is no row ${name}`)
    this.#bed ??= await ChaosBed.start()
    const healthy = await runRow(this.#bed, row, this.#options)
    if (healthy.failure !== undefined)
      return { caught: false, how: `the row ${name} fails without the bug: ${healthy.failure.error.message}` }
    const copy = await plant(mutation, ['server', 'package.json'])
    const { failure } = await runRow(this.#bed, row, {
      ...this.#options,
      main: copy.main,
      patienceMs: 20_000,
    })
    await copy.remove()
    if (failure === undefined) return { caught: false, how: `the row ${name} passes with the bug` }
    const [said = ''] = failure.error.message.split('\n')
    return { caught: true, how: `the row ${name}, at ${failure.phase}: ${said.slice(0, 200)}` }
  }

  async close(): Promise<void> {
    await this.#bed?.close()
  }
}
