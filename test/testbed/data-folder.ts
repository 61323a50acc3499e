// Temporary folders of the testbed, and the removal of those that a killed process left behind.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardFolder, releaseFolder } from './cleanup.ts'
import { isAlive } from './lock.ts'

const prefix = 'token-registries-testbed-'
const keepMark = 'KEEP'
/** A younger folder may belong to a process of another container that shares this folder but not its process ids. */
const sweepAfterMs = 60 * 60 * 1000

/** A temporary folder and its removal. */
export interface DataFolder {
  path: string
  /** Removes it, or leaves it when it was made to be kept. */
  remove(): Promise<void>
}

/**
 * Makes an own temporary folder, removed when this process ends at the latest.
 * @param keep leaves it on disk, to look at afterwards (also by the environment variable TESTBED_KEEP=1)
 */
export async function makeDataFolder(keep = process.env.TESTBED_KEEP === '1'): Promise<DataFolder> {
  await sweep()
  const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  if (keep) await writeFile(join(path, keepMark), '')
  else guardFolder(path)
  return {
    path,
    remove: async () => {
      if (keep) return
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      releaseFolder(path)
    },
  }
}

async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (!owner || isAlive(owner)) continue
    const path = join(tmpdir(), name)
    const modified = await stat(path).then(
      (found) => found.mtimeMs,
      () => Infinity,
    )
    const kept = await stat(join(path, keepMark)).then(
      () => true,
      () => false,
    )
    if (!kept && Date.now() - modified > sweepAfterMs) await rm(path, { recursive: true, force: true })
  }
}
