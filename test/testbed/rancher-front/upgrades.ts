// Upgrades: Steve's websockets, and the heartbeat of Rancher's old API.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Sessions } from './accounts.ts'
import { sessionOfHeader } from './cookies.ts'
import { forwardUpgrade, refuseUpgrade } from './forward.ts'
import type { ApiRequest, Cluster } from './options.ts'
import { findTarget, normalise } from './routing.ts'

/** The Dashboard gives a silent socket up after 35 seconds. */
const pingMs = 5_000

/** What upgrades need to know. */
export interface UpgradeParts {
  sessions: Sessions
  clusters: ReadonlyMap<string, Cluster>
  requests: ApiRequest[]
}

/** Answers the server's upgrades. @returns what ends all of them */
export function acceptUpgrades(server: Server, parts: UpgradeParts): () => void {
  const open = new Set<Duplex>()
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    // Without a listener a reset by the browser would end the process.
    socket.on('error', () => socket.destroy())
    void answer(request, socket, head).catch((error: Error) => {
      refuseUpgrade(socket, 500)
      process.emitWarning(error)
    })
  })

  async function answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { path, query } = normalise(request.url ?? '/')
    const account = parts.sessions.find(sessionOfHeader(request.headers.cookie))
    const method = request.method ?? 'GET'
    const asked = { method, path, query, host: request.headers.host ?? '', account }
    const record = (status: number): void => {
      parts.requests.push({ method, path, query, status, user: account?.name })
    }
    if (path === '/v3/subscribe' && account) {
      sockets.handleUpgrade(request, socket, head, beat)
      return record(101)
    }
    const found = account ? await findTarget(parts.clusters, asked) : { status: 401 }
    if (found && !('status' in found)) return record(await forwardUpgrade(request, socket, head, found))
    refuseUpgrade(socket, found?.status ?? 404)
    record(found?.status ?? 404)
  }

  return () => {
    for (const socket of open) socket.destroy()
  }
}

/** Rancher's old API has nothing to tell here, but the Dashboard wants to hear that it is alive. */
function beat(socket: WebSocket): void {
  const ping = (): void => socket.send(JSON.stringify({ name: 'ping', data: {} }))
  const timer = setInterval(ping, pingMs)
  socket.on('close', () => clearInterval(timer))
  ping()
}
