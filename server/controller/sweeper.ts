import { annotations, emptyPullEntry, labels, pullSecretKey } from '../core/names.ts'
import { group, parseOwner, version, type RegistryKind, type RegistryRef } from '../core/registry.ts'
import {
  judgeLeaver,
  judgeOrphan,
  sweepLimit,
  type CrdLook,
  type OwnerLook,
  type SweepCandidate,
  type SweepLimits,
  type SweepVerdict,
} from '../core/sweep.ts'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound, KubeError } from '../kube/errors.ts'
import { resourcePath, secretPath } from '../kube/paths.ts'
import type { KubeObject } from '../kube/types.ts'
import { ownerUidOf, type CachedSecret } from './secret-cache.ts'
import type { Attacher } from './attacher.ts'
import type { Runtimes } from './runtime.ts'
import type { World } from './world.ts'

/** What sweeping works on; `guard` is called as in ControllerOptions. */
export interface SweeperOptions {
  readonly client: KubeClient
  readonly world: World
  readonly runtimes: Runtimes
  readonly attacher: Attacher
  readonly guard: () => void
  readonly limits: SweepLimits
  /** Whether Secrets may be removed; otherwise their passwords and our marks are. */
  readonly mayDelete: boolean
  /** Registries, namespaces and Secrets were each listed to the end, and no watch has lost anything since. */
  readonly complete: () => boolean
  /** Any clock that never jumps. */
  readonly nowMs: () => number
  /** How long a Secret that was kept is not looked at again, unless its owner changes. */
  readonly intervalMs: number
  readonly onDeleted: (candidate: SweepCandidate) => void
  /** With the reason of the verdict, or `DeleteFailed`. */
  readonly onKept: (candidate: SweepCandidate, reason: string) => void
  /** A pass reached its limit with so many candidates left. */
  readonly onLimit: (remaining: number) => void
}

/** As API paths and the names of CRDs spell the kinds. */
export const plurals: Readonly<Record<RegistryKind, string>> = {
  TokenRegistry: 'tokenregistries',
  ClusterTokenRegistry: 'clustertokenregistries',
}

/** The API path of a registry, or of its subresource such as `status`. */
export function registryPath(ref: RegistryRef, subresource?: string): string {
  return resourcePath({
    group,
    version,
    resource: plurals[ref.kind],
    name: ref.name,
    ...(ref.namespace === '' ? {} : { namespace: ref.namespace }),
    ...(subresource === undefined ? {} : { subresource }),
  })
}

/**
 * Deletes Secrets of ours that nobody wants where they are. The only place that deletes, and the most careful one:
 * anything but a clear answer from the API server keeps a Secret.
 */
