// Prometheus' own promtool, which knows whether alerts are well-formed and when they fire. Built from source and cached.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { cached, cacheFolder, contentHash } from '../../scripts/build/cached.ts'
import { goBuild } from './go-build.ts'
import { findGo } from './toolchain.ts'

const module = join(import.meta.dirname, 'promtool')
/** Without its ways to find targets in clouds, which are most of what there would be to compile. */
const buildArguments = [
  'build',
  '-v',
  '-tags',
  'remove_all_sd',
  '-trimpath',
  '-buildvcs=false',
  '-ldflags=-s -w',
]
const program = 'github.com/prometheus/prometheus/cmd/promtool'

let building: Promise<string> | undefined

/**
 * Path of promtool; builds it when the cache has none. The first time takes about three minutes on two cores.
 * @param progress gets a line every few seconds while a build runs (default: standard error)
 * @throws Error when there is no Go or the build fails, with the end of the compiler's output
 */
export function ensurePromtool(
  progress: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<string> {
  building ??= findOrBuild(progress).catch((error: unknown) => {
    building = undefined
    throw error
  })
  return building
}

async function findOrBuild(progress: (line: string) => void): Promise<string> {
  const values = [process.platform, process.arch, buildArguments]
  const folder = await cached({
    kind: 'promtool',
    hash: await contentHash(values, module, ['.']),
    build: async (empty) =>
      goBuild(
        {
          name: 'promtool',
          hint: 'building it from source; only the first time takes minutes',
          go: await findGo(cacheFolder('testbed'), progress),
          module,
          arguments: [...buildArguments, '-o', join(empty, 'promtool'), program],
        },
        progress,
      ),
  })
  return join(folder, 'promtool')
}

/** How a run ended, with all that it printed. */
export interface PromtoolRun {
  readonly ok: boolean
  readonly output: string
}

/** Runs promtool to its end. */
export async function promtool(...args: readonly string[]): Promise<PromtoolRun> {
  const command = await ensurePromtool()
  return new Promise((resolve) => {
    execFile(command, [...args], (error, stdout, stderr) =>
      resolve({ ok: error === null, output: stdout + stderr }),
    )
  })
}
