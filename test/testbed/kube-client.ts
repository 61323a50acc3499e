// A small client of the API server for tests: plain paths and JSON, any user's token, TLS always verified.
import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from 'undici'
import { request as send } from 'undici'

/** A Kubernetes object, as loosely as tests want it; give a type of @kubernetes/client-node for more. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: {
    name?: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    [field: string]: unknown
  }
  [field: string]: unknown
}

/** An answer of the API server. `body` is the parsed JSON, or the text when it is none. */
export interface KubeResponse<T> {
  status: number
  body: T
}

/** What a patch contains, which decides its content type. */
export type PatchType = 'merge' | 'json' | 'strategic' | 'apply'

const patchTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** A request that was answered with 400 or above; the message is the server's. */
export class KubeRequestError extends Error {
  readonly status: number
  readonly body: unknown

  constructor(what: string, response: KubeResponse<unknown>) {
    const { message } = (response.body ?? {}) as { message?: string }
    super(`${what}: ${response.status} ${message ?? JSON.stringify(response.body)}`)
    this.name = 'KubeRequestError'
    this.status = response.status
    this.body = response.body
  }
}

/** Options of waitFor: `timeoutMs` in milliseconds (default 30,000) and what to call the awaited state. */
export interface WaitOptions {
  timeoutMs?: number
  what?: string
}

/** The API server as seen by one token. */
export class KubeClient {
  readonly #url: string
  readonly #agent: Agent
  readonly #token: string | undefined

  constructor(url: string, agent: Agent, token?: string) {
    this.#url = url
    this.#agent = agent
    this.#token = token
  }

  /**
   * Sends one request and returns whatever comes back, errors of the server included.
   * @param path path with query, such as `/api/v1/namespaces`
   * @param body object (sent as JSON) or text
   * @throws only when there is no answer
   */
  async request<T = KubeObject>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<KubeResponse<T>> {
    const type = method === 'PATCH' ? patchTypes.merge : 'application/json'
    const response = await send(this.#url + path, {
      method: method as 'GET',
      dispatcher: this.#agent,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': type }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.body.text()
    return { status: response.statusCode, body: parse(text) as T }
  }

  /** Reads an object or a list. @throws KubeRequestError */
  get<T = KubeObject>(path: string): Promise<T> {
    return this.#must<T>('GET', path)
  }

  /** Creates an object in the collection at `path`. @throws KubeRequestError */
  create<T = KubeObject>(path: string, object: unknown): Promise<T> {
    return this.#must<T>('POST', `${path}${path.includes('?') ? '&' : '?'}fieldValidation=Strict`, object)
  }

  /** Replaces the object at `path`. @throws KubeRequestError */
  replace<T = KubeObject>(path: string, object: unknown): Promise<T> {
    return this.#must<T>('PUT', path, object)
  }

  /** Patches the object at `path`, as a merge patch unless said otherwise. @throws KubeRequestError */
  patch<T = KubeObject>(path: string, patch: unknown, type: PatchType = 'merge'): Promise<T> {
    return this.#must<T>('PATCH', path, patch, { 'content-type': patchTypes[type] })
  }

  /** Deletes the object or collection at `path`. @throws KubeRequestError */
  delete<T = KubeObject>(path: string): Promise<T> {
    return this.#must<T>('DELETE', path)
  }

  async #must<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    let response = await this.request<T>(method, path, body, headers)
    // "Not now", and nothing was done: so an API server answers for a moment after its start.
    for (let tries = 1; response.status === 429 && tries < 50; tries++) {
      await delay(200)
      response = await this.request<T>(method, path, body, headers)
    }
    if (response.status >= 400) throw new KubeRequestError(`${method} ${path}`, response)
    return response.body
  }

  /**
   * Reads `path` until the predicate holds, and returns that state. An object that is missing and a server that does
   * not answer count as "not yet".
   * @throws Error with the last state seen when the time is over
   */
  async waitFor<T = KubeObject>(
    path: string,
    predicate: (object: T) => boolean,
    options: WaitOptions = {},
  ): Promise<T> {
    const done = ({ status, body }: KubeResponse<unknown>): boolean => status < 400 && predicate(body as T)
    return (await this.#poll(path, done, options)).body as T
  }

  /** Waits until `path` answers 404. @throws Error with the last state seen when the time is over */
  async waitUntilGone(path: string, options: WaitOptions = {}): Promise<void> {
    await this.#poll(path, (response) => response.status === 404, { what: 'its removal', ...options })
  }

  async #poll(
    path: string,
    done: (response: KubeResponse<unknown>) => boolean,
    { timeoutMs = 30_000, what = 'the expected state' }: WaitOptions,
  ): Promise<KubeResponse<unknown>> {
    const deadline = Date.now() + timeoutMs
    let last: unknown = 'nothing yet'
    for (let wait = 20; ; wait = Math.min(wait * 1.5, 300)) {
      try {
        const response = await this.request<unknown>('GET', path)
        if (done(response)) return response
        last = response
      } catch (error) {
        last = error
      }
      if (Date.now() > deadline) {
        const state = last instanceof Error ? last.stack : JSON.stringify(last, null, 2)
        throw new Error(`${path}: waited ${timeoutMs} ms for ${what}; last seen: ${state}`)
      }
      await delay(wait)
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
