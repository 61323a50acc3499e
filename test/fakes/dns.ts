// A name server on loopback, over UDP: A and AAAA records that a test may change between two questions.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { Resolver } from 'node:dns'
import { once } from 'node:events'
import { isIPv4, type LookupFunction } from 'node:net'

const typeA = 1
const typeAaaa = 28
const aliasOfQuestion = 0xc00c

/** Use startDns. */
export class DnsServer {
  readonly #socket: Socket
  /** Name → its addresses, oldest answer first; the last one stays. */
  readonly #answers = new Map<string, string[][]>()
  /** The questions for IPv4 addresses so far, by name; IPv6 is asked for at the same time. */
  readonly asked: string[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (message, from) => this.#answer(message, from))
  }

  /** Sets what a name has. Several sets are given out one after the other, one for each question. */
  set(name: string, ...answers: readonly (readonly string[])[]): void {
    this.#answers.set(
      name,
      answers.map((each) => [...each]),
    )
  }

  /** Resolves by this server and nothing else, in the form that node:net takes. */
  get lookup(): LookupFunction {
    const resolver = new Resolver({ timeout: 2000, tries: 2 })
    const { port } = this.#socket.address()
    resolver.setServers([`127.0.0.1:${port}`])
    return (hostname, options, callback) => {
      resolver.resolve6(hostname, (_none, v6: string[] = []) => {
        resolver.resolve4(hostname, (error, v4: string[] = []) => {
          const found = [
            ...v6.map((address) => ({ address, family: 6 })),
            ...v4.map((address) => ({ address, family: 4 })),
          ]
          const [first] = found
          if (first === undefined) callback(error ?? new Error('no address'), '')
          else if (options.all === true) callback(null, found)
          else callback(null, first.address, first.family)
        })
      })
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #answer(message: Buffer, { port, address }: RemoteInfo): void {
    const labels: string[] = []
    let at = 12
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.subarray(at + 1, at + 1 + length).toString('latin1'))
      at += 1 + length
    }
    const name = labels.join('.').toLowerCase()
    const type = message.readUInt16BE(at + 1)
    const records = this.#next(name, type).map((each) => record(each))
    const header = Buffer.from(message.subarray(0, 12))
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(records.length, 6)
    header.writeUInt32BE(0, 8)
    this.#socket.send(Buffer.concat([header, message.subarray(12, at + 5), ...records]), port, address)
  }

  #next(name: string, type: number): string[] {
    const answers = this.#answers.get(name) ?? []
    const [current = []] = answers
    if (type !== typeA) return current.filter((each) => type === typeAaaa && !isIPv4(each))
    this.asked.push(name)
    if (answers.length > 1) answers.shift()
    return current.filter((each) => isIPv4(each))
  }
}

/** Starts one on a free port. */
export async function startDns(): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return new DnsServer(socket)
}

function record(address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : bytesOf(address)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(aliasOfQuestion, 0)
  head.writeUInt16BE(isIPv4(address) ? typeA : typeAaaa, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

/** The URL parser knows every spelling and gives back the short one in hexadecimal. */
function bytesOf(address: string): Buffer {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const head = left.split(':').filter((group) => group !== '')
  const tail = (right ?? '').split(':').filter((group) => group !== '')
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  const groups = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0'))
  return Buffer.from(groups.join(''), 'hex')
}
