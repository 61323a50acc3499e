// Runs the build tools of @rancher/shell under the project's own Node, and tells what they said when they fail.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** The checkout. */
export const root = join(import.meta.dirname, '../..')

export interface ToolRun {
  /** Relative to the checkout. */
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const tailLines = 60

/** What follows an error of the sources, and says nothing about it: no files to weigh, and webpack's own stack. */
const noise =
  /^(Error parsing bundle asset|No bundles were parsed|Webpack Bundle Analyzer|\s+at .*\/node_modules\/)/

/** @throws Error with the end of the tool's output */
export async function runTool({ command, args, env = {} }: ToolRun): Promise<void> {
  const bin = join(root, 'node_modules/.bin')
  const child = spawn(join(root, command), args, {
    cwd: root,
    // Scripts of the shell look for `node` on the path.
    env: { ...process.env, NODE_ENV: 'production', ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code === 0) return
  const lines = Buffer.concat(output).toString().trimEnd().split('\n')
  const tail = lines
    .filter((line) => !noise.test(line))
    .slice(-tailLines)
    .join('\n')
  throw new Error(`${command} ${args.join(' ')} failed (exit code ${code}):\n${tail}`)
}

/** Calls `progress` every few seconds while `work` runs, and once at its end. */
export async function withProgress(
  what: string,
  progress: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const started = performance.now()
  const seconds = () => Math.round((performance.now() - started) / 1000)
  const timer = setInterval(() => progress(`${what}: building, ${seconds()} s`), 10_000)
  try {
    await work()
    progress(`${what}: built in ${seconds()} s`)
  } finally {
    clearInterval(timer)
  }
}

/** Default progress: a line on standard error. */
export function printProgress(line: string): void {
  process.stderr.write(`${line}\n`)
}
