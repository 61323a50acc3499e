// Where the pull Secret is and where it is not: the Secrets that the user may read, and what status says about the rest.
import type { RegistryStatus } from '../generated/types'

/** As much of a pull Secret as the page reads: never its data. */
export interface PullSecretObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly annotations?: Readonly<Record<string, string>> | null
  }
}

/** As much of a registry as decides where its Secrets are. */
export interface TargetedRegistry {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec?: {
    readonly target?: { readonly project: string }
    readonly secret?: { readonly name?: string }
  }
  readonly status?: RegistryStatus
}

/**
 * current: holds the credential that status speaks of. outdated: holds an older one, it is being replaced or its
 * write failed. failed: status names a reason. waiting: nothing is there yet.
 */
export type TargetState = 'current' | 'outdated' | 'failed' | 'waiting'

export interface TargetRow {
  readonly namespace: string
  readonly state: TargetState
  /** Of the state, for sorting: what needs attention first. */
  readonly rank: number
  /** The pull Secret, where the user can see one. */
  readonly secret?: string
  /** When the credential in that Secret ends; RFC 3339. */
  readonly expiresAt?: string
  /** Code, message and first time of a failure. */
  readonly reason?: string
  readonly message?: string
  readonly since?: string
}

export interface Targets {
  /** By need of attention: failed, waiting, outdated, current; then by name. */
  readonly rows: readonly TargetRow[]
  /** Served namespaces beyond the rows: those that the user cannot see into. */
  readonly unseen: number
  /** Failing namespaces beyond those that status lists; it lists 20 at most. */
  readonly unlistedFailures: number
}

const issuedAt = 'tokenregistries.io/issued-at'
const expiresAt = 'tokenregistries.io/expires-at'

const attention: Readonly<Record<TargetState, number>> = { failed: 0, waiting: 1, outdated: 2, current: 3 }

/** Name of the pull Secret in every namespace: the one of the spec, else the registry's own. */
export function pullSecretName({ metadata, spec }: TargetedRegistry): string {
  return spec?.secret?.name || metadata.name
}

/**
 * Merges both sources. Status wins: a namespace that it calls failed is failed, although an older Secret may be there.
 * @param secrets undefined when the user may not list Secrets
 */
export function targetsOf(
  registry: TargetedRegistry,
  secrets: readonly PullSecretObject[] | undefined,
): Targets {
  const { status } = registry
  const rows = new Map<string, TargetRow>()
  for (const { metadata } of secrets ?? []) {
    const end = metadata.annotations?.[expiresAt]
    const state = isCurrent(metadata.annotations?.[issuedAt], status) ? 'current' : 'outdated'
    rows.set(metadata.namespace, {
      ...rowOf(metadata.namespace, state),
      secret: metadata.name,
      ...(end && { expiresAt: end }),
    })
  }

  const failures = status?.failures ?? []
  for (const failure of failures)
    rows.set(failure.namespace, {
      ...rows.get(failure.namespace),
      ...failure,
      ...rowOf(failure.namespace, 'failed'),
    })

  // The one namespace of a registry that serves only its own is known without any Secret.
  const own = ownNamespace(registry)
  if (own !== undefined && secrets !== undefined && !rows.has(own)) rows.set(own, rowOf(own, 'waiting'))

  return {
    rows: [...rows.values()].sort(byAttention),
    unseen: Math.max(0, (status?.targets?.desired ?? 0) - rows.size),
    unlistedFailures: Math.max(0, (status?.targets?.failed ?? 0) - failures.length),
  }
}

function rowOf(namespace: string, state: TargetState): Pick<TargetRow, 'namespace' | 'state' | 'rank'> {
  return { namespace, state, rank: attention[state] }
}

/** Without a time to compare with (before the first status) a Secret of ours is taken for current. */
function isCurrent(issued: string | undefined, status: RegistryStatus | undefined): boolean {
  if (!status?.issuedAt || !issued) return true
  return Date.parse(issued) >= Date.parse(status.issuedAt)
}

function ownNamespace({ metadata, spec }: TargetedRegistry): string | undefined {
  return spec?.target === undefined ? metadata.namespace : undefined
}

function byAttention(a: TargetRow, b: TargetRow): number {
  return a.rank - b.rank || a.namespace.localeCompare(b.namespace)
}
