// Runs short commands of the testbed binary.
import { execFile } from 'node:child_process'
import { ensureBinary } from './binary.ts'
import { childEnvironment } from './server-process.ts'

/** What a command left behind. */
export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

/** How to run a command. */
export interface CommandOptions {
  /** Its home and working directory. */
  home: string
  /** Text for its standard input. */
  stdin?: string
  /** Limit in milliseconds (default 120,000), after which it is killed. */
  timeoutMs?: number
}

/** A command that failed: exit code and output are in the message and on the error. */
export class CommandError extends Error {
  readonly result: CommandResult

  constructor(what: string, result: CommandResult) {
    super(`${what} failed (exit code ${result.code}): ${result.stderr.trim() || result.stdout.trim()}`)
    this.name = 'CommandError'
    this.result = result
  }
}

/** Runs one part of the binary to its end, whatever its exit code; a killed command has the code -1. */
export async function runPart(part: string, args: string[], options: CommandOptions): Promise<CommandResult> {
  const { home, stdin = '', timeoutMs = 120_000 } = options
  const binary = await ensureBinary()
  return new Promise((resolve) => {
    const child = execFile(
      binary,
      [part, ...args],
      { cwd: home, env: childEnvironment(home), timeout: timeoutMs, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
        resolve({ code, stdout, stderr: stderr || (code === -1 ? String(error) : '') })
      },
    )
    // A command that does not read its input closes the pipe; that is no failure of the test.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
  })
}

/** Runs one part and returns its standard output. @throws CommandError on any exit code but 0 */
export async function runPartOrThrow(part: string, args: string[], options: CommandOptions): Promise<string> {
  const result = await runPart(part, args, options)
  if (result.code !== 0) throw new CommandError([part, ...args].join(' '), result)
  return result.stdout
}
