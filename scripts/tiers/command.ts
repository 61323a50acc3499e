import { spawn } from 'node:child_process'
import { plain, type Outcome, type TierContext } from './outcome.ts'

/**
 * Runs commands one after the other under this Node until one fails; nothing is read from standard input.
 *
 * @param commands script and arguments each, relative to the checkout
 */
export async function runCommands(
  commands: readonly (readonly string[])[],
  context: TierContext,
): Promise<Outcome> {
  let output = ''
  for (const command of commands) {
    output += `$ node ${command.join(' ')}\n`
    const ended = await runNode(command, context)
    output += ended.output
    if (ended.code !== 0)
      return plain(false, `${output}exit code ${ended.code ?? 'none, a signal ended it'}\n`)
  }
  return plain(true, output)
}

/** Runs a script with arguments under this Node, to its end. A signal of the context ends it. */
export function runNode(
  command: readonly string[],
  context: Pick<TierContext, 'root' | 'signal'>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...command], {
    cwd: context.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: context.signal,
    killSignal: 'SIGTERM',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
