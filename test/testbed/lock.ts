// A lock between processes: one builds, the others wait for its result.
import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 500

/**
 * Runs `work` while holding the lock file, waiting as long as another living process holds it. The file contains the
 * owner's process id, so a lock whose owner died is taken over. Two waiters may take over the same dead lock at once:
 * `work` must be safe to run twice, the lock only saves the effort.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await acquire(file))) await delay(pollMs)
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function acquire(file: string): Promise<boolean> {
  // Written under another name first, so that nobody ever reads a lock without an owner in it.
  const own = `${file}.${randomUUID()}`
  await writeFile(own, String(process.pid))
  try {
    await link(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(own, { force: true })
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => ''))
  if (owner > 0 && !isAlive(owner)) await rm(file, { force: true })
  return false
}

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
