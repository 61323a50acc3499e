// The shell's development server: the Dashboard with the extension built in, compiled again at every save.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { freePort } from '../../test/testbed/ports.ts'
import { root } from '../build/vue-cli.ts'
import { startOneOrigin } from './one-origin.ts'

/** A running development server. */
export interface DevServer {
  /** The Dashboard, with the final slash. */
  readonly url: string
  stop(): Promise<void>
}

/** What is worth a line, of all that webpack prints. */
const worthALine = /^(ERROR|error |TS\d+:|DONE|WARNING)/

/**
 * Starts it in front of a Rancher and waits until the first compilation is done: about a minute, and 2.5 GB of memory.
 * @param rancher `http://127.0.0.1:<port>`
 * @param print gets a line for each compilation, and errors in the sources
 * @throws Error with the end of its output when it ends
 */
export async function startDevServer(rancher: string, print: (line: string) => void): Promise<DevServer> {
  const port = await freePort()
  const bin = join(root, 'node_modules/.bin')
  const child = spawn(join(bin, 'vue-cli-service'), ['serve', '--port', String(port)], {
    cwd: root,
    env: {
      ...process.env,
      // The shell's own word for development; with another one it looks for its ports and certificates elsewhere.
      NODE_ENV: 'dev',
      API: rancher,
      ROUTER_BASE: '/dashboard/',
      RESOURCE_BASE: '/dashboard/',
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // it starts others, which go with their group
  })
  const end = (): void => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  process.once('exit', end)
  const tail: string[] = []
  const compiled = Promise.withResolvers<void>()
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      for (const line of stripVTControlCharacters(text)
        .split(/[\r\n]+/)
        .map((each) => each.trim())) {
        if (line === '' || /^\[?\d*%?\]?\s*(building|sealing|emitting)/.test(line)) continue
        tail.push(line)
        if (tail.length > 40) tail.shift()
        if (worthALine.test(line)) print(line)
        if (/Compiled successfully|App running at/.test(line)) compiled.resolve()
      }
    })
  }
  child.once('error', (error) => compiled.reject(error))
  void closed.then(() => compiled.reject(new Error(`the development server ended:\n${tail.join('\n')}`)))
  try {
    await compiled.promise
    const origin = await startOneOrigin({ pages: `http://127.0.0.1:${port}`, api: rancher })
    return {
      url: `${origin.url}/dashboard/`,
      async stop() {
        await origin.stop()
        end()
        await closed
        process.off('exit', end)
      },
    }
  } catch (error) {
    end()
    throw error
  }
}
