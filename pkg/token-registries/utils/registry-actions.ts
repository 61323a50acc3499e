// What the menu of a registry does: ask for a refresh and tell what came of it, suspend, resume.
import { ANNOTATIONS } from '../config/types'
import type { Condition, ObjectMeta, RegistryStatus } from '../generated/types'
import { bounded } from './bounded'
import { codeText } from './codes'
import { parseTime } from './expiry'
import { asSentence, say, type Translate } from './text'

/** As much of a registry's model as the actions use. */
export interface ActingRegistry {
  readonly id: string
  readonly type: string
  readonly nameDisplay: string
  readonly metadata: ObjectMeta
  readonly status?: RegistryStatus
  readonly $getters: { readonly byId: (type: string, id: string) => unknown }
  linkFor(name: string): string | undefined
  $dispatch(action: string, payload?: unknown, options?: { root: boolean }): Promise<unknown>
}

/** The object as an answer of the API has it. */
type Answer = Pick<ActingRegistry, 'metadata' | 'status'>

/** The server takes note of a new spec within a second; while it is down, this is not waited for. */
const settleMs = 10_000
/** A refresh that was asked for less than 30 s after another waits so long; the rest is for the call itself. */
const patienceMs = 60_000
const firstLookMs = 500
/** The shell shows five messages at once; the successes of more registries than these are summed up. */
const toldEach = 3
const longestLookMs = 3000
/** Requests of all actions of the page; those for a hundred rows must not hold up what else it asks. */
const request = bounded(8)

/**
 * Asks the server to refresh now and tells the user at once that it was asked, and later what came of it; a list would
 * show it seconds late, and a failure only as a changed colour. Resolves when each has answered, or after a minute.
 */
export async function askForRefresh(registries: readonly ActingRegistry[], t: Translate): Promise<void> {
  const requestedAt = new Date().toISOString()
  const annotations = { [ANNOTATIONS.refreshRequestedAt]: requestedAt }
  const asked = await each(registries, t, (registry) => patch(registry, { metadata: { annotations } }))
  if (asked.length === 0) return
  growl(asked, 'info', {
    title: titleOf(asked, t),
    message: t('tokenRegistries.actions.refresh.asked', { count: asked.length }),
  })
  const refreshed: ActingRegistry[] = []
  const silent: ActingRegistry[] = []
  const follow = async (registry: ActingRegistry): Promise<void> => {
    const status = await outcomeOf(registry, requestedAt)
    const condition = issued(status)
    if (condition === undefined) silent.push(registry)
    else if (condition.status !== 'True') tellFailure(registry, condition, t)
    else if (asked.length <= toldEach)
      growl([registry], 'success', { title: titleOf([registry], t), message: successText(status, t) })
    else refreshed.push(registry)
  }
  await Promise.all(asked.map(follow))
  const message = t('tokenRegistries.actions.refresh.doneMany', { count: refreshed.length })
  if (refreshed.length > 0) growl(refreshed, 'success', { title: titleOf(refreshed, t), message })
  const silence = t('tokenRegistries.actions.refresh.silent')
  if (silent.length > 0) growl(silent, 'warning', { title: titleOf(silent, t), message: silence })
}

/**
 * Sets spec.suspend, and resolves when the server has taken note; meanwhile the page shows the object as it is. A change
 * by somebody else at that moment is not overwritten: it is shown as the conflict that it is.
 */
export async function setSuspended(
  registries: readonly ActingRegistry[],
  suspend: boolean,
  t: Translate,
): Promise<void> {
  const done = await each(registries, t, (registry) => suspendOne(registry, suspend))
  if (done.length === 0) return
  const args = { count: done.length }
  const message = suspend
    ? t('tokenRegistries.actions.suspend.done', args)
    : t('tokenRegistries.actions.resume.done', args)
  growl(done, 'success', { title: titleOf(done, t), message })
}

async function suspendOne(registry: ActingRegistry, suspend: boolean): Promise<void> {
  // Of a list the row may be seconds old, and every refresh writes a new version.
  const { resourceVersion } = (await read(registry)).metadata
  const { metadata } = await patch(registry, { metadata: { resourceVersion }, spec: { suspend } })
  await until(
    registry,
    settleMs,
    ({ status }) => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
  )
}

