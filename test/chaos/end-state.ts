// What a site has come to, without what differs from run to run: times, uids, versions, passwords, the site's name.
import type { SecretView } from '../integration/harness.ts'
import type { Site } from './site.ts'

/** Values are one line each, so that a difference is read at a glance. */
export interface EndState {
  /** By kind-independent name. */
  readonly registries: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** By `namespace/name`. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const ours = '/api/v1/secrets?labelSelector=app.kubernetes.io/managed-by=token-registries'
const mark = 'tokenregistries.io/'

/** Reads it as administrator. @throws when the API server does not answer */
export async function readEndState(site: Site): Promise<EndState> {
  const [registries, list] = await Promise.all([
    site.registryObjects(),
    site.cp.admin.get<{ items: SecretView[] }>(ours),
  ])
  const uids = new Set(registries.map(({ object }) => object.metadata?.uid))
  const found = list.items.filter(({ metadata }) => metadata?.namespace?.startsWith(`${site.id}-`))
  const state: EndState = {
    registries: Object.fromEntries(
      registries.map(({ object: { metadata, status } }) => [
        `${metadata?.namespace ?? ''}/${metadata?.name}`,
        {
          current: status?.observedGeneration === metadata?.['generation'],
          answered:
            status?.lastHandledRefreshRequest === metadata?.annotations?.[`${mark}refresh-requested-at`],
          targets: status?.targets,
          failures: status?.failures?.map(({ namespace, reason }) => `${namespace}: ${reason}`).sort(),
          ...Object.fromEntries(
            (status?.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
          ),
        },
      ]),
    ),
    secrets: Object.fromEntries(
      found.map((secret) => [
        `${secret.metadata?.namespace}/${secret.metadata?.name}`,
        {
          type: secret['type'],
          credential: credentialOf(site, secret),
          hosts: Object.keys(authsOf(secret)).sort(),
          labels: Object.keys(secret.metadata?.labels ?? {}).sort(),
          annotations: Object.keys(secret.metadata?.annotations ?? {}).sort(),
          ownerLives: uids.has(secret.metadata?.labels?.[`${mark}owner-uid`]),
        },
      ]),
    ),
  }
  return JSON.parse(sortKeys(state).replaceAll(`${site.id}-`, '')) as EndState
}

/** Nothing is left to do: for the run without faults, where there is nothing to compare with. */
export function isConverged({ registries, secrets }: EndState): boolean {
  const all = Object.values(registries)
  const synced = all.reduce((sum, { targets }) => sum + ((targets as Targets | undefined)?.synced ?? 0), 0)
  return (
    all.length > 0 &&
    all.every(({ current, answered, Ready, CredentialIssued, targets }) => {
      const { desired, synced: done } = (targets ?? {}) as Partial<Targets>
      const well = String(Ready).startsWith('True') && String(CredentialIssued).startsWith('True')
      return current && answered && well && desired === done
    }) &&
    Object.values(secrets).length === synced &&
    Object.values(secrets).every(({ credential }) => String(credential).startsWith('newest'))
  )
}

interface Targets {
  readonly desired: number
  readonly synced: number
}

/** Whose password a Secret holds and whether it is the newest that upstream gave to that user. */
function credentialOf(site: Site, secret: SecretView): string {
  const passwords = passwordsOf(secret)
  const [password] = passwords
  if (password === undefined || new Set(passwords).size !== 1) return 'none'
  const token = site.aws.tokens.findLive(password)
  if (token === undefined) return 'not of upstream'
  const age = site.aws.tokens.lastOf(token.principal)?.password === password ? 'newest' : 'older'
  return `${age} of ${token.principal}`
}

/** The passwords of all hosts; empty when the Secret cannot be read as what it should be. */
export function passwordsOf(secret: SecretView): string[] {
  const entries = Object.values(authsOf(secret))
  const whole = entries.every(
    ({ username, password, auth }) => auth === Buffer.from(`${username}:${password}`).toString('base64'),
  )
  return whole ? entries.map(({ password }) => password).filter((password) => password !== '') : []
}

/** By host; empty when it is no docker config. */
function authsOf({ data }: SecretView): Readonly<Record<string, DockerEntry>> {
  try {
    const text = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    const { auths = {} } = JSON.parse(text) as { auths?: Record<string, DockerEntry> }
    return auths
  } catch {
    return {} // no JSON: whoever asks takes it for a Secret without a password
  }
}

interface DockerEntry {
  readonly username: string
  readonly password: string
  readonly auth: string
}

/** JSON with the keys of all objects sorted. */
function sortKeys(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
