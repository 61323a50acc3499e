// From conditions to words: what a registry's status means for somebody whose pods pull images.
// What the server writes into status, and when: docs/adr/0007 and server/core/status.ts.
import type { Condition, RegistryStatus } from '../generated/types'
import { codeText, isRefusal } from './codes'
import { parseTime } from './expiry'
import type { Text } from './text'

/** One word for the situation; the table in health.test.ts shows each. */
export type HealthState =
  | 'pending'
  | 'syncing'
  | 'ready'
  | 'unused'
  | 'keysEnd'
  | 'overdue'
  | 'refreshFails'
  | 'suspended'
  | 'partial'
  | 'neverIssued'
  | 'outdated'
  | 'refused'
  | 'expired'

/** Colours of the shell's badges. Red means that nobody can pull; amber that somebody cannot, or soon will not. */
export type HealthColour = 'success' | 'info' | 'warning' | 'error'

/** What the page says about a registry at a moment. */
export interface Health {
  readonly state: HealthState
  readonly colour: HealthColour
  /** One or two words for the badge. */
  readonly badge: Text
  /** The headline: whether pulls work, where, and until when. */
  readonly sentence: Text
  /** The code of the failure behind it: one of server/core/errors.ts, or a word of a healthy condition. */
  readonly reason?: string
  /** What the code means, in a sentence; absent without a failure. */
  readonly explanation?: Text
  /** What the server wrote about it, shown as it is. */
  readonly message?: string
}

/** What is judged: any object of our two kinds. */
export interface Judged {
  readonly metadata?: { readonly generation?: number; readonly creationTimestamp?: string }
  readonly spec?: {
    readonly suspend?: boolean
    readonly credentials?: { readonly secret?: { readonly expiresAt?: string } }
  }
  readonly status?: RegistryStatus
}

/** The server is told of an end to the second; clocks of browsers are not that good. */
const clockToleranceMs = 60_000
/** A refresh that is later than this has not begun: nobody is there to begin it. */
const overdueMs = 5 * 60_000
/** The server takes note of a new registry within seconds; after this nobody is there to do it. */
const unnoticedMs = 2 * 60_000
/** The server warns of a declared end from here on; so does the page. */
export const declaredEndMs = 30 * 24 * 3_600_000

interface Facts {
  readonly now: Date
  readonly suspended: boolean
  readonly ready: Condition | undefined
  readonly issued: Condition | undefined
  readonly synced: Condition | undefined
  readonly stalled: Condition | undefined
  /** A credential is in place, or was. */
  readonly hasCredential: boolean
  readonly expiresAt: Date | undefined
  readonly nextRefreshAt: Date | undefined
  readonly keysEndAt: Date | undefined
  readonly createdAt: Date | undefined
  readonly behind: boolean
  readonly counts: { readonly synced: number; readonly desired: number; readonly failed: number }
}

/** Pure: the situation of a registry at `now`. The order of the questions is the specification: worst first. */
export function healthOf(registry: Judged, now: Date): Health {
  const facts = factsOf(registry, now)
  if (facts.ready === undefined) return unnoticed(facts) ?? pending('tokenRegistries.health.pending.none')
  return (
    expired(facts) ??
    (facts.behind ? (overdue(facts) ?? pending('tokenRegistries.health.pending.change')) : undefined) ??
    stalled(facts) ??
    suspended(facts) ??
    notReady(facts) ??
    worrying(facts) ??
    healthy(facts)
  )
}

/** The times at which the words about a registry change: what a clock has to watch (see utils/now.ts). */
export function timesOf({ metadata, spec, status }: Judged): Date[] {
  const noticed = status?.conditions?.some(({ type }) => type === 'Ready') === true
  const texts = [
    noticed ? undefined : metadata?.creationTimestamp,
    status?.expiresAt,
    status?.nextRefreshAt,
    spec?.credentials?.secret?.expiresAt,
  ]
  return texts.map(parseTime).filter((time) => time !== undefined)
}