/** Does it to all; what is refused is told and left out of the answer. */
async function each(
  registries: readonly ActingRegistry[],
  t: Translate,
  act: (registry: ActingRegistry) => Promise<unknown>,
): Promise<ActingRegistry[]> {
  const results = await Promise.allSettled(registries.map(act))
  return registries.filter((registry, index) => {
    const result = results[index]
    if (result?.status !== 'rejected') return true
    const title = t('tokenRegistries.actions.refused', { name: registry.nameDisplay })
    void registry.$dispatch('growl/fromError', { title, err: result.reason as unknown }, { root: true })
    return false
  })
}

async function patch(registry: ActingRegistry, data: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/merge-patch+json' }
  return send(registry, { url: registry.linkFor('update'), method: 'patch', headers, data })
}

function read(registry: ActingRegistry): Promise<Answer> {
  return send(registry, { url: registry.linkFor('self') })
}

async function send(registry: ActingRegistry, opt: object): Promise<Answer> {
  const answer = await request(() => registry.$dispatch('request', { opt, type: registry.type }))
  await show(registry, answer)
  return answer as Answer
}

/** Puts what the API answered into the store, so that the page shows it now; unless the page has moved on. */
async function show(registry: ActingRegistry, answer: unknown): Promise<void> {
  if (registry.$getters.byId(registry.type, registry.id) === undefined) return
  await registry.$dispatch('load', { data: answer, invalidatePageCache: false })
}

/** The status in which the server says that it has acted on the request; undefined when it did not within a minute. */
async function outcomeOf(registry: ActingRegistry, requestedAt: string): Promise<RegistryStatus | undefined> {
  const handled = ({ status }: Answer): boolean => status?.lastHandledRefreshRequest === requestedAt
  return (await until(registry, patienceMs, handled))?.status
}

/** Looks at the object until it is as wanted; undefined when it is not in time. Requests that fail are no answer. */
async function until(
  registry: ActingRegistry,
  forMs: number,
  wanted: (answer: Answer) => boolean,
): Promise<Answer | undefined> {
  const deadline = Date.now() + forMs
  for (let wait = firstLookMs; Date.now() + wait <= deadline; wait = Math.min(wait * 1.5, longestLookMs)) {
    await new Promise((resolve) => setTimeout(resolve, wait))
    try {
      const answer = await read(registry)
      if (wanted(answer)) return answer
    } catch (error) {
      // Deleted, or out of sight: there is nothing to wait for.
      if (statusOf(error) === 404 || statusOf(error) === 403) return undefined
    }
  }
  return undefined
}

/** @param condition CredentialIssued */
function tellFailure(registry: ActingRegistry, condition: Condition, t: Translate): void {
  const title = titleOf([registry], t)
  const meaning = codeText(condition.reason)
  const message = [
    meaning === undefined ? condition.reason : say(t, meaning, new Date()),
    asSentence(condition.message),
  ]
  growl([registry], 'error', { title, message: message.join(' ') })
}

function successText(status: RegistryStatus | undefined, t: Translate): string {
  const time = parseTime(status?.expiresAt)
  return time === undefined
    ? t('tokenRegistries.actions.refresh.doneEndless')
    : say(t, { key: 'tokenRegistries.actions.refresh.done', args: { time } }, new Date())
}

function issued(status: RegistryStatus | undefined): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'CredentialIssued')
}

function titleOf(registries: readonly ActingRegistry[], t: Translate): string {
  const [first] = registries
  return registries.length === 1 && first !== undefined
    ? first.nameDisplay
    : t('tokenRegistries.actions.many', { count: registries.length })
}

function growl(
  [first]: readonly ActingRegistry[],
  kind: 'info' | 'success' | 'warning' | 'error',
  data: { title: string; message: string },
): void {
  void first?.$dispatch(`growl/${kind}`, data, { root: true })
}

function statusOf(error: unknown): number | undefined {
  return (error as { _status?: number } | undefined)?._status
}
