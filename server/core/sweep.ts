/** A Secret of ours that no registry wants where it is. */
export interface SweepCandidate {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly owner: string | undefined
  readonly ownerUid: string | undefined
  /** Milliseconds since the epoch: when it was created. */
  readonly createdAt: number
}

/** What one pass may delete: the larger of the two counts. */
export interface SweepLimits {
  /** At least this many may go in one pass. */
  readonly count: number
  /** Or this part of all our Secrets, in per cent, when that is more. */
  readonly percent: number
}

/** Pure: how many deletions one pass may do. Beyond it a pass stops, says so, and leaves the rest to the next one. */
export function sweepLimit(limits: SweepLimits, ours: number): number {
  return Math.max(limits.count, Math.floor((ours * limits.percent) / 100))
}

/** What a live look at the owner said. Anything but a clear answer keeps the Secret. */
export type OwnerLook =
  | { readonly found: 'no' }
  | { readonly found: 'yes'; readonly uid: string; readonly generation: number; readonly suspended: boolean }
  | { readonly found: 'unclear'; readonly why: string }

/** What a live look at the owner's CRD said. */
export interface CrdLook {
  readonly found: boolean
  readonly terminating: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** `reason` is one word, and the label of the metric that counts what was kept. */
export type SweepVerdict =
  { readonly action: 'delete' } | { readonly action: 'keep'; readonly reason: string }

/**
 * Pure: whether a Secret whose owner is gone may be deleted. A Secret older than the CRD of its owner proves
 * nothing: the CRD was deleted and made again, and took every registry with it without anybody wanting that.
 */
export function judgeOrphan(candidate: SweepCandidate, owner: OwnerLook, crd: CrdLook): SweepVerdict {
  if (!crd.found || crd.terminating) return keep('CrdMissing')
  if (owner.found === 'unclear') return keep('OwnerUnclear')
  if (owner.found === 'yes')
    return owner.uid === candidate.ownerUid ? keep('OwnerExists') : keep('OwnerRecreated')
  if (candidate.createdAt < crd.createdAt) return keep('CrdRecreated')
  return { action: 'delete' }
}

/**
 * Pure: whether a Secret may be deleted whose owner lives and no longer wants it there (a namespace left, the name
 * changed). The owner must be what we decided by.
 */
export function judgeLeaver(owner: OwnerLook, decidedBy: { uid: string; generation: number }): SweepVerdict {
  if (owner.found === 'unclear') return keep('OwnerUnclear')
  if (owner.found === 'no') return keep('OwnerUnclear')
  if (owner.uid !== decidedBy.uid || owner.generation !== decidedBy.generation) return keep('OwnerChanged')
  return owner.suspended ? keep('OwnerSuspended') : { action: 'delete' }
}

function keep(reason: string): SweepVerdict {
  return { action: 'keep', reason }
}
