import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type Koa from 'koa'

/** A port that is open. */
export interface Listening {
  /** The port in use; differs from the one asked for when that was 0. */
  readonly port: number
  /** Takes no new connections, lets running requests end, and cuts what is left after `graceMs`. */
  close(): Promise<void>
}

/** Where to listen; `graceMs` is what running requests get at the close, in milliseconds. */
export interface ListenOptions {
  /** undefined = all addresses, IPv6 and IPv4 where the system has them. */
  readonly host: string | undefined
  /** 0 = any free port. */
  readonly port: number
  /** Default 5000. */
  readonly graceMs?: number
}

/** Resolves when the port is open. @throws the system's error (EADDRINUSE, EACCES) with the address in its message. */
export async function listen(app: Koa, { host, port, graceMs = 5_000 }: ListenOptions): Promise<Listening> {
  // Nobody sends us large or slow requests: short limits keep idle and trickling connections from piling up.
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 60_000, maxHeaderSize: 16_384 },
    (request, response) => void handle(request, response),
  )
  const handle = app.callback()
  server.maxConnections = 512
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

  async function close(): Promise<void> {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    await ended
    clearTimeout(cut)
  }
  return { port: (server.address() as AddressInfo).port, close }
}
