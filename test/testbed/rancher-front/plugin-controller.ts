// Rancher's controller of UIPlugins: fetches what they name, tells in their status how it went, tries again later.
import type { KubernetesObject } from '@kubernetes/client-node'
import { download, isCached, removeCached, removeUnlisted, type DownloadContext } from './plugin-download.ts'
import type { CacheState, PluginEntry, PluginIndex } from './plugin-index.ts'

/** The status of a UIPlugin; null removes a field. */
export interface PluginStatus {
  cacheState?: CacheState
  ready?: boolean
  error?: string
  observedGeneration?: number
  retryNumber?: number
  retryAt?: string | null
}

/** A UIPlugin of catalog.cattle.io/v1. */
export interface UIPlugin extends KubernetesObject {
  spec: { plugin: PluginEntry }
  status?: PluginStatus
}

/** First and longest wait after a failure, in milliseconds; each is about twice the one before. */
export interface Retry {
  minMs: number
  maxMs: number
}

/** Rancher's own. */
export const usualRetry: Retry = { minMs: 10_000, maxMs: 30 * 60_000 }

/** What the controller works with. */
export interface ControllerParts {
  /** All UIPlugins as last seen. */
  list: () => readonly UIPlugin[]
  index: PluginIndex
  context: DownloadContext
  retry: Retry
  /** Why an attempt failed; the status says the same few words for every reason. */
  log: (line: string) => void
  /** Merges into the status; resolves with the object, or undefined when it is gone. */
  writeStatus: (name: string, status: PluginStatus) => Promise<UIPlugin | undefined>
}

/** Looks at one plugin at a time. */
export class PluginController {
  readonly #parts: ControllerParts
  readonly #retries = new Map<string, NodeJS.Timeout>()
  /** What was written last, by uid: the watch tells of it only later. */
  readonly #written = new Map<string | undefined, UIPlugin>()
  #work: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: ControllerParts) {
    this.#parts = parts
  }

  /** To be called for each plugin that came, changed or went. */
  enqueue({ metadata }: KubernetesObject): void {
    const name = metadata?.name ?? ''
    this.#work = this.#work
      .then(() => (this.#stopped ? undefined : this.#look(name)))
      .catch((error: unknown) => this.#parts.log(`UIPlugin ${name}: ${reasonOf(error)}`))
  }

  /** Ends the retries and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const name of [...this.#retries.keys()]) this.#forgetRetry(name)
    await this.#work
  }

  async #look(name: string): Promise<void> {
    const plugins = this.#parts.list().map((seen) => newer(seen, this.#written.get(seen.metadata?.uid)))
    this.#parts.index.replace(
      plugins.map(({ spec, status }) => {
        return { ...spec.plugin, CacheState: status?.cacheState ?? '', Ready: status?.ready ?? false }
      }),
    )
    const entries = plugins.map(({ spec }) => spec.plugin)
    await removeUnlisted(entries, this.#parts.context)
    const plugin = plugins.find(({ metadata }) => metadata?.name === name)
    if (!plugin) return this.#forgetRetry(name)
    const changed = generation(plugin) > (plugin.status?.observedGeneration ?? 0)
    if (!changed && this.#retries.has(name)) return
    this.#forgetRetry(name)
    await this.#sync(plugin, changed)
  }

  async #sync(plugin: UIPlugin, changed: boolean): Promise<void> {
    const name = plugin.metadata?.name ?? ''
    const { spec, status } = plugin
    const retryNumber = changed ? 0 : (status?.retryNumber ?? 0)
    let cacheState: CacheState = spec.plugin.noCache ? 'disabled' : 'pending'
    let result: PluginStatus = { ready: true, error: '', retryNumber: 0, retryAt: null }
    try {
      await this.#fetch(spec.plugin, changed)
      if (!spec.plugin.noCache) cacheState = 'cached'
    } catch (error) {
      this.#parts.log(`UIPlugin ${name}: ${reasonOf(error)}`)
      const waitMs = backOff(this.#parts.retry, retryNumber)
      this.#retryAfter(plugin, waitMs)
      const retryAt = new Date(Date.now() + waitMs).toISOString().replace(/\.\d+Z$/, 'Z')
      result = { ready: false, error: 'Failed to cache plugin', retryNumber: retryNumber + 1, retryAt }
    }
    this.#parts.index.mark(spec.plugin.name, cacheState, result.ready === true)
    const next = { ...result, cacheState, observedGeneration: generation(plugin) }
    if (isSame(next, status)) return
    try {
      const written = await this.#parts.writeStatus(name, next)
      if (written) this.#written.set(written.metadata?.uid, written)
    } catch (error) {
      // The API server is away for a moment; the next attempt writes it.
      this.#parts.log(`UIPlugin ${name}: ${reasonOf(error)}`)
      this.#retryAfter(plugin, this.#parts.retry.minMs)
    }
  }

  async #fetch(plugin: PluginEntry, changed: boolean): Promise<void> {
    const { context } = this.#parts
    if (plugin.noCache) return
    if (changed) await removeCached(plugin.name, context)
    else if (await isCached(plugin, context)) return
    this.#parts.index.mark(plugin.name, 'pending', false)
    await download(plugin, context)
  }

  #retryAfter(plugin: UIPlugin, waitMs: number): void {
    const name = plugin.metadata?.name ?? ''
    this.#forgetRetry(name)
    const again = (): void => {
      this.#forgetRetry(name)
      this.enqueue(plugin)
    }
    this.#retries.set(name, setTimeout(again, waitMs))
  }

  #forgetRetry(name: string): void {
    clearTimeout(this.#retries.get(name))
    this.#retries.delete(name)
  }
}

function generation({ metadata }: UIPlugin): number {
  return metadata?.generation ?? 0
}

/** One line, with the reasons of both ways when there were two. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function newer(seen: UIPlugin, written: UIPlugin | undefined): UIPlugin {
  const version = ({ metadata }: UIPlugin): number => Number(metadata?.resourceVersion)
  return written && version(written) > version(seen) ? written : seen
}

function backOff({ minMs, maxMs }: Retry, retryNumber: number): number {
  const jitter = 0.8 + 0.4 * Math.random()
  return Math.min(Math.max(minMs * 2 ** retryNumber * jitter, minMs), maxMs)
}

function isSame(next: PluginStatus, now: PluginStatus = {}): boolean {
  const entries = Object.entries(next) as [keyof PluginStatus, unknown][]
  return entries.every(([key, value]) => (now[key] ?? null) === value)
}
