// Slow builds, kept by content in the user's cache folder: outside of the checkout, so that a fresh clone finds them.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { withLock } from '../../test/testbed/lock.ts'

/** How many results of a kind stay: the current one, and the one of another branch. */
const keptVersions = 2
/** Others stay so long after their last use: somebody may be at work with them. */
const inUseMs = 60 * 60 * 1000
const abandonedAfterMs = 24 * 60 * 60 * 1000

/** One kind of build. */
export interface CachedBuild {
  /** Folder in the cache: `testbed`, `dashboard`, `extension`. */
  readonly kind: string
  /** Of everything that the result depends on: 16 hexadecimal digits, from `contentHash`. */
  readonly hash: string
  /** Makes the result in an empty folder. What it throws leaves no trace in the cache. */
  build(folder: string): Promise<void>
}

/** Where results of a kind are kept. */
export function cacheFolder(kind: string): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'token-registries', kind)
}

/**
 * The folder with the result; builds it when the cache has none. Processes that want the same wait for one another.
 * The result is shared by all that ask: never write into it.
 */
export async function cached({ kind, hash, build }: CachedBuild): Promise<string> {
  const root = cacheFolder(kind)
  const folder = join(root, hash)
  if (!existsSync(folder)) {
    await mkdir(root, { recursive: true })
    await withLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await buildAside(folder, build)
    })
    await prune(root)
  }
  const now = new Date()
  await utimes(folder, now, now)
  return folder
}

/** Built under another name: whatever bears the right one is whole. */
async function buildAside(folder: string, build: CachedBuild['build']): Promise<void> {
  const temporary = await mkdtemp(`${folder}.`)
  try {
    await build(temporary)
    await rename(temporary, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function prune(root: string): Promise<void> {
  const names = await readdir(root)
  const dated = await Promise.all(
    names
      .filter((name) => /^[0-9a-f]{16}$/.test(name))
      .map(async (name) => ({ name, usedAt: (await stat(join(root, name))).mtimeMs })),
  )
  const others = dated.sort((a, b) => b.usedAt - a.usedAt).slice(keptVersions)
  const old = others.filter(({ usedAt }) => Date.now() - usedAt > inUseMs)
  for (const { name } of old) await rm(join(root, name), { recursive: true, force: true })
  // What a killed build left: the names of unfinished folders have a dot.
  for (const name of names.filter((entry) => /^[0-9a-f]{16}\.\w{6}$/.test(entry))) {
    const { mtimeMs } = await stat(join(root, name))
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(join(root, name), { recursive: true, force: true })
  }
}

/** Hash of values and of files; a folder stands for all files below it that `keep` takes (default: all). */
export async function contentHash(
  values: readonly unknown[],
  root: string,
  paths: readonly string[],
  keep: (path: string) => boolean = () => true,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(values))
  for (const path of paths) {
    for (const file of (await filesOf(join(root, path))).sort()) {
      const name = relative(root, file)
      if (keep(name)) hash.update(`${name}\0`).update(await readFile(file))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const nested = entries
    .filter((entry) => entry.isDirectory() || entry.isFile())
    .map((entry) => filesOf(join(path, entry.name)))
  return (await Promise.all(nested)).flat()
}
