import type { Condition, RegistryStatus } from '../api/v1alpha1/index.ts'
import { isLive, type Failure } from './decide.ts'
import type { ErrorCode } from './errors.ts'
import type { Registry } from './registry.ts'
import { rfc3339, type Credential } from './render.ts'

const maxFailures = 20
const maxHistory = 20

/** Why a namespace could not be served; `since` is when it first failed with this code. */
export interface TargetFailure {
  readonly namespace: string
  readonly code: ErrorCode
  readonly message: string
  readonly since: Date
}

/** One try at upstream, as it ended at `time`. `code` is undefined on success. */
export interface HistoryEntry {
  readonly time: Date
  readonly outcome: 'Succeeded' | 'Failed'
  readonly code: ErrorCode | undefined
  readonly expiresAt: Date | undefined
  readonly durationMs: number
}

/** Everything that status says, as facts. */
export interface StatusWorld {
  readonly registry: Registry
  readonly hosts: readonly string[]
  /** The Secrets in place are for other hosts than the spec names now: no credential for the new ones yet. */
  readonly outdated: boolean
  readonly credential: Credential | undefined
  readonly nextRefreshAt: Date | undefined
  /** Found before upstream was asked: a spec, policy or reference problem. */
  readonly problem: Failure | undefined
  readonly attempts: number
  readonly lastFailure: Failure | undefined
  /** resourceVersion of the referenced Secret that the last failure is about. */
  readonly material: string | undefined
  readonly desired: number
  readonly synced: number
  readonly failures: readonly TargetFailure[]
  /** Work of this generation is still under way. */
  readonly progressing: boolean
  readonly handledRequest: string | undefined
  /** Since the last status write, oldest first. */
  readonly newHistory: readonly HistoryEntry[]
}

type Draft = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/** Pure: the whole status, from facts and from what the last one said (transition times and history live on). */
export function computeStatus(world: StatusWorld, now: Date): RegistryStatus {
  const { registry, credential, failures } = world
  const previous = registry.status
  const drafts = [...conditionDrafts(world, now)]
  const failure = world.problem ?? world.lastFailure
  const history = [...(previous?.history ?? []), ...world.newHistory.map(historyItem)].slice(-maxHistory)
  return {
    observedGeneration: registry.generation,
    conditions: drafts.map((draft) => withTransition(draft, previous?.conditions, registry.generation, now)),
    provider: registry.provider.type,
    hosts: [...world.hosts],
    ...(credential?.principal === undefined ? {} : { identity: credential.principal }),
    ...(credential === undefined ? {} : { issuedAt: rfc3339(credential.issuedAt) }),
    ...(credential === undefined || credential.expiresAt === null
      ? {}
      : { expiresAt: rfc3339(credential.expiresAt) }),
    ...(world.nextRefreshAt === undefined ? {} : { nextRefreshAt: rfc3339(world.nextRefreshAt) }),
    summary: {
      provider: registry.provider.type,
      hosts: shortList(world.hosts),
      target: targetText(registry),
      synced: `${world.synced}/${world.desired}`,
      reason: reasonThatMatters(drafts),
    },
    targets: { desired: world.desired, synced: world.synced, failed: failures.length },
    failures: failures.slice(0, maxFailures).map((item) => ({
      namespace: item.namespace,
      reason: item.code,
      message: item.message,
      since: rfc3339(item.since),
    })),
    attempts: world.attempts,
    ...(failure === undefined
      ? {}
      : { lastFailure: lastFailureItem(failure, world.problem ? undefined : world.material) }),
    ...(world.handledRequest === undefined ? {} : { lastHandledRefreshRequest: world.handledRequest }),
    ...(history.length === 0 ? {} : { history }),
  }
}

/** Ready's, unless it is True while something else is wrong: lists are sorted and searched by it. */
function reasonThatMatters(drafts: readonly Draft[]): string {
  const ready = drafts.find(({ type }) => type === 'Ready')
  const wrong = drafts.find(({ type, status }) => type === 'CredentialIssued' && status === 'False')
  return (ready?.status === 'True' && wrong ? wrong : ready)?.reason ?? ''
}

function lastFailureItem(
  failure: Failure,
  material: string | undefined,
): NonNullable<RegistryStatus['lastFailure']> {
  const item = { time: rfc3339(failure.time), reason: failure.code, message: failure.message }
  return material === undefined ? item : { ...item, material }
}

function historyItem(entry: HistoryEntry): NonNullable<RegistryStatus['history']>[number] {
  return {
    time: rfc3339(entry.time),
    outcome: entry.outcome,
    ...(entry.code === undefined ? {} : { reason: entry.code }),
    ...(entry.expiresAt === undefined ? {} : { expiresAt: rfc3339(entry.expiresAt) }),
    // The clock may be corrected while a call runs; the schema takes neither a negative nor a longer time.
    durationMs: Math.min(Math.max(0, Math.round(entry.durationMs)), 2 ** 31 - 1),
  }
}

/**
 * Ready says one thing: every target holds a credential that has not expired. A refresh that fails while there is
 * life left leaves it True and shows in CredentialIssued. Stalled (which Rancher paints red) comes when nothing
 * valid is left, or when the administrator's policy forbids what the spec asks.
 */
