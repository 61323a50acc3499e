// The door to every command: plain JavaScript for Node 20 and newer, without dependencies, so that it can say what is
// missing before anything is installed. The work itself runs in TypeScript under the project's own Node 24.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProblems } from './run/requirements.mjs'
import { installPackages, packagesAreCurrent } from './run/packages.mjs'
import { runForwardingSignals } from './run/spawn.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * `testbed` = needs the real control plane, which is built from Go sources the first time; `page` = needs the Rancher
 * Dashboard, built from the shell's sources the first time.
 */
const commands = {
  demo: {
    script: 'scripts/demo.ts',
    testbed: true,
    page: true,
    about: 'a real control plane, the server and a pull, to look at',
  },
  test: {
    script: 'scripts/test.ts',
    testbed: true,
    page: true,
    about: 'all tests; -- --only TIER[,TIER] for some',
  },
  unit: {
    script: 'scripts/test.ts',
    args: ['--only', 'unit'],
    about: 'the tests that need no control plane',
  },
  integration: {
    script: 'scripts/test.ts',
    args: ['--only', 'integration'],
    testbed: true,
    about: 'the server on it',
  },
  chart: { script: 'scripts/test.ts', args: ['--only', 'chart'], testbed: true, about: 'the chart on it' },
  chaos: {
    script: 'scripts/chaos.ts',
    testbed: true,
    about: 'the fault matrix; -- --seed N --only ROW,ROW --short --times N --mutants --planted',
  },
  generate: { script: 'scripts/generate.ts', about: 'CRDs, form description and reference from the schemas' },
  check: {
    script: 'scripts/test.ts',
    args: ['--only', 'lint,types,generated,unit'],
    about: 'lint, types, generated files, unit tests',
  },
  page: {
    script: 'scripts/test.ts',
    args: ['--only', 'page'],
    about: "the tests of the page's parts, and the size of its bundle",
  },
  extension: { script: 'scripts/extension.ts', about: 'the bundle that Rancher loads' },
  dashboard: {
    script: 'scripts/dashboard.ts',
    testbed: true,
    page: true,
    about: 'the Rancher Dashboard with the page, to work on it',
  },
  e2e: {
    script: 'scripts/test.ts',
    args: ['--only', 'e2e'],
    testbed: true,
    page: true,
    about: 'the page in a real browser',
  },
  screenshots: {
    script: 'test/e2e/screenshots.ts',
    testbed: true,
    page: true,
    about: 'the images of the documentation',
  },
  bench: {
    script: 'scripts/bench.ts',
    testbed: true,
    about: 'how fast and how small it is, beside references; -- --help',
  },
  image: { script: 'scripts/image.ts', about: 'the OCI image, without a container engine' },
  start: { script: 'server/main.ts', about: 'the server: -- --kubeconfig FILE --context NAME' },
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (!command) {
    const lines = Object.entries(commands).map(([known, { about }]) => `  ${known.padEnd(12)} ${about}`)
    console.error(`usage: node scripts/run.mjs COMMAND [arguments]\n\n${lines.join('\n')}`)
    return name === undefined || name === '--help' ? 0 : 2
  }

  const { missing, notes } = findProblems({
    root,
    testbed: command.testbed === true,
    page: command.page === true,
  })
  if (missing.length > 0) {
    console.error(`"npm run ${name}" cannot start, this is missing:\n`)
    for (const { what, remedy } of missing) console.error(`  - ${what}\n    ${remedy}`)
    console.error('\nThen run the same command again.')
    return 1
  }
  for (const note of notes) console.error(note)

  if (!packagesAreCurrent(root)) {
    const code = await installPackages(root)
    if (code !== 0) return code
  }
  if (!existsSync(join(root, command.script))) {
    console.error(`${command.script} does not exist in this checkout`)
    return 1
  }
  return runForwardingSignals(
    join(root, 'node_modules/.bin/node'),
    [command.script, ...(command.args ?? []), ...args],
    {
      cwd: root,
      stdio: 'inherit',
    },
  )
}

process.exitCode = await main(process.argv.slice(2))
