// What the top of the detail page says besides the one sentence: the failure in detail, and what happens next.
import { ANNOTATIONS } from '../config/types'
import type { Condition, ObjectMeta, RegistryStatus } from '../generated/types'
import { codeText } from './codes'
import { parseTime } from './expiry'
import { declaredEndMs, type Health, type HealthState, type Judged } from './health'
import type { Text } from './text'

/** Any object of our two kinds. */
export interface Headlined extends Judged {
  readonly metadata?: Pick<ObjectMeta, 'generation' | 'annotations'>
}

/** States in which the next try is awaited: nobody can pull, or soon nobody will. */
const awaited: ReadonlySet<HealthState> = new Set([
  'expired',
  'neverIssued',
  'outdated',
  'refreshFails',
  'refused',
])

/** Whether somebody asked for a refresh that the server has not answered yet. */
export function refreshAsked({ metadata, status }: Headlined): boolean {
  const asked = metadata?.annotations?.[ANNOTATIONS.refreshRequestedAt]
  return asked !== undefined && asked !== status?.lastHandledRefreshRequest
}

/** The server's own words about a failure; undefined where the sentence says all. */
export function failureMessage(health: Health): string | undefined {
  const told = health.explanation !== undefined || health.colour === 'error' || health.colour === 'warning'
  return told && health.state !== 'suspended' ? health.message : undefined
}

/** Pure: sentences below the headline at `now`, the most urgent first. */
export function headlineNotes(registry: Headlined, health: Health, now: Date): Text[] {
  const asked: Text = { key: 'tokenRegistries.detail.headline.asked' }
  return [
    ...failureNotes(registry, health),
    ...nextTryNote(registry, health, now),
    ...declaredEndNote(registry, health, now),
    ...(refreshAsked(registry) ? [asked] : []),
  ]
}

function failureNotes({ status }: Headlined, health: Health): Text[] {
  const since = failingSince(status)
  if (since === undefined) return []
  const notes: Text[] = []
  if (health.state === 'partial') {
    const why = codeText(issuedCondition(status)?.reason)
    notes.push({ key: 'tokenRegistries.detail.headline.refreshFailsToo' }, ...(why ? [why] : []))
  }
  const attempts = status?.attempts ?? 0
  if (attempts > 0) notes.push({ key: 'tokenRegistries.detail.headline.failing', args: { attempts, since } })
  return notes
}

function nextTryNote({ spec, status }: Headlined, health: Health, now: Date): Text[] {
  const time = parseTime(status?.nextRefreshAt)
  const awaits = awaited.has(health.state) && spec?.suspend !== true
  return awaits && time !== undefined && time > now
    ? [{ key: 'tokenRegistries.detail.headline.nextTry', args: { time } }]
    : []
}

/** Of the credentials; another trouble in the sentence must not hide it. */
function declaredEndNote({ spec }: Headlined, health: Health, now: Date): Text[] {
  const time = parseTime(spec?.credentials?.secret?.expiresAt)
  if (time === undefined || health.state === 'keysEnd') return []
  if (time.getTime() - now.getTime() > declaredEndMs) return []
  return time > now
    ? [{ key: 'tokenRegistries.detail.headline.keysEnd', args: { time } }]
    : [{ key: 'tokenRegistries.detail.headline.keysEnded', args: { time } }]
}

/** When the first of the tries failed that failed in a row; undefined while tries go well. */
export function failingSince(status: RegistryStatus | undefined): Date | undefined {
  const issued = issuedCondition(status)
  return issued?.status === 'False' ? parseTime(issued.lastTransitionTime) : undefined
}

function issuedCondition(status: RegistryStatus | undefined): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'CredentialIssued')
}
