import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { glob } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { outcomeOf } from './jest.ts'
import { pageTests, testTiers, tiers } from './list.ts'
import { findTests } from './node-tests.ts'
import { plain, type Tier } from './outcome.ts'
import { runTiers } from './run-tiers.ts'
import { selectTiers } from './select.ts'

const root = join(import.meta.dirname, '../..')

describe('tiers', () => {
  it('hold every test file exactly once', async () => {
    const patterns = [...Object.values(testTiers).map((tier) => tier.patterns), pageTests]
    const placed = (await Promise.all(patterns.map((each) => findTests(root, each)))).flat()
    const all: string[] = []
    const exclude = (name: string) => /^(node_modules|dist|dist-pkg|\.git|\.shell)$/.test(name)
    for await (const file of glob('**/*.test.ts', { cwd: root, exclude })) all.push(file)
    assert.deepEqual(placed.sort(), all.sort())
  })
})

describe('selectTiers', () => {
  const names = (argv: string[], ci = false) => selectTiers(tiers, argv, ci).tiers.map((tier) => tier.name)

  it('takes all, the demo in CI only, and says so', () => {
    assert.ok(!names([]).includes('demo'))
    assert.ok(names([], true).includes('demo'))
    assert.match(selectTiers(tiers, [], false).leftOut.join(), /demo: runs with CI=true/)
    assert.deepEqual(selectTiers(tiers, [], true).leftOut, [])
  })

  it('takes named ones with what they need, in order', () => {
    assert.deepEqual(names(['--only', 'chart,lint']), ['lint', 'build', 'chart'])
    assert.deepEqual(names(['--only', 'e2e']), ['page', 'build', 'e2e'])
    assert.deepEqual(names(['--only', 'demo']), ['build', 'demo'])
    assert.deepEqual(selectTiers(tiers, ['--only', 'unit', 'server/http'], false).filter, ['server/http'])
    assert.throws(() => names(['--only', 'unti']), /no tier "unti"; known are lint, types/)
  })
})

describe('runTiers', () => {
  async function runAll(list: Tier[], ci = false, signal = new AbortController().signal) {
    const lines: string[] = []
    const print = (line: string) => lines.push(line)
    const ok = await runTiers(selectTiers(list, [], ci), { root, ci, signal, print })
    return { ok, text: lines.join('\n'), last: lines.at(-1) }
  }
  const tests = (passed: number, failed: number) => ({
    ok: failed === 0,
    passed,
    failed,
    output: 'the output',
    notRun: [],
  })
  const tier = (name: string, outcome = plain(true, ''), more: Partial<Tier> = {}): Tier => {
    return { name, run: () => Promise.resolve(outcome), ...more }
  }

  it('sums up, and prints the output of failing tiers only', async () => {
    const good = await runAll([tier('a', tests(3, 0)), tier('b', tests(4, 0))])
    assert.equal(good.ok, true)
    assert.equal(good.last, '7 passed, 0 failed')
    assert.doesNotMatch(good.text, /the output/)
    const bad = await runAll([tier('a', tests(3, 2)), tier('b', tests(4, 0))])
    assert.equal(bad.ok, false)
    assert.equal(bad.last, '7 passed, 2 failed')
    assert.match(bad.text, /the output/)
  })

  it('fails by a tier without tests of its own, and goes on', async () => {
    const { ok, text } = await runAll([tier('lint', plain(false, 'no semicolons')), tier('b', tests(1, 0))])
    assert.equal(ok, false)
    assert.match(text, /no semicolons[\s\S]*1 passed/)
  })

  it('does not run what needs a failed tier, and says so', async () => {
    const crashing = { name: 'build', run: () => Promise.reject(new Error('no Go')) }
    const { ok, text } = await runAll([crashing, tier('chart', tests(1, 0), { needs: ['build'] })])
    assert.equal(ok, false)
    assert.match(text, /no Go[\s\S]*did not run:\n {2}chart: build failed/)
  })

  it('lists what was skipped; with CI=true that is a failure', async () => {
    const skipping = { ...tests(1, 0), notRun: ['x.test.ts: y (skipped: no root)'] }
    assert.equal((await runAll([tier('a', skipping)])).ok, true)
    const { ok, text } = await runAll([tier('a', skipping)], true)
    assert.equal(ok, false)
    assert.match(text, /a: x\.test\.ts: y \(skipped: no root\)/)
  })
})

