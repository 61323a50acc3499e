// A TLS proxy in front of the real API server that can do to chosen requests what networks, load balancers and servers
// in trouble do. For faults that only show in HTTP: a page of a list that fails, a watch that is told "too old", an
// answer that gets lost. What it does not touch is the real server's word.
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as forward, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { resourceOfPath } from '../../server/kube/paths.ts'
import { issueCertificate } from '../testbed/certificates.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { FaultBook, type Effect, type Fault, type ProxiedRequest } from './api-faults.ts'

export type { Effect, Fault, ProxiedRequest } from './api-faults.ts'
export { errorEvent, refusal } from './api-faults.ts'

interface OpenWatch {
  readonly request: ProxiedRequest
  readonly response: ServerResponse
}

/** Use startApiProxy. */
export class ApiProxy {
  /** The authority of its certificate, PEM; another one after rotateCertificate(). */
  ca: string
  /** Faults in force; `inject`, `heal`, `hits` and `held` are theirs. */
  readonly faults = new FaultBook()
  readonly #plane: Pick<ControlPlane, 'url' | 'ca' | 'folder'>
  readonly #server: Server
  #rotations = 0
  readonly #watches = new Set<OpenWatch>()

  constructor(plane: Pick<ControlPlane, 'url' | 'ca' | 'folder'>, { ca, ...certificate }: Identity) {
    this.#plane = plane
    this.ca = ca
    this.#server = createServer(certificate, (request, response) => {
      // Whatever breaks here breaks this exchange, as it would on the way.
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  inject(name: string, fault: Fault): void {
    this.faults.inject(name, fault)
  }

  heal(name: string): void {
    this.faults.heal(name)
  }

  hits(name: string): number {
    return this.faults.hits(name)
  }

  held(name: string): number {
    return this.faults.held(name)
  }

  /** Ends open watches, all or those that fit, as a restarted API server would. @returns how many */
  cutWatches(when: (request: ProxiedRequest) => boolean = () => true): number {
    const cut = [...this.#watches].filter(({ request }) => when(request))
    for (const { response } of cut) response.destroy()
    return cut.length
  }

  /**
   * Shows a certificate of a new authority from now on, and breaks all connections, so that it is seen. Who trusts the
   * old authority alone can no longer connect; what to trust instead is in `ca`.
   */
  async rotateCertificate(): Promise<void> {
    this.#rotations++
    const { ca, ...certificate } = await issueIdentity(this.#plane.folder, `proxy-pki-${this.#rotations}`)
    this.ca = ca
    this.#server.setSecureContext(certificate)
    this.#server.closeAllConnections()
  }

  close(): Promise<void> {
    this.faults.healAll()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://proxy')
    const seen: ProxiedRequest = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      resource: resourceOfPath(url.pathname),
    }
    const hit = this.faults.take(seen)
    switch (hit?.effect.kind) {
      case 'answer':
        return answer(response, hit.effect)
      case 'cut':
        response.destroy()
        return
      case 'hold':
        return this.#passLate(request, response, url, hit)
      case 'delay':
        await delay(hit.effect.ms)
        break
      case 'withoutBookmarks':
        url.searchParams.delete('allowWatchBookmarks')
        break
      default:
        break
    }
    if (response.destroyed) return // its sender has given up
    this.#pass({ request, response, seen, url, effect: hit?.effect })
  }

  /** What is on its way arrives, whether its sender is still there or not. */
  async #passLate(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    { healed, whole }: { readonly healed: Promise<void>; readonly whole: () => void },
  ): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    whole()
    await healed
    const upstream = forward(
      new URL(url.pathname + url.search, this.#plane.url),
      { method: request.method, headers: request.headers, ca: this.#plane.ca },
      (received) => {
        if (response.destroyed) return received.resume()
        response.writeHead(received.statusCode ?? 502, received.headers)
        return received.pipe(response)
      },
    )
    upstream.on('error', () => response.destroy())
    upstream.end(Buffer.concat(chunks))
  }

  #pass({ request, response, seen, url, effect }: Exchange): void {
    const upstream = forward(
      new URL(url.pathname + url.search, this.#plane.url),
      { method: request.method, headers: request.headers, ca: this.#plane.ca },
      (received) => {
        if (effect?.kind === 'loseAnswer') {
          received.resume().once('end', () => response.destroy())
          return
        }
        if (effect?.kind === 'truncate') {
          void truncate(received, response, effect.clean).catch(() => response.destroy())
          return
        }
        response.writeHead(received.statusCode ?? 502, received.headers)
        response.flushHeaders()
        if (seen.query.get('watch') === null) received.pipe(response)
        else this.#relayWatch(seen, received, response)
        // An answer that the API server breaks off must not look as if it were complete.
        received.on('error', () => response.destroy())
      },
    )
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  /** Once silent, a watch stays so for good: what it has missed would be missing in the middle. */
  #relayWatch(request: ProxiedRequest, received: IncomingMessage, response: ServerResponse): void {
    const watch = { request, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
    let silent = false
    received.on('data', (chunk: Buffer) => {
      silent = this.faults.mutes(request) || silent
      if (!silent) response.write(chunk)
    })
    received.on('end', () => {
      if (!silent) response.end()
    })
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly seen: ProxiedRequest
  readonly url: URL
  readonly effect: Effect | undefined
}

/** Starts a proxy in front of a control plane, on a free port and with an authority of its own. */
export async function startApiProxy(cp: Pick<ControlPlane, 'url' | 'ca' | 'folder'>): Promise<ApiProxy> {
  return new ApiProxy(cp, await issueIdentity(cp.folder, 'proxy-pki')).listen()
}

/** A certificate with its key and authority, PEM. */
interface Identity {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca: string
}

async function issueIdentity(folder: string, name: string): Promise<Identity> {
  const files = await issueCertificate({ folder: join(folder, name), name: 'proxy' })
  const [cert, key, ca] = await Promise.all([
    readFile(files.certFile),
    readFile(files.keyFile),
    readFile(files.caFile, 'utf8'),
  ])
  return { cert, key, ca }
}

function answer(response: ServerResponse, effect: Extract<Effect, { kind: 'answer' }>): void {
  response.writeHead(effect.status, { 'content-type': 'application/json', ...effect.headers })
  response.end(`${JSON.stringify(effect.body)}\n`)
}

/** Half of a body, either as if it were all or with the connection broken in the middle. */
async function truncate(received: IncomingMessage, response: ServerResponse, clean: boolean): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of received) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const half = body.subarray(0, Math.floor(body.length / 2))
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = received.headers
  response.writeHead(received.statusCode ?? 502, {
    ...headers,
    'content-length': clean ? half.length : body.length,
  })
  if (clean) response.end(half)
  else response.write(half, () => response.destroy())
}
