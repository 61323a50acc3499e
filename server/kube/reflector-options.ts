import type { KubeClient } from './client.ts'
import type { KubeLogger } from './logger.ts'

/** Keeps a cache in step, synchronously. When it throws, everything is listed again. */
export interface ReflectorHandler<T> {
  /** One object of a (re)list, before `replaced`. After an expired page token an object may come twice. */
  listed?(object: T): void
  /** A (re)list ended completely. `uids` are the objects that exist: drop the others from the cache. */
  replaced?(uids: ReadonlySet<string>): void
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  /** With `startAtNow`: events were missed, and the watch goes on from now. Check anew whatever depends on them. */
  gap?(): void
}

/** listing → watching ⇄ waiting (a try failed, the next comes after a back-off) → stopped. */
export interface ReflectorState {
  phase: 'listing' | 'watching' | 'waiting' | 'stopped'
  synced: boolean
  error: string | undefined
}

/** What one reflector follows, and how. */
export interface ReflectorOptions<T> {
  /** For logs and errors. */
  name: string
  client: KubeClient
  /** A collection: see paths.ts. */
  path: string
  labelSelector?: string
  fieldSelector?: string
  /** Ask for metadata without content. */
  metadataOnly?: boolean
  /** List whole objects although the watch is metadata-only. */
  fullListOnly?: boolean
  /** Deliver no existing objects: learn the current version and watch from there. */
  startAtNow?: boolean
  /** Objects per list request, twice as many where metadata alone is asked for. Default 300. */
  pageSize?: number
  handler: ReflectorHandler<T>
  /** A watch without any byte for this long is opened anew. Default 120000. */
  silenceMs?: number
  /** How long the server keeps one watch, plus up to 10 % jitter. Default 290. */
  watchTimeoutSeconds?: number
  /** Default 250 to 30000 ms. */
  backoff?: { minMs: number; maxMs: number }
  onState?: (state: ReflectorState) => void
  logger?: KubeLogger
}