function factsOf({ metadata, spec, status }: Judged, now: Date): Facts {
  const condition = (type: string): Condition | undefined =>
    status?.conditions?.find((item) => item.type === type)
  const stalledNow = condition('Stalled')
  const observed = status?.observedGeneration
  return {
    now,
    suspended: spec?.suspend === true,
    ready: condition('Ready'),
    issued: condition('CredentialIssued'),
    synced: condition('SecretsSynced'),
    stalled: stalledNow?.status === 'True' ? stalledNow : undefined,
    hasCredential: status?.issuedAt !== undefined,
    expiresAt: parseTime(status?.expiresAt),
    nextRefreshAt: parseTime(status?.nextRefreshAt),
    keysEndAt: parseTime(spec?.credentials?.secret?.expiresAt),
    createdAt: parseTime(metadata?.creationTimestamp),
    behind: observed !== undefined && metadata?.generation !== undefined && observed < metadata.generation,
    counts: countsOf(status),
  }
}

function countsOf(status: RegistryStatus | undefined): Facts['counts'] {
  const { synced = 0, desired = 0, failed = 0 } = status?.targets ?? {}
  return { synced, desired, failed }
}

function pending(key: string): Health {
  return {
    state: 'pending',
    colour: 'info',
    badge: { key: 'tokenRegistries.health.badge.pending' },
    sentence: { key },
  }
}

/** Nobody looks at a new registry. */
function unnoticed({ now, createdAt }: Facts): Health | undefined {
  if (createdAt === undefined || now.getTime() - createdAt.getTime() < unnoticedMs) return undefined
  return {
    state: 'overdue',
    colour: 'warning',
    badge: { key: 'tokenRegistries.health.badge.overdue' },
    sentence: { key: 'tokenRegistries.health.overdue.unnoticed', args: { created: createdAt } },
  }
}

/** Nobody began the refresh that was due. */
function overdue({ now, expiresAt, nextRefreshAt }: Facts): Health | undefined {
  if (nextRefreshAt === undefined || now.getTime() - nextRefreshAt.getTime() <= overdueMs) return undefined
  return {
    state: 'overdue',
    colour: 'warning',
    badge: { key: 'tokenRegistries.health.badge.overdue' },
    sentence:
      expiresAt === undefined
        ? { key: 'tokenRegistries.health.overdue.endless', args: { due: nextRefreshAt } }
        : { key: 'tokenRegistries.health.overdue.until', args: { due: nextRefreshAt, time: expiresAt } },
  }
}

/** The end has passed by this browser's clock, or the server said so by its own. */
function expired({
  now,
  expiresAt,
  ready,
  issued,
  stalled: stall,
  suspended: paused,
}: Facts): Health | undefined {
  if (expiresAt === undefined) return undefined
  const past = now.getTime() - expiresAt.getTime()
  const saidSo = stall !== undefined && !isRefusal(stall.reason) && since(stall) >= expiresAt.getTime()
  if (past < 0 && !saidSo) return undefined
  const silent = ready?.status === 'True' && past >= clockToleranceMs
  const args = { time: expiresAt }
  const told = paused ? 'tokenRegistries.health.expired.suspended' : 'tokenRegistries.health.expired.failing'
  return {
    state: 'expired',
    colour: 'error',
    badge: { key: 'tokenRegistries.health.badge.expired' },
    sentence: { key: silent ? 'tokenRegistries.health.expired.silent' : told, args },
    // What an old status says of the refresh is of no use any more.
    ...(ready?.status === 'True' ? { reason: 'CredentialsExpired' } : because(issued ?? ready)),
  }
}

function stalled({ stalled: stall, hasCredential }: Facts): Health | undefined {
  if (stall === undefined) return undefined
  const colour = 'error'
  if (isRefusal(stall.reason)) {
    return {
      state: 'refused',
      colour,
      badge: { key: 'tokenRegistries.health.badge.refused' },
      sentence: { key: 'tokenRegistries.health.refused' },
      ...because(stall),
    }
  }
  return hasCredential
    ? {
        state: 'outdated',
        colour,
        badge: { key: 'tokenRegistries.health.badge.error' },
        sentence: { key: 'tokenRegistries.health.outdated' },
        ...because(stall),
      }
    : {
        state: 'neverIssued',
        colour,
        badge: { key: 'tokenRegistries.health.badge.error' },
        sentence: { key: 'tokenRegistries.health.neverIssued' },
        ...because(stall),
      }
}

