// Sees every version of the objects of one collection, as administrator and past all proxies. Unlike the recorder of
// the integration tests it lives through restarts of the API server.
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'

export interface Version<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

interface List<T> {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly T[]
}

/** The API server is away, or said that the version is too old. */
const retryMs = 100

export class Observer<T extends KubeObject> {
  readonly versions: Version<T>[] = []
  readonly #plane: Pick<ControlPlane, 'url' | 'ca' | 'adminToken'>
  readonly #path: string
  readonly #present = new Map<string, T>()
  readonly #stop = new AbortController()
  #agent: Agent
  #agentCa: string
  #resourceVersion: string | undefined
  #running: Promise<void> = Promise.resolve()

  private constructor(plane: Pick<ControlPlane, 'url' | 'ca' | 'adminToken'>, path: string) {
    this.#plane = plane
    this.#path = path
    this.#agentCa = plane.ca
    this.#agent = new Agent({ connect: { ca: plane.ca }, bodyTimeout: 0 })
  }

  /** Starts with what is there now. @param path a collection, such as `/api/v1/secrets` */
  static async start<T extends KubeObject>(plane: ControlPlane, path: string): Promise<Observer<T>> {
    const observer = new Observer<T>(plane, path)
    await observer.#list()
    observer.#running = observer.#follow()
    return observer
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#agent.destroy()
    await this.#running
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list()
        await this.#watch(this.#resourceVersion ?? '')
      } catch {
        // The API server is away on purpose, or has forgotten this version: both are what this loop is for.
        if (!signal.aborted) await delay(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #get(query: string): Promise<AsyncIterable<Buffer>> {
    const { url, ca, adminToken } = this.#plane
    if (ca !== this.#agentCa) {
      void this.#agent.destroy()
      this.#agent = new Agent({ connect: { ca }, bodyTimeout: 0 })
      this.#agentCa = ca
    }
    const { statusCode, body } = await request(`${url}${this.#path}${query}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${adminToken}` },
      signal: this.#stop.signal,
    })
    if (statusCode === 200) return body
    await body.dump()
    if (statusCode === 410) this.#resourceVersion = undefined
    throw new Error(`${this.#path}${query}: HTTP ${statusCode}`)
  }

  /** What is no longer listed has been deleted meanwhile. */
  async #list(): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of await this.#get('')) text += decoder.decode(chunk, { stream: true })
    const { metadata, items } = JSON.parse(text) as List<T>
    const listed = new Set(items.map(keyOf))
    for (const [key, object] of [...this.#present]) {
      if (!listed.has(key)) this.#note({ type: 'DELETED', object })
    }
    for (const object of items) {
      const before = this.#present.get(keyOf(object))?.metadata
      if (before?.resourceVersion === object.metadata?.resourceVersion) continue
      this.#note({ type: before === undefined ? 'ADDED' : 'MODIFIED', object })
    }
    this.#resourceVersion = metadata.resourceVersion
  }

  async #watch(resourceVersion: string): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of await this.#get(`?watch=true&resourceVersion=${resourceVersion}`)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#take(JSON.parse(line) as Version<T>)
    }
  }

  #take(event: Version<T> | { type: 'ERROR' }): void {
    if (event.type === 'ERROR') {
      this.#resourceVersion = undefined
      throw new Error('the watch cannot go on')
    }
    this.#note(event)
    this.#resourceVersion = event.object.metadata?.resourceVersion
  }

  #note(version: Version<T>): void {
    this.versions.push(version)
    const key = keyOf(version.object)
    if (version.type === 'DELETED') this.#present.delete(key)
    else this.#present.set(key, version.object)
  }
}

/** With the uid: deleted and made again between two lists are two objects. */
function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}/${metadata?.uid ?? ''}`
}