export class Sweeper {
  readonly #options: SweeperOptions
  /** Secrets that were kept, by uid: each event in the cluster would otherwise look at their owners again. */
  readonly #kept = new Map<string, { readonly owner: string | undefined; readonly untilMs: number }>()
  #pausedUntilMs = 0

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** An owner changed, or came, or went: what was kept for it is judged anew. */
  reconsider(owner: string): void {
    for (const [uid, kept] of this.#kept) if (kept.owner === owner) this.#kept.delete(uid)
  }

  /** One pass. Returns how many unwanted Secrets are left (kept for a reason, or beyond the limit of a pass). */
  async pass(): Promise<number> {
    const { client, world, limits, complete, onLimit, nowMs, intervalMs } = this.#options
    if (!complete()) return 0 // the next complete list asks again
    const now = nowMs()
    const candidates = [...this.#candidates()]
    this.#forgetKept(candidates)
    const due = candidates.filter(({ uid }) => (this.#kept.get(uid)?.untilMs ?? 0) <= now)
    if (due.length === 0 || now < this.#pausedUntilMs) return candidates.length
    const looks = new Looks(client, nowMs)
    let budget = sweepLimit(limits, world.secrets.size)
    for (const [index, candidate] of due.entries()) {
      if (budget === 0) {
        this.#pausedUntilMs = now + intervalMs
        onLimit(due.length - index)
        break
      }
      if (await this.#judgeAndDelete(candidate, looks)) budget--
    }
    return [...this.#candidates()].length
  }

  /** What is no candidate any more needs no memory. */
  #forgetKept(candidates: readonly SweepCandidate[]): void {
    const present = new Set(candidates.map(({ uid }) => uid))
    for (const uid of this.#kept.keys()) if (!present.has(uid)) this.#kept.delete(uid)
  }

  /** One that cannot be deleted holds nobody else up. */
  async #judgeAndDelete(candidate: SweepCandidate, looks: Looks): Promise<boolean> {
    const { complete, onKept, nowMs, intervalMs } = this.#options
    let reason: string
    try {
      const verdict = await this.#judge(candidate, looks)
      if (verdict.action === 'delete') return complete() && (await this.#delete(candidate))
      reason = verdict.reason
    } catch (error) {
      if (!(error instanceof KubeError)) throw error
      reason = 'DeleteFailed'
    }
    this.#kept.set(candidate.uid, { owner: candidate.owner, untilMs: nowMs() + intervalMs })
    onKept(candidate, reason)
    return false
  }

  *#candidates(): Generator<SweepCandidate> {
    for (const known of this.#options.world.secrets.all()) {
      if (this.#isUnwanted(known)) {
        yield { ...known, owner: known.annotations[annotations.owner], ownerUid: ownerUidOf(known) }
      }
    }
  }

  #isUnwanted(known: CachedSecret): boolean {
    const { world, runtimes } = this.#options
    const owner = known.annotations[annotations.owner]
    if (known.deleting || owner === undefined || parseOwner(owner) === undefined) return false
    if (known.annotations[annotations.deletionPolicy] === 'Retain') return false
    if (runtimes.claimants(known.namespace, known.name).length > 0) return false // wanted, or about to be taken over
    const state = world.namespaces.get(known.namespace)
    if (state === undefined || state.terminating) return false
    return !world.registries.has(owner) || this.#hasLeft(owner, known.namespace)
  }

  /** The owner lives, has been worked through, and has its new Secret in place where it still wants one. */
  #hasLeft(owner: string, namespace: string): boolean {
    const runtime = this.#options.runtimes.get(owner)
    if (runtime === undefined || !runtime.reconciled || runtime.registry.suspend || runtime.registry.retain)
      return false
    const membership = runtime.members.get(namespace)
    if (membership === 'held') return false
    return membership === undefined || runtime.results.get(namespace)?.state === 'synced'
  }

  async #judge(candidate: SweepCandidate, looks: Looks): Promise<SweepVerdict> {
    const ref = parseOwner(candidate.owner)
    if (ref === undefined) return { action: 'keep', reason: 'OwnerUnclear' }
    const owner = await looks.owner(ref)
    const runtime = this.#options.runtimes.get(candidate.owner ?? '')
    if (runtime !== undefined) return judgeLeaver(owner, runtime.registry)
    return judgeOrphan(candidate, owner, await looks.crd(ref.kind))
  }

  async #delete(candidate: SweepCandidate): Promise<boolean> {
    const { client, world, attacher, guard, mayDelete, onDeleted } = this.#options
    const { namespace, name, uid, resourceVersion } = candidate
    await attacher.sync(namespace) // no ServiceAccount shall point to a Secret that is gone
    // Judging took time: only what is still unwanted, in the very version that was judged, may go.
    const stillUnwanted = (): boolean => {
      const known = world.secrets.get(namespace, name)
      return (
        known?.uid === uid && known.resourceVersion === candidate.resourceVersion && this.#isUnwanted(known)
      )
    }
    if (!stillUnwanted()) return false
    const path = secretPath(namespace, name)
    const preconditions = { uid, resourceVersion }
    const body = mayDelete
      ? { apiVersion: 'v1', kind: 'DeleteOptions', preconditions }
      : emptied(preconditions)
    try {
      await client.request({ method: mayDelete ? 'DELETE' : 'PATCH', path, body, guard })
      onDeleted(candidate)
      return true
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return false // its event tells what it is now
      throw error
    }
  }
}

/** A merge patch that leaves the Secret as the chart made it: without passwords, and nobody's. */
function emptied(preconditions: { uid: string; resourceVersion: string }): object {
  const { owner, issuedAt, expiresAt, deletionPolicy, mac, identity } = annotations
  const marks = [owner, issuedAt, expiresAt, deletionPolicy, mac, identity].map((key) => [key, null])
  return {
    metadata: {
      ...preconditions,
      labels: { [labels.ownerUid]: null },
      annotations: Object.fromEntries(marks) as Record<string, null>,
    },
    data: { [pullSecretKey]: Buffer.from(emptyPullEntry).toString('base64') },
  }
}

/** An owner that was looked at longer ago is looked at again: a pass over many Secrets takes time. */
const freshMs = 1000

/** Live reads of one pass, each made once, owners again after a moment. */
class Looks {
  readonly #client: KubeClient
  readonly #nowMs: () => number
  readonly #owners = new Map<string, { readonly look: Promise<OwnerLook>; readonly atMs: number }>()
  readonly #crds = new Map<RegistryKind, Promise<CrdLook>>()

  constructor(client: KubeClient, nowMs: () => number) {
    this.#client = client
    this.#nowMs = nowMs
  }

  owner(ref: RegistryRef): Promise<OwnerLook> {
    const path = registryPath(ref)
    const known = this.#owners.get(path)
    if (known !== undefined && this.#nowMs() - known.atMs < freshMs) return known.look
    const look = this.#lookAtOwner(path, ref)
    this.#owners.set(path, { look, atMs: this.#nowMs() })
    return look
  }

  crd(kind: RegistryKind): Promise<CrdLook> {
    const look = this.#crds.get(kind) ?? this.#lookAtCrd(kind)
    this.#crds.set(kind, look)
    return look
  }

  async #lookAtOwner(path: string, ref: RegistryRef): Promise<OwnerLook> {
    try {
      const object = await this.#client.request<KubeObject & { spec?: { suspend?: boolean } }>({
        method: 'GET',
        path,
      })
      const { uid, generation = 0 } = object.metadata
      return { found: 'yes', uid, generation, suspended: object.spec?.suspend === true }
    } catch (error) {
      // A 404 without the object's name comes from discovery: the kind is not served, which says nothing of the object.
      const named = error instanceof KubeError && error.details?.name === ref.name
      return isNotFound(error) && named ? { found: 'no' } : { found: 'unclear', why: String(error) }
    }
  }

  async #lookAtCrd(kind: RegistryKind): Promise<CrdLook> {
    const path = resourcePath({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
      name: `${plurals[kind]}.${group}`,
    })
    try {
      const { metadata } = await this.#client.request<KubeObject>({ method: 'GET', path })
      const createdAt = Date.parse(metadata.creationTimestamp ?? '') || Infinity
      return { found: true, terminating: metadata.deletionTimestamp !== undefined, createdAt }
    } catch {
      return { found: false, terminating: false, createdAt: Infinity } // unclear keeps, like missing
    }
  }
}
