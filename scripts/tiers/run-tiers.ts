import type { Selection } from './select.ts'
import type { Outcome, TierContext } from './outcome.ts'

export interface RunOptions extends Pick<TierContext, 'root' | 'signal'> {
  /** With true, anything that did not run is a failure. */
  readonly ci: boolean
  readonly print: (line: string) => void
}

/**
 * Runs the selected tiers in order. A failing tier prints its whole output and the others still run, so that one run
 * shows everything that is wrong.
 *
 * @returns whether all is well
 */
export async function runTiers({ tiers, leftOut, filter }: Selection, options: RunOptions): Promise<boolean> {
  const { print, ci, root, signal } = options
  const started = performance.now()
  const outcomes = new Map<string, Outcome>()
  const notRun = [...leftOut]
  const summary: string[] = []

  for (const tier of tiers) {
    if (signal.aborted) break
    const broken = tier.needs?.find((need) => outcomes.get(need)?.ok !== true)
    if (broken !== undefined) {
      notRun.push(`${tier.name}: ${broken} failed`)
      summary.push(row(tier.name, 'not run', '', ''))
      continue
    }
    const tierStarted = performance.now()
    print(`${tier.name} …`)
    const outcome = await tier.run({ root, signal, filter, progress: print }).catch(crashed)
    outcomes.set(tier.name, outcome)
    notRun.push(...outcome.notRun.map((line) => `${tier.name}: ${line}`))
    const counts =
      outcome.passed + outcome.failed > 0 ? `${outcome.passed} passed, ${outcome.failed} failed` : ''
    const line = row(tier.name, outcome.ok ? 'ok' : 'FAILED', seconds(tierStarted), counts)
    if (!outcome.ok) print(outcome.output)
    print(line)
    summary.push(line)
  }

  const all = [...outcomes.values()]
  const ok = !signal.aborted && all.every((outcome) => outcome.ok) && summary.length === all.length
  print(`\n${summary.join('\n')}\n`)
  if (notRun.length > 0) print(`did not run:\n${notRun.map((line) => `  ${line}`).join('\n')}\n`)
  if (ci && notRun.length > 0) print('With CI=true everything must run: failed.')
  print(`${seconds(started)}${signal.aborted ? ', interrupted' : ''}`)
  const sum = (count: 'passed' | 'failed') => all.reduce((total, outcome) => total + outcome[count], 0)
  print(`${sum('passed')} passed, ${sum('failed')} failed`)
  return ok && !(ci && notRun.length > 0)
}

function crashed(thrown: unknown): Outcome {
  const output = `${thrown instanceof Error ? thrown.stack : String(thrown)}\n`
  return { ok: false, passed: 0, failed: 0, output, notRun: [] }
}

function row(name: string, result: string, time: string, counts: string): string {
  return `${name.padEnd(12)}${result.padEnd(9)}${time.padStart(9)}   ${counts}`.trimEnd()
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