describe('the outcome of jest', () => {
  const file = (status: string, ...statuses: string[]) => ({
    name: join(root, 'pkg/x.test.ts'),
    status,
    assertionResults: statuses.map((each, index) => ({ fullName: `test ${index}`, status: each })),
  })
  const outcome = (success: boolean, ...files: ReturnType<typeof file>[]) => {
    return outcomeOf({ success, testResults: files }, { root, output: 'the output', ended: success })
  }

  it('counts tests, and lists what did not run', () => {
    const good = outcome(
      true,
      file('passed', 'passed', 'passed', 'pending'),
      file('passed', 'passed', 'todo'),
    )
    assert.deepEqual([good.ok, good.passed, good.failed], [true, 3, 0])
    assert.deepEqual(good.notRun, ['pkg/x.test.ts: test 2 (pending)', 'pkg/x.test.ts: test 1 (todo)'])
  })

  it('fails by a failing test and by a file that cannot be loaded', () => {
    const bad = outcome(false, file('failed', 'passed', 'failed'), file('failed'))
    assert.deepEqual([bad.ok, bad.passed, bad.failed, bad.output], [false, 1, 2, 'the output'])
  })

  it('fails when jest does', () => {
    const report = { success: true, testResults: [file('passed', 'passed')] }
    assert.equal(outcomeOf(report, { root, output: '', ended: false }).ok, false)
  })
})

describe('scripts/test.ts', () => {
  /** Runs the real scripts over a checkout with these unit tests. */
  async function runUnit(t: TestContext, files: Record<string, string>, script = 'tools/test.ts') {
    const checkout = await mkdtemp(join(tmpdir(), 'tiers-'))
    t.after(() => rm(checkout, { recursive: true }))
    await cp(join(root, 'scripts/tiers'), join(checkout, 'tools/tiers'), { recursive: true })
    await cp(join(root, 'scripts/test.ts'), join(checkout, 'tools/test.ts'))
    await cp(join(root, 'test/canaries'), join(checkout, 'test/canaries'), { recursive: true })
    await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
    await writeFile(join(checkout, 'package.json'), '{"type":"module"}')
    for (const [name, body] of Object.entries(files)) {
      await mkdir(dirname(join(checkout, name)), { recursive: true })
      await writeFile(join(checkout, name), `import { it, describe, after } from 'node:test'\n${body}`)
    }
    const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env
    return new Promise<{ code: number; output: string }>((resolve) => {
      const args = [join(checkout, script), '--only', 'unit']
      execFile(process.execPath, args, { env, cwd: checkout }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr })
      })
    })
  }

  it('counts tests, subtests and skipped ones over files', async (t) => {
    const { code, output } = await runUnit(t, {
      'server/a.test.ts': `describe('s', () => { it('one', () => {}); it('two', () => {}) }); it.skip('not yet', () => {})`,
      'test/unit/b.test.ts': `it('three', () => { console.log('chatter') })`,
    })
    assert.equal(code, 0, output)
    assert.match(output, /server\/a\.test\.ts: not yet \(skipped: no reason given\)/)
    assert.match(output, /\n3 passed, 0 failed\n$/)
    assert.doesNotMatch(output, /chatter/)
  })

  for (const [name, body, complaint] of [
    [
      'a failing test',
      `it('breaks', () => { throw new Error('because') })`,
      /because[\s\S]*1 passed, 1 failed/,
    ],
    ['a file that cannot be loaded', `throw new Error('because')`, /because[\s\S]*1 passed, 1 failed/],
    [
      'a secret in its output',
      `import { secretValue } from '../test/canaries/marks.ts'
       it('ok', () => console.log(btoa('AWS:' + secretValue('password'))))`,
      /secrets stand in the output of this file: password[\s\S]*2 passed, 1 failed/,
    ],
    ['a file without tests', ``, /holds no test[\s\S]*1 passed, 1 failed/],
    [
      'a failing hook',
      `describe('s', () => { it('ok', () => {}); after(() => { throw new Error('because') }) })`,
      /because[\s\S]*2 passed, 1 failed/,
    ],
    [
      'a late rejection',
      `it('ok', () => {}); setTimeout(() => Promise.reject(new Error('because')), 50)`,
      /because[\s\S]*, [12] failed/,
    ],
  ] as const) {
    it(`fails by ${name}`, async (t) => {
      const good = `it('good', () => {})`
      const { code, output } = await runUnit(t, { 'server/bad.test.ts': body, 'server/good.test.ts': good })
      assert.equal(code, 1, output)
      assert.match(output, complaint)
    })
  }

  it('ends a file that does not end by itself', async (t) => {
    const probe = `
      import { runNodeTests } from './tiers/node-tests.ts'
      const context = { root: process.cwd(), filter: [], signal: new AbortController().signal, progress: console.log }
      const tests = { patterns: ['server/*.test.ts'], concurrency: 1, timeoutMs: 1000, eachFile: true }
      console.log(await runNodeTests(tests, context))`
    const hanging = `it('ok', () => {}); setInterval(() => {}, 1000)`
    const { output } = await runUnit(
      t,
      { 'server/bad.test.ts': hanging, 'tools/probe.ts': probe },
      'tools/probe.ts',
    )
    assert.match(output, /ok: false/)
    assert.match(output, /server\/bad\.test\.ts did not end within 1 s/)
  })

  it('fails without any test', async (t) => {
    const { code, output } = await runUnit(t, {})
    assert.equal(code, 1)
    assert.match(output, /no test file matches server/)
  })
})
