import { once } from 'node:events'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec as SpecReporter } from 'node:test/reporters'
import { markedSecretsIn } from '../../test/canaries/watch.ts'
import { plain, type Outcome, type TierContext } from './outcome.ts'

export interface NodeTests {
  readonly patterns: readonly string[]
  /** Test files at once. */
  readonly concurrency: number
  /** For one file from start to exit, milliseconds. */
  readonly timeoutMs: number
  /** Whether each finished file gets a line: for tiers that take minutes. */
  readonly eachFile?: boolean
}

/** All files of a tier, sorted, relative to the checkout. */
export async function findTests(root: string, patterns: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>()
  for await (const file of glob(patterns, { cwd: root })) files.add(file)
  return [...files].sort()
}

/** Runs test files, each in a process of its own. A tier or a file without tests is a failure, not a success. */
export async function runNodeTests(tests: NodeTests, context: TierContext): Promise<Outcome> {
  const { root, filter, signal, progress } = context
  const all = await findTests(root, tests.patterns)
  const files = all.filter((file) => filter.length === 0 || filter.some((part) => file.includes(part)))
  if (files.length === 0) {
    const ok = all.length > 0 && filter.length > 0
    return plain(ok, `no test file matches ${tests.patterns.join(' ')} ${filter.join(' ')}\n`)
  }

  const results: FileResult[] = []
  const queue = files.values()
  const worker = async () => {
    for (const file of queue) {
      const result = await runFile(file, tests, context)
      results.push(result)
      if (tests.eachFile) progress(result.line)
    }
  }
  await Promise.all(Array.from({ length: tests.concurrency }, worker))
  const failing = results.filter((result) => result.failed > 0)
  return {
    ok: failing.length === 0 && !signal.aborted,
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    output: failing.map(({ output }) => output).join('\n'),
    notRun: results.flatMap((result) => result.notRun),
  }
}

interface FileResult extends Omit<Outcome, 'ok'> {
  readonly line: string
}

/** One call of `run` per file: its own time-out covers only single tests, not a process that does not end. */
async function runFile(file: string, { timeoutMs }: NodeTests, context: TierContext): Promise<FileResult> {
  const { root } = context
  const reporter = new SpecReporter()
  let output = `${file}\n`
  reporter.on('data', (text) => (output += String(text)))
  const tally = new Tally(file)
  const started = performance.now()
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)])
  for await (const event of run({ cwd: root, files: [join(root, file)], signal })) {
    reporter.write(event)
    tally.add(event as TestEvent)
  }
  const ended = once(reporter, 'end')
  reporter.end()
  await ended
  if (signal.aborted && !context.signal.aborted)
    output += `${file} did not end within ${timeoutMs / 1000} s\n`
  // Whatever printed it: a server under test, or a test that would show it in a public log.
  const leaked = markedSecretsIn(output)
  if (leaked.length > 0) tally.complain(`secrets stand in the output of this file: ${leaked.join(', ')}`)
  const { passed, failed, notRun, complaints } = tally.result()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const line = `  ${file}: ${passed} passed, ${failed} failed, ${seconds} s`
  return { passed, failed, notRun, output: output + complaints, line }
}

/** The parts of node:test's events that matter here; its own type is a union of thirty. */
interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly file?: string
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly success?: boolean
    readonly counts?: Readonly<
      Record<'tests' | 'passed' | 'failed' | 'cancelled' | 'skipped' | 'todo', number>
    >
  }
}

/** Adds up the events of one file. */
class Tally {
  readonly #file: string
  readonly #notRun: string[] = []
  #complaints = ''
  #passed = 0
  #failed = 0
  #success = false

  constructor(file: string) {
    this.#file = file
  }

  add({ type, data }: TestEvent): void {
    if (type === 'test:pass' || type === 'test:fail') this.#addTest(type === 'test:pass', data)
    if (type !== 'test:summary' || data.counts === undefined || data.file !== undefined) return
    this.#passed += data.counts.passed
    this.#failed += data.counts.failed + data.counts.cancelled
    this.#success = data.success === true
  }

  #addTest(passed: boolean, { name, file, skip, todo }: TestEvent['data']): void {
    const left = skip ?? todo
    if (left !== undefined && left !== false) {
      const reason = typeof left === 'string' ? left : 'no reason given'
      this.#notRun.push(`${this.#file}: ${name} (${skip === undefined ? 'to do' : 'skipped'}: ${reason})`)
    }
    // node:test counts a file that registers no test as one passed test of the file's name.
    if (passed && name !== undefined && name === file) {
      this.#passed--
      this.complain('this file holds no test')
    }
  }

  /** Counts a failure of the file as a whole. */
  complain(about: string): void {
    this.#failed++
    this.#complaints += `${about}\n`
  }

  result() {
    // A failing hook of a suite is no failed test, yet nothing succeeded.
    const failed = this.#success ? this.#failed : Math.max(1, this.#failed)
    return { passed: this.#passed, failed, notRun: this.#notRun, complaints: this.#complaints }
  }
}
