import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { packagesAreCurrent, pathWithoutPackages } from './packages.mjs'
import { findProblems } from './requirements.mjs'

const good = {
  platform: 'linux-x64',
  node: '20.11.0',
  npm: '10.2.4',
  go: 'go version go1.21.6 linux/amd64',
  pip: undefined as string | undefined,
  freeBytes: 20e9,
  memoryBytes: 8e9,
  processors: 2,
  packages: true,
  testbedBuilt: false,
  dashboardBuilt: false,
  browser: false,
}
const whatIsMissing = (seen: Partial<typeof good>, testbed = true, page = false) =>
  findProblems({ root: '/nowhere', testbed, page }, { ...good, ...seen }).missing.map(({ what }) => what)

describe('findProblems', () => {
  it('finds none on a good machine and says how long the first run takes', () => {
    const { missing, notes } = findProblems({ root: '/nowhere', testbed: true }, { ...good, packages: false })
    assert.deepEqual(missing, [])
    assert.match(notes.join(), /about 11 min longer/)
    assert.deepEqual(
      findProblems({ root: '/nowhere', testbed: true }, { ...good, testbedBuilt: true }).notes,
      [],
    )
  })

  it('counts the build of the Dashboard where a page is shown', () => {
    const wanted = { root: '/nowhere', testbed: true, page: true }
    assert.match(findProblems(wanted, good).notes.join(), /about 13 min longer: .*Kubernetes.*Dashboard/)
    const built = { ...good, testbedBuilt: true, dashboardBuilt: true }
    assert.deepEqual(findProblems(wanted, built).notes, [])
  })

  it('asks for a browser only where npm has none', () => {
    assert.deepEqual(whatIsMissing({}, true, true), [])
    const mac = { platform: 'darwin-arm64' }
    assert.match(whatIsMissing(mac, true, true).join(), /Chromium/)
    assert.deepEqual(whatIsMissing({ ...mac, browser: true }, true, true), [])
    assert.deepEqual(whatIsMissing(mac, true, false), [])
  })

  it('names everything at once', () => {
    const empty = { node: '18.0.0', npm: '', go: '', freeBytes: 1e8, memoryBytes: 1e9 }
    assert.equal(whatIsMissing(empty).length, 5)
  })

  it('takes pip for Go, and asks for neither when nothing is to be built', () => {
    assert.deepEqual(whatIsMissing({ go: '', pip: 'pip 23' }), [])
    assert.deepEqual(whatIsMissing({ go: '' }, false), [])
    assert.deepEqual(whatIsMissing({ go: '', testbedBuilt: true }), [])
    assert.match(whatIsMissing({ go: 'go version go1.19.8 linux/amd64' }).join(), /this is 1\.19/)
  })

  it('looks at this machine', () => {
    assert.deepEqual(findProblems({ root: join(import.meta.dirname, '../..'), testbed: false }).missing, [])
  })
})

describe('packagesAreCurrent', () => {
  const wanted = {
    '': { version: '1' },
    a: { version: '1', integrity: 'x' },
    b: { version: '1', optional: true },
  }

  async function checkout(t: TestContext, installed: object | undefined) {
    const root = await mkdtemp(join(tmpdir(), 'run-'))
    t.after(() => rm(root, { recursive: true }))
    await mkdir(join(root, 'node_modules/.bin'), { recursive: true })
    await writeFile(join(root, 'node_modules/.bin/node'), '')
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }))
    if (installed) {
      await writeFile(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }))
    }
    return root
  }

  for (const [name, installed, current] of [
    ['the same, without an optional one', { a: wanted.a }, true],
    ['another version', { a: { version: '2', integrity: 'y' } }, false],
    ['one missing', { b: wanted.b }, false],
    ['an optional one in another version', { a: wanted.a, b: { version: '2' } }, false],
    ['nothing, or an interrupted install', undefined, false],
  ] as const) {
    it(`${current ? 'takes' : 'refuses'} ${name}`, async (t) => {
      assert.equal(packagesAreCurrent(await checkout(t, installed)), current)
    })
  }
})

describe('run.mjs', () => {
  /** A checkout with the real scripts and a stand-in for Node 24 that runs `script` as the command. */
  async function checkout(t: TestContext, script: string) {
    const root = await mkdtemp(join(tmpdir(), 'run-'))
    t.after(() => rm(root, { recursive: true }))
    await cp(import.meta.dirname, join(root, 'scripts/run'), { recursive: true })
    await cp(join(import.meta.dirname, '../run.mjs'), join(root, 'scripts/run.mjs'))
    await mkdir(join(root, 'node_modules/.bin'), { recursive: true })
    await mkdir(join(root, 'server'))
    await writeFile(join(root, 'server/main.ts'), '')
    await writeFile(join(root, 'node_modules/.bin/node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
      await writeFile(join(root, file), '{"packages":{}}')
    }
    return (...args: string[]) => spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...args])
  }

  async function ended(child: ReturnType<typeof spawn>) {
    let output = ''
    child.stdout?.on('data', (data) => (output += String(data)))
    child.stderr?.on('data', (data) => (output += String(data)))
    const [code] = (await once(child, 'close')) as [number]
    return { code, output }
  }

  it('hands on arguments and the exit code', async (t) => {
    const run = await checkout(t, 'echo "$@"; exit 7')
    assert.deepEqual(await ended(run('start', '--context', 'a b')), {
      code: 7,
      output: 'server/main.ts --context a b\n',
    })
  })

  it('hands on signals', async (t) => {
    const run = await checkout(t, 'trap "echo stopped; exit 3" TERM; echo up; while :; do sleep 0.05; done')
    const child = run('start')
    child.stdout.once('data', () => child.kill('SIGTERM'))
    assert.deepEqual(await ended(child), { code: 3, output: 'up\nstopped\n' })
  })

  it('lists the commands when it gets none or an unknown one', async (t) => {
    const run = await checkout(t, 'exit 9')
    assert.match((await ended(run())).output, /demo .*\n {2}test /)
    assert.equal((await ended(run('tset'))).code, 2)
    assert.equal((await ended(run('toString'))).code, 2)
  })
})

describe('pathWithoutPackages', () => {
  it('drops what npm put in front', () => {
    assert.equal(pathWithoutPackages('/a/node_modules/.bin:/usr/bin:/bin'), '/usr/bin:/bin')
  })
})
