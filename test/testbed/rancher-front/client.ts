// A client of the front for tests: one person's cookies, requests and websocket, without a browser.
import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { WebSocket } from 'ws'
import type { Rancher } from './options.ts'

/** An answer. `body` is the parsed JSON, or the text when it is none. */
export interface Answer<T> {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: T
}

/** What Steve sends over a websocket. */
export interface SteveMessage {
  name: string
  resourceType?: string
  data?: { id?: string; metadata?: { name?: string; namespace?: string }; [field: string]: unknown }
}

/** Somebody in front of the Dashboard, logged in or not. */
export class RancherClient {
  readonly url: string
  /** The cookie header that is sent; empty when logged out. */
  cookie = ''

  constructor(rancher: Pick<Rancher, 'url'>) {
    this.url = rancher.url
  }

  /** Logs in, and keeps the cookies. @throws Error when the answer is not 200 */
  async logIn(username: string, password: string): Promise<Answer<unknown>> {
    const login = { type: 'localProvider', username, password, responseType: 'cookie' }
    const answer = await this.request('POST', '/v1-public/login', login)
    if (answer.status !== 200) throw new Error(`login of ${username}: ${answer.status}`)
    this.cookie = setCookies(answer)
      .map((cookie) => cookie.split(';')[0])
      .join('; ')
    return answer
  }

  /** Sends one request and returns whatever comes back; redirects are not followed. */
  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const answer = await request(this.url + path, {
      method: method as 'GET',
      headers: {
        accept: 'application/json',
        ...(this.cookie && { cookie: this.cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, headers: answer.headers, body: parsed(text) as T }
  }

  /** The body of a GET. */
  async get<T = unknown>(path: string): Promise<T> {
    return (await this.request<T>('GET', path)).body
  }

  /**
   * The ids of a Steve list, sorted, once there is one: Steve knows a kind a moment after its start.
   * @throws Error with the last answer when that takes longer than 20 seconds
   */
  async ids(path: string): Promise<string[]> {
    const read = (): Promise<{ data?: { id: string }[] }> => this.get(path)
    const { data = [] } = await until(`the list ${path}`, read, (seen) => seen.data !== undefined)
    return data.map(({ id }) => id).sort()
  }

  /**
   * Reads a Steve list until it has exactly these ids: Steve hears of new rights and objects a moment later.
   * @throws Error with the last answer when that takes longer than 20 seconds
   */
  async untilIds(path: string, ids: string[]): Promise<void> {
    const wanted = JSON.stringify([...ids].sort())
    const read = async (): Promise<string> => {
      const { status, body } = await this.request<{ data?: { id: string }[] }>('GET', path)
      return body.data ? JSON.stringify(body.data.map(({ id }) => id).sort()) : `status ${status}`
    }
    await until(`${path} to list ${wanted}`, read, (seen) => seen === wanted)
  }

  /** Opens a websocket. @throws Error that names the status when it is refused */
  async open(path: string, headers: Record<string, string> = {}): Promise<Subscription> {
    const all = { ...(this.cookie && { cookie: this.cookie }), ...headers }
    const socket = new WebSocket(this.url.replace('http', 'ws') + path, { headers: all })
    const subscription = new Subscription(socket)
    await subscription.opened
    return subscription
  }
}

/**
 * Reads until the predicate holds.
 * @throws Error with what was read last when that takes longer than 20 seconds
 */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  predicate: (seen: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const seen = await read()
    if (predicate(seen)) return seen
    if (Date.now() > deadline) throw new Error(`waited 20 s for ${what}; last seen: ${JSON.stringify(seen)}`)
    await delay(25)
  }
}

/** Logs in as one of Rancher's users. */
export async function clientOf(rancher: Rancher, name: string): Promise<RancherClient> {
  const account = rancher.users.get(name)
  if (!account) throw new Error(`no user "${name}"; known: ${[...rancher.users.keys()].join(', ')}`)
  const client = new RancherClient(rancher)
  await client.logIn(name, account.password)
  return client
}

/** The Set-Cookie headers of an answer. */
export function setCookies({ headers }: Answer<unknown>): string[] {
  return [headers['set-cookie'] ?? []].flat()
}

/** A websocket with all messages that came. */
export class Subscription {
  readonly messages: SteveMessage[] = []
  readonly opened: Promise<void>
  readonly closed: Promise<void>
  readonly #socket: WebSocket
  #wake: () => void = () => undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => this.#wake())
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString('utf8')) as SteveMessage)
      this.#wake()
    })
  }

  /** Asks for the changes of a type, in Steve's words: `{ resourceType, namespace?, mode? }`. */
  send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }

  /**
   * The first message, past or to come, for which the predicate holds.
   * @throws Error with the messages that came when there is none within `timeoutMs` milliseconds
   */
  async find(predicate: (message: SteveMessage) => boolean, timeoutMs = 20_000): Promise<SteveMessage> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = this.messages.find(predicate)
      if (found) return found
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`waited ${timeoutMs} ms; messages: ${JSON.stringify(this.messages)}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, left)
      this.#wake = resolve
      await promise.finally(() => clearTimeout(timer))
    }
  }

  /** Closes it and waits until it is closed. */
  async close(): Promise<void> {
    this.#socket.close()
    await this.closed
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
