// A TLS proxy in front of the real API server that can answer chosen requests itself. For faults that only show in
// HTTP: a page of a list that fails, a watch that is told "too old". What it does not touch is the real server's word.
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as forward } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { issueCertificate } from '../testbed/certificates.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}

/** Answers in the API server's place. */
export interface Fault {
  readonly when: (request: ProxiedRequest) => boolean
  readonly status: number
  /** Sent as JSON. */
  readonly body: unknown
}

export interface ApiProxy {
  readonly url: string
  readonly ca: string
  /** Faults in force; each counts how often it hit. */
  readonly faults: Map<string, Fault & { hits: number }>
  inject(name: string, fault: Fault): void
  heal(name: string): void
  hits(name: string): number
  /** Ends all open watches, as a restarted API server would. */
  cutWatches(): void
  /** A kubeconfig for a token that goes through the proxy. */
  close(): Promise<void>
}

export async function startApiProxy(cp: ControlPlane): Promise<ApiProxy> {
  const files = await issueCertificate({ folder: join(cp.folder, 'proxy-pki'), name: 'proxy' })
  const [cert, key, ca] = await Promise.all([
    readFile(files.certFile),
    readFile(files.keyFile),
    readFile(files.caFile, 'utf8'),
  ])
  const faults = new Map<string, Fault & { hits: number }>()
  const watches = new Set<ServerResponse>()

  const server = createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://proxy')
    const seen = { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams }
    const fault = [...faults.values()].find(({ when }) => when(seen))
    if (fault !== undefined) {
      fault.hits++
      response.writeHead(fault.status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(fault.body)}\n`)
      return
    }
    if (url.searchParams.get('watch') !== null) {
      watches.add(response)
      response.on('close', () => watches.delete(response))
    }
    pass(request, response, cp)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    faults,
    inject: (name, fault) => void faults.set(name, { ...fault, hits: 0 }),
    heal: (name) => void faults.delete(name),
    hits: (name) => faults.get(name)?.hits ?? 0,
    cutWatches: () => watches.forEach((response) => response.destroy()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function pass(request: IncomingMessage, response: ServerResponse, cp: ControlPlane): void {
  const upstream = forward(
    new URL(request.url ?? '/', cp.url),
    { method: request.method, headers: request.headers, ca: cp.ca },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
    },
  )
  upstream.on('error', () => response.destroy())
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}
