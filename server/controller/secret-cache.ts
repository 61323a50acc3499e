import { isOlderVersion } from '../core/resource-version.ts'
import { isInScope, objectScope, type Scope } from '../core/secret-access.ts'
import { hashPayload } from '../core/mac.ts'
import {
  annotations as ourAnnotations,
  labels as ourLabels,
  pullSecretKey,
  pullSecretType,
} from '../core/names.ts'
import type { KnownSecret } from '../core/decide-target.ts'
import type { PartialObjectMetadata, Secret } from '../kube/types.ts'

/** What a change of the cache means to others. `owner` is the owner annotation, which tenants can edit. */
export interface SecretChange {
  readonly namespace: string
  readonly name: string
  readonly owner: string | undefined
}

/** A cached Secret with what only the sweep asks for. */
export interface CachedSecret extends KnownSecret {
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Its deletion waits for a finalizer. */
  readonly deleting: boolean
}

type Marks = Pick<KnownSecret, 'labels' | 'annotations'>

/**
 * The Secrets that carry our label, metadata and a hash of the pull entry only: payloads of 10,000 namespaces would
 * be 60 MB. Events that arrive while our own write is in flight are held until its answer tells which version is
 * ours; otherwise every write of ours would look like somebody's edit.
 */
export class SecretCache {
  readonly #secrets = new Map<string, CachedSecret>()
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #inFlight = new Map<string, { writes: number; readonly held: (() => void)[] }>()
  readonly #interned = new Map<string, Marks>()
  readonly #onChange: (change: SecretChange) => void

  constructor(onChange: (change: SecretChange) => void) {
    this.#onChange = onChange
  }

  get size(): number {
    return this.#secrets.size
  }

  get(namespace: string, name: string): CachedSecret | undefined {
    return this.#secrets.get(`${namespace}/${name}`)
  }

  *ofOwner(owner: string): Generator<CachedSecret> {
    for (const key of this.#byOwner.get(owner) ?? []) {
      const known = this.#secrets.get(key)
      if (known !== undefined) yield known
    }
  }

  all(): IterableIterator<CachedSecret> {
    return this.#secrets.values()
  }

  /** A whole Secret of a list page: its payload is hashed and dropped. What a broken watch did not tell is told now. */
  observeListed(secret: Secret): void {
    const { uid, resourceVersion } = secret.metadata
    const key = keyOf(secret)
    const known = this.#secrets.get(key)
    this.#apply(secret, hashSecret(secret), obstacleOf(secret))
    this.#inFlight.get(key)?.held.push(() => this.#doubt(key)) // its answer may be older than this, and cover it
    if (known?.uid === uid && known.resourceVersion === resourceVersion) return
    this.#emit(secret, known?.annotations[ourAnnotations.owner])
  }

  /** A whole Secret of a list made beside the watch: it fills in the content of the very version that is known. */
  fill(secret: Secret): void {
    const known = this.get(secret.metadata.namespace ?? '', secret.metadata.name)
    if (known?.uid !== secret.metadata.uid || known.resourceVersion !== secret.metadata.resourceVersion)
      return
    this.#apply(secret, hashSecret(secret), obstacleOf(secret))
  }

  /** A whole Secret as a GET gave it to who asked: nobody else is told. */
  observeFull(secret: Secret): void {
    this.#apply(secret, hashSecret(secret), obstacleOf(secret))
  }

  /** Metadata from the watch: the content is known only if this is the version that was last read or written. */
  observeMetadata(object: PartialObjectMetadata): void {
    const key = keyOf(object)
    const flight = this.#inFlight.get(key)
    if (flight !== undefined) {
      flight.held.push(() => this.observeMetadata(object))
      return
    }
    const known = this.#secrets.get(key)
    if (known?.uid === object.metadata.uid) {
      if (known.resourceVersion === object.metadata.resourceVersion) return
      if (isOlderVersion(object.metadata.resourceVersion, known.resourceVersion)) return
    }
    this.#apply(object, undefined, undefined)
    this.#emit(object)
  }

  /** The watch saw it go, or saw our label go. */
  observeGone(object: PartialObjectMetadata): void {
    const key = keyOf(object)
    const flight = this.#inFlight.get(key)
    if (flight !== undefined) {
      flight.held.push(() => this.observeGone(object))
      return
    }
    const known = this.#secrets.get(key)
    if (known === undefined) return
    // The event of a former life must not remove what was created since.
    if (
      known.uid !== object.metadata.uid ||
      isOlderVersion(object.metadata.resourceVersion, known.resourceVersion)
    )
      return
    this.#remove(key)
    this.#emit(object, known.annotations[ourAnnotations.owner])
  }

  /** A live read said NotFound, or showed an object without our label. */
  forget(namespace: string, name: string): void {
    this.#remove(`${namespace}/${name}`)
  }

