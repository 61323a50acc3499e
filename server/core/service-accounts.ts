import type { Attach } from './registry.ts'

/** What the cache keeps of a ServiceAccount. */
export interface KnownServiceAccount {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  /** Names in imagePullSecrets, in order. */
  readonly pullSecrets: readonly string[]
  /** Names that our annotation says we added. */
  readonly attached: readonly string[]
}

/** Whether a registry attaches its Secret to the ServiceAccount of this name. */
export function attachMatches(attach: Attach, serviceAccount: string): boolean {
  switch (attach.mode) {
    case 'None':
      return false
    case 'Default':
      return serviceAccount === 'default'
    case 'All':
      return true
    case 'Named':
      return attach.names.includes(serviceAccount)
  }
}

/** imagePullSecrets as they shall be, in order, and which of them our annotation shall name. */
export interface PullSecretsChange {
  readonly pullSecrets: readonly string[]
  readonly attached: readonly string[]
}

/**
 * Pure: the new list. Order and other people's entries stay; what we once added and no longer want goes; what
 * somebody else had added already is not claimed as ours, so that detaching never takes it away.
 */
export function planPullSecrets(
  account: KnownServiceAccount,
  wanted: ReadonlySet<string>,
): PullSecretsChange | undefined {
  const ours = new Set(account.attached)
  const kept = account.pullSecrets.filter((name) => !ours.has(name) || wanted.has(name))
  const added = [...wanted].filter((name) => !kept.includes(name)).sort()
  const pullSecrets = [...kept, ...added]
  const attached = pullSecrets
    .filter((name) => wanted.has(name) && (ours.has(name) || added.includes(name)))
    .sort()
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((v, i) => v === b[i])
  return same(pullSecrets, account.pullSecrets) && same(attached, account.attached)
    ? undefined
    : { pullSecrets, attached }
}
