// What must never happen to a pull Secret, whatever fails: judged by every version that the API server has had.
import type { SecretView } from '../integration/harness.ts'
import { assertNoneOf } from '../integration/canaries.ts'
import type { Version } from './observer.ts'
import { passwordsOf } from './end-state.ts'
import type { Site } from './site.ts'

const managedBy = 'app.kubernetes.io/managed-by'
const issuedAt = 'tokenregistries.io/issued-at'
const expiresAt = 'tokenregistries.io/expires-at'

/** Names of the rules, as they stand in a failure. */
export type Rule = 'absent' | 'new uid' | 'malformed' | 'older than before' | 'unexpected end' | 'canary'

export interface Violation {
  readonly rule: Rule
  readonly what: string
}

/** All violations of one site, over its whole life. */
export function judgeSite(site: Site): Violation[] {
  const histories = new Map<string, Version<SecretView>[]>()
  for (const version of site.secrets.versions) {
    const { namespace = '', name = '' } = version.object.metadata ?? {}
    if (!namespace.startsWith(`${site.id}-`)) continue
    const key = `${namespace}/${name}`
    histories.set(key, [...(histories.get(key) ?? []), version])
  }
  const found = [...histories].flatMap(([key, history]) => judgeSecret(key, history, site))
  return [...found, ...judgeLogs(site), ...findCanaries(site)]
}

function judgeSecret(key: string, history: readonly Version<SecretView>[], site: Site): Violation[] {
  const judge = new SecretJudge(key, site)
  for (const version of history) judge.see(version)
  return judge.violations
}

/** A history counts from the first version that carries our label; one without the label was given up by its owner. */
class SecretJudge {
  readonly violations: Violation[] = []
  readonly #key: string
  readonly #site: Site
  readonly #mayVanish: boolean
  readonly #payloads: string[] = []
  /** Annotations of the last version that was the server's. */
  #last: Readonly<Record<string, string>> | undefined
  #before: SecretView | undefined
  #uid: string | undefined

  constructor(key: string, site: Site) {
    this.#key = key
    this.#site = site
    this.#mayVanish = site.mayVanish.has(key) || site.mayVanish.has(key.split('/')[0] ?? '')
  }

  see({ type, object }: Version<SecretView>): void {
    const { labels, uid, resourceVersion = '' } = object.metadata ?? {}
    if (labels?.[managedBy] !== 'token-registries' || type === 'DELETED') {
      if (type === 'DELETED' && this.#before !== undefined && !this.#mayVanish)
        this.#note('absent', 'was deleted')
      this.#before = undefined
      return
    }
    if (this.#uid !== undefined && this.#uid !== uid && !this.#mayVanish)
      this.#note('new uid', `${this.#uid} became ${uid}`)
    this.#uid = uid
    if (!this.#site.foreignVersions.has(resourceVersion)) this.#compare(object)
    this.#before = object
  }

  #compare(object: SecretView): void {
    if (passwordsOf(object).length === 0)
      this.#note('malformed', 'holds no password, or one that does not fit its auth')
    // Times that a wrong clock has noted are put right; that says nothing of the password.
    const times = Date.parse(this.#last?.[issuedAt] ?? '') > Date.now() ? [] : [issuedAt, expiresAt]
    for (const annotation of times) {
      const was = this.#last?.[annotation] ?? ''
      const is = object.metadata?.annotations?.[annotation] ?? ''
      if (is < was) this.#note('older than before', `${annotation} went from ${was} to ${is}`)
    }
    this.#last = object.metadata?.annotations ?? {}
    // Times are whole seconds; a payload that comes back is older however fast it was replaced.
    const payload = object.data['.dockerconfigjson'] ?? ''
    if (payload === this.#payloads.at(-1)) return
    if (this.#payloads.includes(payload)) this.#note('older than before', 'an earlier payload came back')
    this.#payloads.push(payload)
  }

  #note(rule: Rule, what: string): void {
    this.violations.push({ rule, what: `${this.#key}: ${what}` })
  }
}

/** What the code itself calls a defect. */
const defects =
  /"msg":"(a promise was rejected and nobody handled it|[^"]* failed unexpectedly|the stop was not orderly)"/

function judgeLogs(site: Site): Violation[] {
  return site.replicas.flatMap(({ name, log }) =>
    log
      .filter((line) => defects.test(line) || line.startsWith('stderr:'))
      .map((line): Violation => ({ rule: 'unexpected end', what: `${name} logged ${line.slice(0, 500)}` })),
  )
}

/** No key and no password in any log, in any spelling. */
function findCanaries(site: Site): Violation[] {
  const secrets: Record<string, string> = {}
  for (const [user, { secretAccessKey }] of site.users) secrets[`the secret key of ${user}`] = secretAccessKey
  const seen = site.secrets.versions.filter(({ object: { metadata } }) =>
    metadata?.namespace?.startsWith(`${site.id}-`),
  )
  for (const password of new Set(seen.flatMap(({ object }) => passwordsOf(object))))
    if (password.length >= 12) secrets[`password ${Object.keys(secrets).length}`] = password
  const places = Object.fromEntries(
    site.replicas.map(({ name, log }) => [`the log of ${name}`, log.join('\n')]),
  )
  try {
    assertNoneOf(secrets, places)
    return []
  } catch (error) {
    return [{ rule: 'canary', what: error instanceof Error ? error.message : String(error) }]
  }
}
