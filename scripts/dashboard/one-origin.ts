// Puts a development server and Rancher behind one address, so that the Dashboard's requests stay on its own origin.
import { once } from 'node:events'
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** Two servers on this machine. */
export interface OneOriginOptions {
  /** `http://127.0.0.1:<port>` of the development server: gets /dashboard/ and its own websocket /ws. */
  readonly pages: string
  /** `http://127.0.0.1:<port>` of Rancher: gets everything else. It must build its links from the Host header. */
  readonly api: string
  /** Default: any free one. */
  readonly port?: number
}

/** Listens on 127.0.0.1. @returns its address, and what stops it */
export async function startOneOrigin(
  options: OneOriginOptions,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const open = new Set<Duplex>()
  const server = createServer((request, response) => relay(request, response, options))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    relayUpgrade(request, socket, head, options)
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      server.closeAllConnections()
      await closed
    },
  }
}

function targetOf(
  { method, url = '/', headers }: IncomingMessage,
  options: OneOriginOptions,
): RequestOptions {
  const isPage = url === '/' || url === '/ws' || url.startsWith('/dashboard')
  const { hostname, port } = new URL(isPage ? options.pages : options.api)
  // With the Host header as it came: Rancher's links lead back here.
  return { hostname, port, method, path: url, headers }
}

function relay(request: IncomingMessage, response: ServerResponse, options: OneOriginOptions): void {
  if (request.url === '/v1/uiplugins') {
    // The extension is built in; the installed one would be a second of the same name.
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    return
  }
  const outgoing = send(targetOf(request, options), (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', (error) => {
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' })
    response.end(`not reachable: ${error.message}`)
  })
  response.on('close', () => outgoing.destroy())
  request.pipe(outgoing)
}

function relayUpgrade(
  request: IncomingMessage,
  browser: Duplex,
  head: Buffer,
  options: OneOriginOptions,
): void {
  const outgoing = send(targetOf(request, options))
  outgoing.on('upgrade', (answer, server: Duplex, serverHead: Buffer) => {
    browser.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(answer)}\r\n`)
    browser.write(serverHead)
    server.write(head)
    server.on('error', () => browser.destroy())
    server.on('close', () => browser.destroy())
    browser.on('close', () => server.destroy())
    browser.pipe(server).pipe(browser)
  })
  outgoing.on('response', (answer) => {
    browser.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    answer.resume()
  })
  outgoing.on('error', () => browser.destroy())
  outgoing.end()
}

function headerLines({ rawHeaders }: IncomingMessage): string {
  const lines: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`)
  return lines.join('')
}
