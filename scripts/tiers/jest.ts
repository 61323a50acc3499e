// The tests of the page's parts, which jest runs as @rancher/shell does, counted as the other tiers are.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { runNode } from './command.ts'
import { plain, type Outcome, type TierContext } from './outcome.ts'

/** As much of jest's report as counts here. */
interface Report {
  readonly success: boolean
  readonly testResults: readonly FileReport[]
}

interface FileReport {
  /** Path of the file. */
  readonly name: string
  readonly status: string
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
}

/**
 * Runs the tests of a jest configuration, all or those whose path holds a part of the filter.
 * @param config path of the configuration, relative to the checkout
 */
export async function runJest(config: string, context: TierContext): Promise<Outcome> {
  const { root, filter } = context
  const folder = await mkdtemp(join(tmpdir(), 'jest-'))
  try {
    const file = join(folder, 'report.json')
    const args = ['--config', config, '--ci', '--json', '--outputFile', file]
    // With a filter for another tier no file is left, which is as good as it is there.
    const some = filter.length > 0 ? ['--passWithNoTests', ...filter.map(escaped)] : []
    const { code, output } = await runNode(['node_modules/jest/bin/jest.js', ...args, ...some], context)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) return plain(false, `${output}jest left no report, exit code ${code}\n`)
    return outcomeOf(JSON.parse(text) as Report, { root, output, ended: code === 0 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** jest takes parts of paths as regular expressions. */
function escaped(part: string): string {
  return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** What the report comes to. A test that is skipped or to do has not run, and is not passed in silence. */
export function outcomeOf(
  { success, testResults }: Report,
  { root, output, ended }: { root: string; output: string; ended: boolean },
): Outcome {
  let passed = 0
  let failed = 0
  const notRun: string[] = []
  for (const { name, status, assertionResults } of testResults) {
    const failedBefore = failed
    for (const test of assertionResults) {
      if (test.status === 'passed') passed++
      else if (test.status === 'failed') failed++
      else notRun.push(`${relative(root, name)}: ${test.fullName} (${test.status})`)
    }
    // A file that cannot be loaded, or holds no test, fails without a failing test.
    if (status === 'failed' && failed === failedBefore) failed++
  }
  return { ok: success && ended && failed === 0, passed, failed, output, notRun }
}
