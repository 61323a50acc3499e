import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server on 127.0.0.1 that can go away and come back on the same port. */
export class Listener {
  readonly #handler: RequestListener
  #server: Server | null = null
  #port: number

  constructor(handler: RequestListener, port = 0) {
    this.#handler = handler
    this.#port = port
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts to listen; does nothing when it does already. */
  async up(): Promise<void> {
    if (this.#server !== null) return
    const server = createServer(this.#handler)
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
  }

  /** Refuses connections from now on and cuts the open ones. */
  async down(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
}
