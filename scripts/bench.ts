// `npm run bench`: measures the server as it is shipped, on a control plane of its own, beside references of the same run.
// Prints a table and writes a report. It judges nothing: a slow machine is no failure.
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { buildArtefact, imageEnvironment } from '../test/bench/artefact.ts'
import { sizes } from '../test/bench/parts/part.ts'
import { runBench } from '../test/bench/run.ts'
import { ensureBinary, kubernetesVersion } from '../test/testbed/binary.ts'
import { describeCommit, describeMachine } from './bench/machine.ts'
import { readOptions, usage, type Options } from './bench/options.ts'
import { replaceTable } from './bench/readme.ts'
import { add, parseReport, type Report } from './bench/report.ts'
import { describeRun, textTable } from './bench/table.ts'

const root = join(import.meta.dirname, '..')
const options = readArguments()
if (options.readme === undefined) process.exit(await measure(options))
await writeReadme(resolve(options.readme))

async function measure({ only, quick, runs, out }: Options): Promise<number> {
  const started = performance.now()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => (stop.signal.aborted ? process.exit(130) : stop.abort()))
  const say = (line: string): void =>
    console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${line}`)
  const folder = mkdtempSync(join(tmpdir(), 'token-registries-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    await ensureBinary()
    const artefact = await buildArtefact(join(folder, 'app'))
    const chosen = quick ? sizes.quick : sizes.full
    const startedAt = new Date().toISOString()
    const file = resolve(
      out ?? join(root, 'docs/bench', `${startedAt.slice(0, 10)}-${nameOf(only, quick)}.json`),
    )
    await mkdir(dirname(file), { recursive: true })
    const { entryBytes, allBytes } = artefact
    let report: Report = {
      format: 1,
      startedAt,
      ...describeCommit(root),
      quick,
      machine: describeMachine(kubernetesVersion),
      artefact: { entryBytes, allBytes, nodeOptions: imageEnvironment['NODE_OPTIONS'] ?? '' },
      surroundings: [],
      figures: [],
    }
    await runBench({
      artefact,
      only,
      sizes: { ...chosen, ...(runs !== undefined && { runs }) },
      signal: stop.signal,
      say,
      async onMeasured(figures, around) {
        console.log(['', ...textTable(figures), ''].join('\n'))
        report = add(report, figures, around)
        await writeFile(file, `${JSON.stringify(report, null, 1)}\n`)
      },
    })
    console.log(
      [...textTable(report.figures), '', describeRun(report), '', relative(process.cwd(), file)].join('\n'),
    )
    return 0
  } catch (error) {
    if (stop.signal.aborted) return 130
    console.error(error instanceof Error ? error.stack : error)
    return 1
  }
}

function nameOf(only: Options['only'], quick: boolean): string {
  const letters = only.size === 8 ? 'full' : [...only].join('')
  return quick ? `quick-${letters}` : letters
}

async function writeReadme(file: string): Promise<void> {
  const readme = join(root, 'README.md')
  const report = parseReport(await readFile(file, 'utf8'))
  const text = await readFile(readme, 'utf8')
  await writeFile(readme, replaceTable(text, relative(root, file), report))
}

function readArguments(): Options {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return readOptions(args)
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}`)
    process.exit(2)
  }
}
