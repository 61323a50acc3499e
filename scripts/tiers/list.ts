import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import type * as binaries from '../../test/testbed/binary.ts'
import type * as promtools from '../../test/testbed/promtool.ts'
import type * as dashboards from '../build/dashboard.ts'
import type * as extension from '../build/extension.ts'
import type * as sizes from '../build/size.ts'
import { runCommands } from './command.ts'
import { runJest } from './jest.ts'
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
  chaos: {
    patterns: ['test/chaos/**/*.test.ts'],
    concurrency: planes,
    timeoutMs: 10 * minute,
    eachFile: true,
  },
  image: { patterns: ['test/image/**/*.test.ts'], concurrency: 1, timeoutMs: 10 * minute, eachFile: true },
  // Each file has a stage of its own: two control planes and a browser.
  e2e: { patterns: ['test/e2e/**/*.test.ts'], concurrency: 1, timeoutMs: 25 * minute, eachFile: true },
} satisfies Record<string, NodeTests>

const bin = (name: string) => `node_modules/${name}`
const commands =
  (...lines: string[][]) =>
  (context: TierContext) =>
    runCommands(lines, context)
const tests = (name: keyof typeof testTiers) => (context: TierContext) =>
  runNodeTests(testTiers[name], context)

/** The tests of the page's parts lie beside them, and belong to the tier `page`. */
export const pageTests = ['pkg/token-registries/**/*.test.ts']

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
  { name: 'page', run: testPage },
  { name: 'build', run: build },
  { name: 'api', needs: ['build'], run: tests('api') },
  { name: 'testbed', needs: ['build'], run: tests('testbed') },
  { name: 'integration', needs: ['build'], run: tests('integration') },
  { name: 'chart', needs: ['build'], run: tests('chart') },
  { name: 'chaos', needs: ['build'], run: tests('chaos') },
  { name: 'image', needs: ['build'], run: tests('image') },
  { name: 'e2e', needs: ['page', 'build'], run: tests('e2e') },
  {
    name: 'demo',
    needs: ['build'],
    onlyInCi: 'runs with CI=true, or as: npm run demo -- --once',
    run: commands(['scripts/demo.ts', '--once']),
  },
]

/** The page's tests, and its bundle, which must build and be small. */
async function testPage(context: TierContext): Promise<Outcome> {
  const outcome = await runJest('pkg/token-registries/jest.config.js', context)
  if (!outcome.ok || context.filter.length > 0) return outcome
  const modules = await Promise.all([
    load<typeof extension>(context, 'scripts/build/extension.ts'),
    load<typeof sizes>(context, 'scripts/build/size.ts'),
  ])
  const [{ ensureExtension }, { describeSize, tooLarge, weigh }] = modules
  const size = await weigh(await ensureExtension((line) => context.progress(`  ${line}`)))
  const lines = describeSize(size)
  context.progress(`  ${lines[0]}`)
  const problems = tooLarge(size)
  return { ...outcome, ok: problems.length === 0, output: [...lines, ...problems, ''].join('\n') }
}

/**
 * What takes minutes the first time, as a tier of its own with progress: Kubernetes and promtool from Go sources, the
 * Dashboard.
 */
async function build(context: TierContext): Promise<Outcome> {
  const progress = (line: string) => context.progress(`  ${line}`)
  const { ensureBinary } = await load<typeof binaries>(context, 'test/testbed/binary.ts')
  const { ensureDashboard } = await load<typeof dashboards>(context, 'scripts/build/dashboard.ts')
  const { ensurePromtool } = await load<typeof promtools>(context, 'test/testbed/promtool.ts')
  const binary = await ensureBinary(progress)
  const promtool = await ensurePromtool(progress)
  return plain(true, `${binary}\n${promtool}\n${await ensureDashboard(progress)}\n`)
}

/** Loaded only by the tiers that use it. */
function load<Module>({ root }: TierContext, path: string): Promise<Module> {
  return import(pathToFileURL(join(root, path)).href) as Promise<Module>
}