  /** After a complete list of a scope: what was not in it is gone. */
  retain(uids: ReadonlySet<string>, scope: Scope = {}): void {
    for (const [key, known] of [...this.#secrets]) {
      if (!isInScope(known, scope) || uids.has(known.uid) || this.#inFlight.has(key)) continue
      this.#remove(key)
      this.#tell(known)
    }
    // What is in flight may have been made after the list or deleted before it.
    for (const [key, { held }] of this.#inFlight)
      if (isInScope(objectScope(key), scope)) held.push(() => this.#doubt(key, uids))
  }

  /** What is known may be older than what a list showed, and no event will tell: it is to be read. */
  #doubt(key: string, except?: ReadonlySet<string>): void {
    const known = this.#secrets.get(key)
    if (known === undefined || except?.has(known.uid) === true) return
    this.#secrets.set(key, { ...known, payloadHash: undefined })
    this.#tell(known)
  }

  #tell({ namespace, name, annotations }: KnownSecret): void {
    this.#onChange({ namespace, name, owner: annotations[ourAnnotations.owner] })
  }

  beginWrite(namespace: string, name: string): void {
    const key = `${namespace}/${name}`
    const flight = this.#inFlight.get(key) ?? { writes: 0, held: [] }
    flight.writes++ // two registries may meet here while a name changes hands
    this.#inFlight.set(key, flight)
  }

  /** Ends a write; `written` is the answer's metadata with the hash of what was sent, absent when it failed. */
  endWrite(
    namespace: string,
    name: string,
    written?: { object: PartialObjectMetadata; payloadHash: string },
  ): void {
    const key = `${namespace}/${name}`
    const flight = this.#inFlight.get(key)
    if (written !== undefined) this.#apply(written.object, written.payloadHash, undefined)
    if (flight === undefined || --flight.writes > 0) return
    this.#inFlight.delete(key)
    for (const replay of flight.held) replay()
  }

  #apply(
    object: PartialObjectMetadata,
    payloadHash: string | undefined,
    obstacle: KnownSecret['obstacle'],
  ): void {
    const {
      namespace = '',
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      deletionTimestamp,
    } = object.metadata
    const key = `${namespace}/${name}`
    const before = this.#secrets.get(key)?.annotations[ourAnnotations.owner]
    const marks = this.#intern(object)
    const owner = marks.annotations[ourAnnotations.owner]
    const createdAt = Date.parse(creationTimestamp ?? '') || 0
    this.#secrets.set(key, {
      namespace,
      name,
      uid,
      resourceVersion,
      ...marks,
      payloadHash,
      obstacle,
      createdAt,
      deleting: deletionTimestamp !== undefined,
    })
    if (before !== undefined && before !== owner) this.#byOwner.get(before)?.delete(key)
    if (owner !== undefined) this.#ownerSet(owner).add(key)
  }

  #remove(key: string): void {
    const owner = this.#secrets.get(key)?.annotations[ourAnnotations.owner]
    this.#secrets.delete(key)
    if (owner === undefined) return
    const set = this.#byOwner.get(owner)
    set?.delete(key)
    if (set?.size === 0) this.#byOwner.delete(owner)
  }

  #ownerSet(owner: string): Set<string> {
    const set = this.#byOwner.get(owner) ?? new Set()
    this.#byOwner.set(owner, set)
    return set
  }

  /** All Secrets of one registry carry the same marks; one copy of the text serves them all. */
  #intern(object: PartialObjectMetadata): Marks {
    const { labels = {}, annotations = {} } = object.metadata
    const text = JSON.stringify([labels, annotations])
    const found = this.#interned.get(text)
    if (found !== undefined) return found
    if (this.#interned.size > 4096) this.#interned.clear() // old marks live on in the entries that use them
    const marks = { labels, annotations }
    this.#interned.set(text, marks)
    return marks
  }

  #emit(object: PartialObjectMetadata, ownerBefore?: string): void {
    const { namespace = '', name, annotations } = object.metadata
    this.#onChange({ namespace, name, owner: annotations?.[ourAnnotations.owner] ?? ownerBefore })
  }
}

/** The owner uid that a Secret's label names. */
export function ownerUidOf(known: Pick<KnownSecret, 'labels'>): string | undefined {
  return known.labels[ourLabels.ownerUid]
}

/** Hash of the pull entry; a Secret without one hashes like an empty entry, which nothing renders. */
export function hashSecret(secret: Secret): string {
  return hashPayload(payloadOf(secret))
}

/** The pull entry as text, empty when there is none. It holds passwords: hash it, do not keep it. */
export function payloadOf(secret: Secret): string {
  return Buffer.from(secret.data?.[pullSecretKey] ?? '', 'base64').toString('utf8')
}

function obstacleOf(secret: Secret): KnownSecret['obstacle'] {
  if (secret.type !== pullSecretType) return 'type'
  return secret.immutable === true ? 'immutable' : undefined
}

function keyOf(object: PartialObjectMetadata): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}