function suspended({ suspended: paused, hasCredential, expiresAt, ready }: Facts): Health | undefined {
  if (!paused) return undefined
  const badge = { key: 'tokenRegistries.health.badge.suspended' }
  if (!hasCredential) {
    const sentence = { key: 'tokenRegistries.health.suspended.none' }
    return { state: 'suspended', colour: 'warning', badge, sentence, ...plainly(ready) }
  }
  const sentence =
    expiresAt === undefined
      ? { key: 'tokenRegistries.health.suspended.endless' }
      : { key: 'tokenRegistries.health.suspended.until', args: { time: expiresAt } }
  return { state: 'suspended', colour: 'info', badge, sentence, ...plainly(ready) }
}

/** Not Stalled: some namespaces fail, or work is under way. */
function notReady({ ready, issued, synced, counts, hasCredential }: Facts): Health | undefined {
  if (ready?.status === 'True') return undefined
  if (counts.failed > 0) {
    return {
      state: 'partial',
      colour: 'warning',
      badge: { key: 'tokenRegistries.health.badge.partial' },
      sentence: { key: 'tokenRegistries.health.partial', args: { ...counts } },
      ...because(synced),
    }
  }
  if (hasCredential && issued?.status === 'True') {
    return {
      state: 'syncing',
      colour: 'info',
      badge: { key: 'tokenRegistries.health.badge.syncing' },
      sentence: { key: 'tokenRegistries.health.syncing', args: { ...counts } },
      ...plainly(synced),
    }
  }
  return { ...pending('tokenRegistries.health.pending.first'), ...plainly(issued) }
}

/** Pulls work, and without somebody's help they will stop. */
function worrying(facts: Facts): Health | undefined {
  const { now, issued, expiresAt, keysEndAt } = facts
  const colour = 'warning'
  if (issued?.status === 'False') {
    return {
      state: 'refreshFails',
      colour,
      badge: { key: 'tokenRegistries.health.badge.refreshFails' },
      sentence:
        expiresAt === undefined
          ? { key: 'tokenRegistries.health.refreshFails.endless' }
          : { key: 'tokenRegistries.health.refreshFails.until', args: { time: expiresAt } },
      ...because(issued),
    }
  }
  const late = overdue(facts)
  if (late !== undefined) return late
  if (keysEndAt === undefined || keysEndAt.getTime() - now.getTime() > declaredEndMs) return undefined
  return {
    state: 'keysEnd',
    colour,
    badge: { key: 'tokenRegistries.health.badge.keysEnd' },
    sentence: {
      key: keysEndAt > now ? 'tokenRegistries.health.keysEnd.soon' : 'tokenRegistries.health.keysEnd.passed',
      args: { time: keysEndAt },
    },
  }
}

function healthy({ now, ready, counts, expiresAt, nextRefreshAt }: Facts): Health {
  if (counts.desired === 0) {
    const badge = { key: 'tokenRegistries.health.badge.unused' }
    return { state: 'unused', colour: 'info', badge, sentence: { key: 'tokenRegistries.health.unused' } }
  }
  return {
    state: 'ready',
    colour: 'success',
    badge: { key: 'tokenRegistries.health.badge.ready' },
    sentence: readySentence({ ...counts }, now, nextRefreshAt, expiresAt),
    ...plainly(ready),
  }
}

function readySentence(
  counts: Record<string, number>,
  now: Date,
  refreshAt: Date | undefined,
  expiresAt: Date | undefined,
): Text {
  if (refreshAt !== undefined && refreshAt <= now)
    return { key: 'tokenRegistries.health.ready.due', args: counts }
  if (refreshAt !== undefined)
    return { key: 'tokenRegistries.health.ready.refresh', args: { ...counts, time: refreshAt } }
  return expiresAt === undefined
    ? { key: 'tokenRegistries.health.ready.endless', args: counts }
    : { key: 'tokenRegistries.health.ready.until', args: { ...counts, time: expiresAt } }
}

function since(condition: Condition): number {
  return parseTime(condition.lastTransitionTime)?.getTime() ?? 0
}

/** Reason, meaning and message of a condition that says a failure. */
function because(condition: Condition | undefined): Pick<Health, 'reason' | 'explanation' | 'message'> {
  const explanation = codeText(condition?.reason)
  return { ...plainly(condition), ...(explanation === undefined ? {} : { explanation }) }
}

function plainly(condition: Condition | undefined): Pick<Health, 'reason' | 'message'> {
  return condition === undefined ? {} : { reason: condition.reason, message: condition.message }
}
