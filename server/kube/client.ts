import type { KubeConfig } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'
import { Connections, type ConnectionKind } from './connections.ts'
import { CredentialSource, type Credentials } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { errorOfAnswer, KubeError } from './errors.ts'
import { LineSplitter } from './lines.ts'
import { resourceOfPath } from './paths.ts'
import { requestText, type TextAnswer } from './text-answer.ts'
import { errorOfTransport, isBrokenConnection, isTlsFailure } from './transport-errors.ts'

/** One request to the API server, as `KubeClient.request` sends it. */
export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From `/api` or `/apis` on, without query: see paths.ts. */
  path: string
  query?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  /** Default application/json; for PATCH application/merge-patch+json. */
  contentType?: string
  /** Default application/json. */
  accept?: string
  signal?: AbortSignal
  /** For the whole request with its answer; for a stream until the answer begins. Default 30000. */
  timeoutMs?: number
  /** Called in the same tick as each sending; what it throws ends the request. For writes that only a leader may do. */
  guard?: () => void
}

/** A request whose answer is JSON lines without a known end: a watch. */
export interface KubeStreamRequest extends KubeRequest {
  /** Called when the answer begins and for each chunk, before its lines: to notice a stream that went silent. */
  onBytes?: () => void
}

/**
 * Access to one cluster. It sends once more, with newer credentials, what was refused for the old ones, and a
 * GET whose connection had died while idle; nothing else is tried again here.
 */
export interface KubeClient {
  /** Resolves with the parsed body of a 2xx answer; rejects with KubeError. */
  request<T = unknown>(request: KubeRequest): Promise<T>
  /**
   * A streaming GET: yields parsed JSON lines until the server ends the answer; throws KubeError, also when the
   * connection breaks. Leaving the loop early closes the connection.
   */
  stream(request: KubeStreamRequest): AsyncIterable<unknown>
  /** Cuts all connections, with what runs on them. */
  close(): Promise<void>
}

/** One exchange, for metrics. A request that was sent twice gives two. */
export interface KubeRequestObservation {
  /** The HTTP method, or WATCH. */
  method: string
  /** Such as `secrets` or `serviceaccounts/token`; never a name. */
  resource: string
  /** 0 without an answer. */
  status: number
  /** Until the answer was read; of a watch until it began. */
  durationMs: number
}

/** Size and name of the client, and hooks for metrics and the clock. */
export interface KubeClientOptions {
  /** Connections for requests, beside one per watch. Default 16: more only adds latency (bench-peers). */
  connections?: number
  userAgent?: string
  /** Called once per exchange with the server. */
  onRequest?: (observation: KubeRequestObservation) => void
  /** Called per answer: the server's clock minus ours in milliseconds, good to a second. */
  fetchDateSkew?: (skewMs: number) => void
}

/**
 * A client for the config's current context. It connects with the first request.
 * @throws Error when the config names no cluster, plain http, or a proxy that is not supported
 */
export function createKubeClient(config: KubeConfig, options: KubeClientOptions = {}): KubeClient {
  return new RestClient(config, options)
}

const defaultTimeoutMs = 30_000

/** What all answers have, read to their end or not. */
type Answer = Pick<TextAnswer, 'statusCode' | 'headers'>

/** How a request is sent, and how the text of a refusal is had. */
interface Way<A extends Answer> {
  send(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): Promise<A>
  textOf(answer: A): string | Promise<string>
}

class RestClient implements KubeClient {
  readonly #connections: Connections
  readonly #credentials: CredentialSource
  readonly #options: KubeClientOptions
  readonly #headers: Readonly<Record<string, string>>

  constructor(config: KubeConfig, options: KubeClientOptions) {
    this.#connections = new Connections(config, options.connections ?? 16)
    this.#credentials = new CredentialSource(config)
    this.#options = options
    this.#headers = options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }
  }

