// What must hold in the end, whatever happened: as little as can be said without knowing how the server works.
import { isDeepStrictEqual } from 'node:util'
import type { EndState } from '../end-state.ts'

/** What people want, and how often upstream may have been asked for it. */
export class Model {
  /** Short names of namespaces that exist, and whether `base` selects them. */
  readonly namespaces = new Map<string, { selected: boolean; overwritten: number }>()
  /** The user whose keys `own` names. */
  user = 'own'
  /** The name of the Secret of `own`. */
  secretName = 'own'
  /** Whether the Secret with the keys of `own` is there. */
  keysThere = true
  /** Good calls that may have been needed so far, over all identities. */
  calls = 2
  /** Nothing has happened since all was as it shall be, beside faults. */
  quiet = true
  /** Counts up, for names that are new. */
  #names = 0

  nextName(prefix: string): string {
    this.#names++
    return `${prefix}-${this.#names}`
  }

  /** The part of the end state that the model speaks of. */
  expected(): Judged {
    const selected = [...this.namespaces].filter(([, { selected }]) => selected).map(([name]) => name)
    const secrets = selected.map((name) => [`${name}/base`, `newest of ${arn('base')}`])
    secrets.push([`own/${this.secretName}`, `newest of ${arn(this.user)}`])
    return {
      registries: { '/base': well(selected.length), 'own/own': well(1) },
      secrets: Object.fromEntries(secrets) as Record<string, string>,
    }
  }

  /** Whether an end state is what the model expects. */
  fits(state: EndState): boolean {
    return isDeepStrictEqual(judged(state), this.expected())
  }
}

/** An end state without what the model does not speak of. */
export interface Judged {
  readonly registries: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Whose password each Secret holds. */
  readonly secrets: Readonly<Record<string, string>>
}

export function judged({ registries, secrets }: EndState): Judged {
  const spoken = Object.keys(well(0))
  return {
    registries: Object.fromEntries(
      Object.entries(registries).map(([name, status]) => [
        name,
        Object.fromEntries(spoken.map((field) => [field, status[field]])),
      ]),
    ),
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, { credential }]) => [name, String(credential)]),
    ),
  }
}

function well(targets: number): Record<string, unknown> {
  return {
    Ready: 'True Ready',
    CredentialIssued: 'True Issued',
    current: true,
    answered: true,
    targets: { desired: targets, failed: 0, synced: targets },
  }
}

/** Without the site's own prefix, as end states have it. */
function arn(user: string): string {
  return `arn:aws:iam::123456789012:user/${user}`
}
