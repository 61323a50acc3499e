// A TCP proxy that fails in the ways networks do: cut, silent, or refusing. It never looks into the bytes.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Pair {
  near: Socket
  far: Socket
}

/** A proxy on 127.0.0.1 in front of one port of 127.0.0.1. */
export class TcpProxy {
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  #server: Server | undefined
  #port = 0
  #silent = false
  #rejecting = false
  #accepted = 0
  #rejected = 0
  #silenced = 0
  #bytes = 0

  /** @param target port to forward to */
  constructor(target: number) {
    this.#target = target
  }

  /** Where to connect to; the same over all refuse() and allow(). */
  get port(): number {
    return this.#port
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size
  }

  /** Connections that were broken while `reject` was in force. */
  get rejected(): number {
    return this.#rejected
  }

  /** Connections that `blackhole` caught: those that were open, and those that came. */
  get silenced(): number {
    return this.#silenced
  }

  /** Bytes that came from the target so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Counts from zero again; `open` is no count. */
  resetCounters(): void {
    this.#accepted = 0
    this.#rejected = 0
    this.#silenced = 0
    this.#bytes = 0
  }

  async start(): Promise<this> {
    await this.#listen()
    return this
  }

  /** Breaks all open connections with a reset. New ones are accepted. @returns how many were open */
  cut(): number {
    const open = [...this.#pairs]
    for (const pair of open) this.#end(pair)
    return open.length
  }

  /** Breaks all connections and each new one as soon as it comes, until heal(). Unlike refuse() it counts them. */
  reject(): void {
    this.#rejecting = true
    this.#rejected += this.cut()
  }

  /** Connections stay open and new ones are accepted, but no byte passes any more, in neither direction. */
  blackhole(): void {
    this.#silent = true
    for (const { near, far } of this.#pairs) {
      this.#silenced += 1
      near.pause()
      far.pause()
    }
  }

  /** Ends blackhole(), where what was held back passes, late, and reject(). */
  heal(): void {
    this.#silent = false
    this.#rejecting = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  /** Breaks all connections and refuses new ones, as a host without that server does. */
  async refuse(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve()
      else this.#server.close(() => resolve())
    })
    this.#server = undefined
    this.cut()
    await closed
  }

  /** Ends refuse(). */
  async allow(): Promise<void> {
    if (this.#server === undefined) await this.#listen()
  }

  /** Ends everything. */
  stop(): Promise<void> {
    return this.refuse()
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => this.#forward(near))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  #forward(near: Socket): void {
    this.#accepted += 1
    if (this.#rejecting) {
      this.#rejected += 1
      breakOff(near)
      return
    }
    const pair = { near, far: connect(this.#target, '127.0.0.1') }
    this.#pairs.add(pair)
    this.#pipe(pair, near, pair.far)
    this.#pipe(pair, pair.far, near)
    pair.far.on('data', (chunk) => (this.#bytes += chunk.length))
    if (!this.#silent) return
    this.#silenced += 1
    near.pause()
    pair.far.pause()
  }

  #pipe(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => {
        if (!this.#silent) from.resume()
      })
    })
    from.on('end', () => to.end())
    from.on('error', () => this.#end(pair))
    from.on('close', () => this.#end(pair))
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    breakOff(pair.near)
    breakOff(pair.far)
  }
}

/** By a reset where that is possible: libuv refuses it after end(), and Node then never closes the socket. */
function breakOff(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
