// The mode `serve-plugin` as a process of its own, from the sources.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process that serves a bundle. */
export interface PluginProcess {
  readonly pid: number
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string
  /** Everything that it printed so far. */
  output(): string
  /** Asks it to stop. @returns its exit code */
  stop(): Promise<number | null>
}

/** How a process ended that did not start. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

const main = join(import.meta.dirname, '../../../server/main.ts')

/** Arguments and environment beside PATH. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  /** After `serve-plugin`. */
  readonly args?: readonly string[]
  /** Node's own. */
  readonly nodeArgs?: readonly string[]
}

/** Starts it on a free port of this machine. @returns the process, or how it ended before it listened */
export async function startPluginProcess(options: StartOptions): Promise<PluginProcess | Ended> {
  const { env = {}, args = [], nodeArgs = [] } = options
  const child = spawn(process.execPath, [...nodeArgs, main, 'serve-plugin', ...args], {
    env: { PATH: process.env['PATH'] ?? '', HTTP_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const closed = once(child, 'close').finally(() => process.off('exit', kill))
  let output = ''
  const started = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const line = /^.*"msg":"started".*\n/m.exec(output)?.[0]
        if (line !== undefined) resolve((JSON.parse(line) as { httpPort: number }).httpPort)
      })
    }
  })
  const port = await Promise.race([started, closed.then(() => undefined)])
  if (port === undefined) return { code: child.exitCode, output }
  async function stop(): Promise<number | null> {
    child.kill('SIGTERM')
    await closed
    return child.exitCode
  }
  return { pid: child.pid!, origin: `http://127.0.0.1:${port}`, output: () => output, stop }
}

/** As `startPluginProcess`. @throws Error with the output when it ended */
export async function mustStart(options: StartOptions): Promise<PluginProcess> {
  const started = await startPluginProcess(options)
  if ('origin' in started) return started
  throw new Error(`serve-plugin ended with ${started.code}:\n${started.output}`)
}
