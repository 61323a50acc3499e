import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { runCommands } from './command.ts'
import { runNodeTests, type NodeTests } from './node-tests.ts'
import { plain, type Outcome, type Tier, type TierContext } from './outcome.ts'

const minute = 60_000

/** Each control plane takes about 600 MiB and most of a core while it starts. */
const planes = Math.min(2, availableParallelism())

/** Where the tests of each tier lie. No test file may lie elsewhere (scripts/tiers/list.test.ts). */
export const testTiers = {
  unit: {
    patterns: [
      'server/**/*.test.ts',
      'test/unit/**/*.test.ts',
      'test/fakes/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    concurrency: availableParallelism(),
    timeoutMs: 3 * minute,
  },
  api: { patterns: ['test/api/**/*.test.ts'], concurrency: planes, timeoutMs: 5 * minute, eachFile: true },
  testbed: {
    patterns: ['test/testbed/**/*.test.ts'],
    concurrency: planes,
    timeoutMs: 10 * minute,
    eachFile: true,
  },
  integration: {
    patterns: ['test/integration/**/*.test.ts', 'test/demo/**/*.test.ts'],
    concurrency: planes,
    timeoutMs: 8 * minute,
    eachFile: true,
  },
  chart: {
    patterns: ['test/chart/**/*.test.ts'],
    concurrency: planes,
    timeoutMs: 10 * minute,
    eachFile: true,
  },
  image: { patterns: ['test/image/**/*.test.ts'], concurrency: 1, timeoutMs: 10 * minute, eachFile: true },
} satisfies Record<string, NodeTests>

const bin = (name: string) => `node_modules/${name}`
const commands =
  (...lines: string[][]) =>
  (context: TierContext) =>
    runCommands(lines, context)
const tests = (name: keyof typeof testTiers) => (context: TierContext) =>
  runNodeTests(testTiers[name], context)

/** In the order in which they run: what fails fastest first. */
export const tiers: readonly Tier[] = [
  {
    name: 'lint',
    run: commands(
      [bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.'],
      [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    ),
  },
  { name: 'types', run: commands([bin('typescript/bin/tsc'), '--noEmit']) },
  { name: 'generated', run: commands(['scripts/generate.ts', '--check']) },
  { name: 'unit', run: tests('unit') },
  { name: 'build', run: buildTestbed },
  { name: 'api', needs: ['build'], run: tests('api') },
  { name: 'testbed', needs: ['build'], run: tests('testbed') },
  { name: 'integration', needs: ['build'], run: tests('integration') },
  { name: 'chart', needs: ['build'], run: tests('chart') },
  { name: 'image', needs: ['build'], run: tests('image') },
  {
    name: 'demo',
    needs: ['build'],
    onlyInCi: 'runs with CI=true, or as: npm run demo -- --once',
    run: commands(['scripts/demo.ts', '--once']),
  },
]

/** The real control plane, from Go sources: minutes the first time, so it is a tier of its own with progress. */
async function buildTestbed({ root, progress }: TierContext): Promise<Outcome> {
  try {
    const module: unknown = await import(pathToFileURL(join(root, 'test/testbed/binary.ts')).href)
    const { ensureBinary } = module as { ensureBinary(progress: (line: string) => void): Promise<string> }
    return plain(true, await ensureBinary((line) => progress(`  ${line}`)))
  } catch (thrown) {
    return plain(false, `${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
  }
}