  async request<T>(request: KubeRequest): Promise<T> {
    const deadline = new Deadline(request.signal, request.timeoutMs ?? defaultTimeoutMs)
    try {
      const { text } = await this.#exchange(request, 'request', deadline, {
        send: (dispatcher, options) => requestText(dispatcher, options, deadline.signal),
        textOf: (answer) => answer.text,
      })
      return (text === '' ? undefined : parseJson(text, describe(request))) as T
    } finally {
      deadline.close()
    }
  }

  async *stream(request: KubeStreamRequest): AsyncGenerator<unknown> {
    const deadline = new Deadline(request.signal, request.timeoutMs ?? defaultTimeoutMs)
    const what = describe(request)
    try {
      const { body } = await this.#exchange(request, 'watch', deadline, {
        // undici looks at the signal only once it has a connection: without the race a dead path would hold us.
        send: (dispatcher, options) =>
          deadline.race(dispatcher.request({ ...options, signal: deadline.signal })),
        textOf: (answer) => answer.body.text(),
      })
      deadline.stopTimer()
      request.onBytes?.()
      // Closing early destroys the body, which then may emit an error that nobody awaits.
      body.on('error', () => undefined)
      const splitter = new LineSplitter()
      for await (const chunk of body as AsyncIterable<Buffer>) {
        request.onBytes?.()
        for (const line of splitter.push(chunk)) yield parseJson(line, what)
      }
      if (splitter.rest() !== '') {
        throw new KubeError({
          status: 0,
          reason: 'Network',
          message: `${what}: the stream ended within a line`,
        })
      }
    } catch (error) {
      throw errorOfTransport(what, error, request.signal)
    } finally {
      deadline.cancel()
    }
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  /** Sends; once more when the refusal was about credentials, or a GET met a connection that had died while idle. */
  async #exchange<A extends Answer>(
    request: KubeRequest,
    kind: ConnectionKind,
    deadline: Deadline,
    way: Way<A>,
  ): Promise<A> {
    let credentials = this.#credentials.fresh ?? (await this.#loadCredentials(request, deadline))
    for (let first = true; ; first = false) {
      const dispatcher = this.#connections.for(kind, credentials)
      try {
        const options = this.#dispatchOptions(request, credentials.headers)
        return await this.#attempt(request, kind, () => way.send(dispatcher, options), way.textOf)
      } catch (cause) {
        const error = errorOfTransport(describe(request), cause, request.signal)
        if (error.status === 0 && error.reason === 'Timeout') this.#connections.renew(kind, dispatcher)
        if (!first || !isWorthRetrying(request, error)) throw error
        if (isBrokenConnection(error)) continue
        const newer = await deadline.race(this.#credentials.reload(credentials))
        if (newer === credentials) throw error
        credentials = newer
      }
    }
  }

  async #loadCredentials(request: KubeRequest, deadline: Deadline): Promise<Credentials> {
    try {
      return await deadline.race(this.#credentials.current())
    } catch (error) {
      throw errorOfTransport(describe(request), error, request.signal)
    }
  }

  #dispatchOptions(
    request: KubeRequest,
    credentials: Readonly<Record<string, string>>,
  ): Dispatcher.DispatchOptions {
    const headers: Record<string, string> = {
      ...this.#headers,
      ...credentials,
      accept: request.accept ?? 'application/json',
    }
    if (request.body !== undefined) headers['content-type'] = contentTypeOf(request)
    const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`
    return {
      origin: this.#connections.origin,
      path: `${this.#connections.prefix}${request.path}${query}`,
      method: request.method,
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      // The deadline of the request is exact and covers the wait for a connection too.
      headersTimeout: 0,
      bodyTimeout: 0,
    }
  }

  async #attempt<A extends Answer>(
    request: KubeRequest,
    kind: ConnectionKind,
    send: () => Promise<A>,
    textOf: Way<A>['textOf'],
  ): Promise<A> {
    const startedAt = performance.now()
    let status = 0
    request.guard?.()
    try {
      const answer = await send()
      status = answer.statusCode
      this.#reportSkew(answer)
      if (status >= 200 && status < 300) return answer
      throw errorOfAnswer(describe(request), status, await textOf(answer), headerOf(answer, 'retry-after'))
    } finally {
      this.#options.onRequest?.({
        method: kind === 'watch' ? 'WATCH' : request.method,
        resource: resourceOfPath(request.path),
        status,
        durationMs: performance.now() - startedAt,
      })
    }
  }

  #reportSkew(answer: Answer): void {
    if (this.#options.fetchDateSkew === undefined) return
    const serverMs = Date.parse(headerOf(answer, 'date') ?? '')
    if (!Number.isNaN(serverMs)) this.#options.fetchDateSkew(serverMs - Date.now())
  }
}

function describe(request: KubeRequest): string {
  return `${request.method} ${request.path}`
}

function contentTypeOf(request: KubeRequest): string {
  if (request.contentType !== undefined) return request.contentType
  return request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function isWorthRetrying(request: KubeRequest, error: KubeError): boolean {
  if (error.status === 401 || isTlsFailure(error)) return true
  // Anything but a GET may have been carried out: its caller holds preconditions and reads again.
  return request.method === 'GET' && isBrokenConnection(error)
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may be a Secret.
    throw new KubeError({ status: 0, reason: 'BadResponse', message: `${what}: the answer is not JSON` })
  }
}
