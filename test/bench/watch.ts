// The bench's own eyes: a watch that is independent of the server's code.
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** Where to watch and as whom. */
export interface Access {
  readonly url: string
  readonly ca: string
  readonly token: string
}

/** An object as a metadata-only watch shows it. */
export interface Seen {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

/** `whole` objects instead of metadata alone. */
export interface WatchOptions {
  readonly selector?: string
  readonly whole?: boolean
}

type Listener<T> = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const metadataListOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** Tells every change of a collection from the moment that `start` resolves; a watch that ends is resumed. */
export class Watch<T extends Seen = Seen> {
  readonly #access: Access
  readonly #path: string
  readonly #options: WatchOptions
  readonly #listener: Listener<T>
  readonly #agent: Agent
  #version = ''
  #closed = false
  #problem: unknown

  private constructor(access: Access, path: string, listener: Listener<T>, options: WatchOptions) {
    this.#access = access
    this.#path = path
    this.#listener = listener
    this.#options = options
    this.#agent = new Agent({ connect: { ca: access.ca }, bodyTimeout: 0 })
  }

  /** @param known is told what was there before, when it is given */
  static async start<T extends Seen = Seen>(
    access: Access,
    path: string,
    listener: Listener<T>,
    options: WatchOptions & { readonly known?: (object: T) => void } = {},
  ): Promise<Watch<T>> {
    const watch = new Watch<T>(access, path, listener, options)
    const response = await watch.#get({ resourceVersion: '0' }, metadataListOnly)
    const list = (await response.body.json()) as { metadata: { resourceVersion: string }; items: T[] | null }
    for (const object of list.items ?? []) options.known?.(object)
    watch.#version = list.metadata.resourceVersion
    const body = await watch.#open()
    watch.#follow(body).catch((error: unknown) => (watch.#problem = error))
    return watch
  }

  /** @throws Error when changes may have been missed */
  check(): void {
    if (this.#problem !== undefined)
      throw new Error(`the watch of ${this.#path} broke`, { cause: this.#problem })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#agent.destroy()
  }

  async #get(query: Record<string, string>, accept: string): ReturnType<typeof request> {
    const { selector, whole } = this.#options
    const all = new URLSearchParams({ ...query, ...(selector !== undefined && { labelSelector: selector }) })
    const response = await request(`${this.#access.url}${this.#path}?${all}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#access.token}`, accept: whole ? 'application/json' : accept },
    })
    if (response.statusCode !== 200) throw new Error(`${this.#path}: HTTP ${response.statusCode}`)
    return response
  }

  async #open(): Promise<AsyncIterable<Buffer>> {
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: this.#version }
    return (await this.#get(query, metadataOnly)).body
  }

  async #follow(first: AsyncIterable<Buffer>): Promise<void> {
    for (let body = first; ; body = await this.#open()) {
      try {
        await this.#read(body)
      } catch (error) {
        if (this.#closed) return
        if (error instanceof EndOfHistory) throw error
        await delay(50)
      }
    }
  }

  async #read(body: AsyncIterable<Buffer>): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#tell(JSON.parse(line) as { type: string; object: T })
    }
  }

  #tell({ type, object }: { type: string; object: T }): void {
    if (type === 'ERROR') throw new EndOfHistory(JSON.stringify(object))
    this.#version = object.metadata.resourceVersion
    if (type !== 'BOOKMARK') this.#listener(type as 'ADDED', object)
  }
}

class EndOfHistory extends Error {}
