// Everything that leaves this machine ends here: a proxy that refuses every request and writes down where it was to go.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the browser tried to reach outside of this machine. Nothing of it was let through. */
export class Outside {
  /** `host:port` or URL of each attempt, in order; also those of the browser itself. */
  readonly attempts: string[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Starts the proxy on a free port of 127.0.0.1. */
  static async open(): Promise<Outside> {
    const server = createServer()
    const outside = new Outside(server)
    server.on('request', (request, response) => {
      outside.attempts.push(request.url ?? '')
      response.writeHead(403).end()
    })
    server.on('connect', (request, socket) => {
      outside.attempts.push(request.url ?? '')
      socket.on('error', () => socket.destroy())
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return outside
  }

  /** Address of the proxy; a browser sends requests to 127.0.0.1 and localhost past it. */
  get proxy(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Attempts that the Dashboard does not make by itself: there should be none. */
  get unexpected(): string[] {
    return this.attempts.filter((attempt) => !dashboardsOwn.has(attempt))
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

/** The Dashboard asks Rancher's public service for news after a login; only Rancher Prime can switch it off. */
const dashboardsOwn = new Set(['updates.rancher.io:443'])
