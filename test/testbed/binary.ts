// Builds the testbed's one Go binary and caches it by content, so that only the first run after a change waits.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { withLock } from './lock.ts'
import { findGo } from './toolchain.ts'

/** The version that the built API server reports. */
export const kubernetesVersion = 'v1.36.3'

const sources = join(import.meta.dirname, 'go')
const versionPackage = 'k8s.io/component-base/version'
const [gitMajor, gitMinor] = kubernetesVersion.slice(1).split('.')
const linkFlags = [
  '-s -w',
  `-X ${versionPackage}.gitVersion=${kubernetesVersion}`,
  `-X ${versionPackage}.gitMajor=${gitMajor}`,
  `-X ${versionPackage}.gitMinor=${gitMinor}`,
].join(' ')
const buildArguments = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', linkFlags]

/** How many built versions stay in the cache: the current one, and the one of another branch. */
const keptVersions = 2
const progressEveryMs = 5_000
const abandonedAfterMs = 24 * 60 * 60 * 1000

let building: Promise<string> | undefined

/**
 * Path of the built binary; builds it when the cache has none for the present sources. The first build of all takes
 * about ten minutes on two cores and 5 GB of disk, a later one after a change of our own files about a minute.
 * @param progress gets a line every few seconds while a build runs (default: standard error)
 * @throws Error when there is no Go or the build fails, with the end of the compiler's output
 */
export function ensureBinary(progress: (line: string) => void = printProgress): Promise<string> {
  building ??= findOrBuild(progress).catch((error: unknown) => {
    building = undefined
    throw error
  })
  return building
}

async function findOrBuild(progress: (line: string) => void): Promise<string> {
  const root = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'token-registries', 'testbed')
  const folder = join(root, await sourceHash())
  const binary = join(folder, 'testbed')
  if (!existsSync(binary)) {
    await mkdir(root, { recursive: true })
    await withLock(`${folder}.lock`, async () => {
      if (!existsSync(binary)) await build(root, folder, progress)
    })
    await prune(root)
  }
  const now = new Date()
  await utimes(folder, now, now)
  return binary
}

/** The toolchain is part of it through go.mod, which names the version; asking Go would make a cached start need Go. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([process.platform, process.arch, buildArguments]))
  const names = (await readdir(sources)).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name)).sort()
  for (const name of names) hash.update(`${name}\0`).update(await readFile(join(sources, name)))
  return hash.digest('hex').slice(0, 16)
}

async function build(root: string, folder: string, progress: (line: string) => void): Promise<void> {
  const go = await findGo(root, progress)
  const temporary = await mkdtemp(`${folder}.`)
  try {
    await compile(go, join(temporary, 'testbed'), progress)
    await rename(temporary, folder).catch((error: unknown) => {
      if (!existsSync(join(folder, 'testbed'))) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function compile(go: string, output: string, progress: (line: string) => void): Promise<void> {
  const child = spawn(go, [...buildArguments, '-o', output, '.'], {
    cwd: sources,
    env: { GOTOOLCHAIN: 'auto', ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const started = Date.now()
  const tail: string[] = []
  let compiled = 0
  let latest = 'resolving modules'
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^[\w.-]+(\/[^\s:]+)*$/.test(line)) compiled++
    latest = line
    tail.push(line)
    if (tail.length > 30) tail.shift()
  })
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000)
    progress(`testbed: building, ${seconds} s, ${compiled} packages compiled (${latest})`)
  }, progressEveryMs)
  progress('testbed: building the Kubernetes control plane from source; only the first time takes minutes')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearInterval(timer))
  if (code !== 0) throw new Error(`go build failed (exit code ${code}):\n${tail.join('\n')}`)
  progress(`testbed: built in ${Math.round((Date.now() - started) / 1000)} s`)
}

async function prune(root: string): Promise<void> {
  const versions = (await readdir(root)).filter((name) => /^[0-9a-f]{16}$/.test(name))
  const dated = await Promise.all(
    versions.map(async (name) => ({ name, usedAt: (await stat(join(root, name))).mtimeMs })),
  )
  const old = dated.sort((a, b) => b.usedAt - a.usedAt).slice(keptVersions)
  for (const { name } of old) await rm(join(root, name), { recursive: true, force: true })
  // What a killed build left: the names of unfinished folders have a dot.
  for (const name of (await readdir(root)).filter((entry) => /^[0-9a-f]{16}\.\w{6}$/.test(entry))) {
    const { mtimeMs } = await stat(join(root, name))
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(join(root, name), { recursive: true, force: true })
  }
}

function printProgress(line: string): void {
  process.stderr.write(`${line}\n`)
}
