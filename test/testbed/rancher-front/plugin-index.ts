// The UIPlugins as the controller sees them and the API lists them.

/** `spec.plugin` of a UIPlugin. */
export interface PluginEntry {
  name: string
  version: string
  endpoint?: string
  compressedEndpoint?: string
  noCache?: boolean
  noAuth?: boolean
  metadata?: Record<string, string>
}

/** How far the controller is; Rancher's own words. */
export type CacheState = 'pending' | 'cached' | 'disabled'

/** One line of the index. */
export interface IndexedPlugin extends PluginEntry {
  CacheState: CacheState | ''
  Ready: boolean
}

/** What the API lists, and where the files of what is cached lie. */
export class PluginIndex {
  /** Folder of `<name>/<version>/plugin/…`; empty until the controller has started. */
  folder = ''
  #entries = new Map<string, IndexedPlugin>()

  /** Replaces all entries; of two with the same name the last one counts. */
  replace(entries: Iterable<IndexedPlugin>): void {
    this.#entries = new Map([...entries].map((entry) => [entry.name, entry]))
  }

  /** Changes the state of one entry until the next replace(). */
  mark(name: string, CacheState: CacheState, Ready: boolean): void {
    const entry = this.#entries.get(name)
    if (entry) this.#entries.set(name, { ...entry, CacheState, Ready })
  }

  /** One entry as somebody may see it: without a login only those marked noAuth. */
  find(name: string, loggedIn: boolean): IndexedPlugin | undefined {
    const entry = this.#entries.get(name)
    return loggedIn || entry?.noAuth ? entry : undefined
  }

  /** The answer of /v1/uiplugins. Without entries there is no such key, as in Rancher. */
  list(loggedIn: boolean): { entries?: Record<string, IndexedPlugin> } {
    const entries = [...this.#entries].filter(([name]) => this.find(name, loggedIn)).map(withoutFalse)
    return entries.length > 0 ? { entries: Object.fromEntries(entries) } : {}
  }
}

function withoutFalse([name, { noCache, noAuth, ...entry }]: [string, IndexedPlugin]): [
  string,
  IndexedPlugin,
] {
  return [name, { ...entry, ...(noCache && { noCache }), ...(noAuth && { noAuth }) }]
}