function* conditionDrafts(world: StatusWorld, now: Date): Generator<Draft> {
  const issued = credentialDraft(world, now)
  const synced = syncedDraft(world)
  const live = isLive(world.credential, now) && !world.outdated
  const forbidden = world.problem?.code === 'NotAllowed' || world.problem?.code === 'SpecInvalid'
  if (live && !forbidden) {
    yield synced.status === 'True'
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: readyMessage(world, now) }
      : { ...synced, type: 'Ready', status: 'False' }
  } else {
    yield {
      ...issued,
      type: 'Ready',
      status: 'False',
      reason: issued.status === 'True' ? 'CredentialsExpired' : issued.reason,
    }
  }
  yield issued
  yield synced
  const failed =
    world.problem !== undefined ||
    world.lastFailure !== undefined ||
    (world.credential !== undefined && !isLive(world.credential, now))
  if ((!live || forbidden) && failed)
    yield { type: 'Stalled', status: 'True', reason: issued.reason, message: issued.message }
  else if (world.progressing && world.registry.status?.observedGeneration !== world.registry.generation) {
    yield {
      type: 'Reconciling',
      status: 'True',
      reason: 'Progressing',
      message: 'the new spec is being applied',
    }
  }
}

function credentialDraft(world: StatusWorld, now: Date): Draft {
  const type = 'CredentialIssued'
  const failure = world.problem ?? world.lastFailure
  const { credential } = world
  if (failure !== undefined)
    return { type, status: 'False', reason: failure.code, message: failureMessage(failure, world, now) }
  if (credential === undefined) {
    return world.registry.suspend
      ? {
          type,
          status: 'False',
          reason: 'Suspended',
          message: 'spec.suspend is true and no credential was issued before',
        }
      : { type, status: 'Unknown', reason: 'Progressing', message: 'the first credential has been asked for' }
  }
  if (world.outdated && !world.registry.suspend) {
    const message =
      'a credential for the new spec has been asked for; the Secrets in place serve the hosts of before'
    return { type, status: 'Unknown', reason: 'Progressing', message }
  }
  if (!isLive(credential, now)) {
    const why = world.registry.suspend ? ' while spec.suspend is true; set it to false' : ''
    return {
      type,
      status: 'False',
      reason: 'CredentialsExpired',
      message: `the credential expired at ${endText(credential)}${why}`,
    }
  }
  return {
    type,
    status: 'True',
    reason: 'Issued',
    message: `issued at ${rfc3339(credential.issuedAt)}, ends ${endText(credential)}`,
  }
}

function failureMessage(
  failure: Failure,
  { credential, registry, outdated }: StatusWorld,
  now: Date,
): string {
  if (credential === undefined) return failure.message
  if (outdated) return `${failure.message}; the Secrets in place serve the hosts of the spec before`
  const pulls = isLive(credential, now)
    ? `; the Secrets in place work until ${endText(credential)}`
    : `; the Secrets in place expired at ${endText(credential)}`
  return `${failure.message}${registry.suspend ? '' : pulls}`
}

function endText(credential: Credential): string {
  return credential.expiresAt === null ? 'at no stated time' : rfc3339(credential.expiresAt)
}

function readyMessage(world: StatusWorld, now: Date): string {
  const where = world.desired === 1 ? '1 namespace' : `${world.desired} namespaces`
  if (world.desired === 0) return 'the credential is issued; no namespace matches spec.namespaces now'
  const failing = world.lastFailure ?? world.problem
  const end = world.credential === undefined ? '' : ` until ${endText(world.credential)}`
  return failing !== undefined && isLive(world.credential, now)
    ? `pulls work in ${where}${end}, but the refresh fails: ${failing.code}`
    : `pulls work in ${where}${end}`
}

function syncedDraft({ failures, synced, desired }: StatusWorld): Draft {
  const type = 'SecretsSynced'
  const [first] = failures
  if (first !== undefined) {
    const more = failures.length > 1 ? ` (and ${failures.length - 1} more namespaces fail)` : ''
    return { type, status: 'False', reason: first.code, message: `${first.message}${more}` }
  }
  return synced === desired
    ? { type, status: 'True', reason: 'Synced', message: `${synced} of ${desired} Secrets are up to date` }
    : {
        type,
        status: 'False',
        reason: 'Progressing',
        message: `${synced} of ${desired} Secrets are up to date`,
      }
}

function withTransition(
  draft: Draft,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: Date,
): Condition {
  const before = previous?.find(({ type }) => type === draft.type)
  const lastTransitionTime = before?.status === draft.status ? before.lastTransitionTime : rfc3339(now)
  return {
    ...draft,
    message: draft.message.slice(0, 32_768),
    observedGeneration: generation,
    lastTransitionTime,
  }
}

/** `a.example, b.example +3` for a column of a list. */
function shortList(items: readonly string[]): string {
  return items.length <= 2 ? items.join(', ') : `${items.slice(0, 2).join(', ')} +${items.length - 2}`
}

function targetText({ target, ref }: Registry): string {
  switch (target.type) {
    case 'namespace':
      return `namespace ${ref.namespace}`
    case 'project':
      return `project ${target.project}`
    case 'selection':
      return target.projects.length > 0 ? `projects ${shortList(target.projects)}` : 'selected namespaces'
  }
}

/** A merge patch that makes `next` of `previous`: keys that are gone are nulled, inside blocks too. */
export function statusPatch(
  previous: RegistryStatus | undefined,
  next: RegistryStatus,
): Record<string, unknown> {
  return mergePatch({ ...previous }, { ...next })
}

function mergePatch(
  previous: Record<string, unknown>,
  next: Record<string, unknown>,
): Record<string, unknown> {
  const gone = Object.keys(previous).filter((key) => !(key in next))
  const set = Object.entries(next).map(([key, value]) => {
    const before = previous[key]
    return [key, isBlock(value) && isBlock(before) ? mergePatch(before, value) : value] as const
  })
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)])
}

function isBlock(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Whether two statuses say the same, so that nothing is written when nothing changed. */
export function sameStatus(a: RegistryStatus | undefined, b: RegistryStatus): boolean {
  return a !== undefined && canonical(a) === canonical(b)
}

/** JSON with the keys of every block in order, so that equal objects give equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isBlock(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}
