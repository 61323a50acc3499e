// Free ports on loopback.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range that the kernel hands out to clients, so a server that restarts finds its port still free. */
const range = [15_000, 32_000] as const
const given = new Set<number>()

/** A port on 127.0.0.1 that nothing listens on and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(...range)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port on 127.0.0.1 between ${range[0]} and ${range[1]}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
