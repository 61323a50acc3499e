// Every version that a watch of the API server showed, so that a short-lived state cannot be missed between two reads.
import { Agent, request } from 'undici'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { KubeObject } from '../testbed/kube-client.ts'
import { eventually } from './harness.ts'

export interface Version<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

interface List<T> {
  metadata: { resourceVersion: string }
  items: T[]
}

/** Records all versions of the objects of one collection, oldest first, from the moment it was started. */
export class Recorder<T extends KubeObject> {
  readonly #versions: Version<T>[] = []
  readonly #agent: Agent
  #closed = false
  #broken: unknown

  private constructor(ca: string) {
    this.#agent = new Agent({ connect: { ca }, bodyTimeout: 0 })
  }

  /** Starts to record a collection, such as `/api/v1/secrets`, as administrator. */
  static async start<T extends KubeObject>(cp: ControlPlane, path: string): Promise<Recorder<T>> {
    const recorder = new Recorder<T>(cp.ca)
    const list = await cp.admin.get<List<T>>(path)
    for (const object of list.items) recorder.#versions.push({ type: 'ADDED', object })
    const response = await request(
      `${cp.url}${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
      { dispatcher: recorder.#agent, headers: { authorization: `Bearer ${cp.adminToken}` } },
    )
    if (response.statusCode !== 200) throw new Error(`watch of ${path}: HTTP ${response.statusCode}`)
    recorder.#read(response.body).catch((error: unknown) => {
      if (!recorder.#closed) recorder.#broken = error
    })
    return recorder
  }

  async #read(body: AsyncIterable<Buffer>): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#versions.push(JSON.parse(line) as Version<T>)
    }
    throw new Error('the watch ended')
  }

  /** What was seen so far, of all objects. */
  get all(): readonly Version<T>[] {
    if (this.#broken !== undefined) throw new Error('the recording broke off', { cause: this.#broken })
    return this.#versions
  }

  /** The versions of one object, deletions included. */
  of(namespace: string, name: string): Version<T>[] {
    return this.all.filter(
      ({ object: { metadata } }) => metadata?.namespace === namespace && metadata.name === name,
    )
  }

  /** Waits for a version of one object that fits, among those after the first `after` ones. */
  async until(
    namespace: string,
    name: string,
    what: string,
    fits: (object: T) => boolean,
    after = 0,
  ): Promise<T> {
    const find = (): T | undefined =>
      this.of(namespace, name)
        .slice(after)
        .find(({ type, object }) => type !== 'DELETED' && fits(object))?.object
    return eventually(`${namespace}/${name}: ${what}`, find, () =>
      JSON.stringify(this.of(namespace, name).at(-1)?.object ?? 'nothing', null, 1),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#agent.destroy()
  }
}
