import { RegistryError } from './errors.ts'
import type { NamespaceInfo } from './targets.ts'
import type { Registry } from './registry.ts'

/** The administrator's policy object, as the chart writes it. Everything missing means "none". */
export interface Policy {
  /** Exact `host:port` that a spec may name as endpoint. */
  readonly allowedEndpoints: readonly string[]
  /** Ranges that no address of a spec may lead to, not even a listed one. As written; not yet checked. */
  readonly deniedCIDRs: readonly string[]
  /** Upstream roles (`self`, an ARN, or a prefix with `*`) that the server's identity may be used for, by who asks. */
  readonly serverIdentity: {
    readonly namespaces: ReadonlyMap<string, readonly string[]>
    /** By `<cluster>:<project>`. */
    readonly projects: ReadonlyMap<string, readonly string[]>
    readonly cluster: readonly string[]
  }
}

/** Used when the ConfigMap is missing: nothing is allowed that a policy must allow. */
export const denyAll: Policy = {
  allowedEndpoints: [],
  deniedCIDRs: [],
  serverIdentity: { namespaces: new Map(), projects: new Map(), cluster: [] },
}

/** The role name that stands for the server's identity itself, without assuming anything. */
export const selfRole = 'self'

const namespacePrefix = 'serverIdentity.namespace.'
const projectPrefix = 'serverIdentity.project.'

/** Reads the ConfigMap's data. Keys that we do not know are ignored, so that an older server survives a newer chart. */
export function parsePolicy(data: Readonly<Record<string, string>> | undefined): Policy {
  const namespaces = new Map<string, string[]>()
  const projects = new Map<string, string[]>()
  for (const [key, value] of Object.entries(data ?? {})) {
    if (key.startsWith(namespacePrefix)) namespaces.set(key.slice(namespacePrefix.length), lines(value))
    // A ConfigMap key cannot hold the colon of `<cluster>:<project>`; ids never hold a dot.
    if (key.startsWith(projectPrefix))
      projects.set(key.slice(projectPrefix.length).replace('.', ':'), lines(value))
  }
  return {
    allowedEndpoints: lines(data?.['allowedEndpoints']),
    deniedCIDRs: lines(data?.['deniedCIDRs']),
    serverIdentity: { namespaces, projects, cluster: lines(data?.['serverIdentity.cluster']) },
  }
}

function lines(text: string | undefined): string[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** What the provider says that a spec wants of the outside world. */
export interface UpstreamDemand {
  readonly customEndpoints: readonly string[]
  readonly upstreamRoles: readonly string[]
}

/**
 * Applies the policy at use. Admission has asked the same at creation; asking again makes a policy that became
 * stricter hold for what already exists.
 * @throws RegistryError NotAllowed
 */
export function checkPolicy(
  registry: Registry,
  demand: UpstreamDemand,
  home: NamespaceInfo | undefined,
  policy: Policy,
): void {
  const endpoint = demand.customEndpoints.find((address) => !policy.allowedEndpoints.includes(address))
  if (endpoint !== undefined) {
    throw new RegistryError(
      'NotAllowed',
      `spec.provider.${registry.provider.type} names the endpoint ${endpoint}, which the administrator's policy does not list; ` +
        `ask for it to be added to policy.allowedEndpoints of the chart, or remove the field`,
    )
  }
  if (registry.credentials.kind !== 'serverIdentity') return
  const allowed = allowedRoles(registry, home, policy)
  const wanted = demand.upstreamRoles.length === 0 ? [selfRole] : demand.upstreamRoles
  const refused = wanted.find((role) => !allowed.some((pattern) => roleMatches(pattern, role)))
  if (refused === undefined) return
  const who =
    registry.ref.namespace === ''
      ? 'cluster registries'
      : `namespace ${registry.ref.namespace} or its project`
  const what =
    refused === selfRole ? `the server's own identity` : `the role ${refused} from the server's identity`
  throw new RegistryError(
    'NotAllowed',
    `spec.credentials.serverIdentity: the administrator's policy does not let ${who} use ${what}; ` +
      `ask for it to be added to policy.serverIdentity of the chart, or use spec.credentials.secret`,
  )
}

function allowedRoles(
  registry: Registry,
  home: NamespaceInfo | undefined,
  { serverIdentity }: Policy,
): readonly string[] {
  if (registry.ref.namespace === '') return serverIdentity.cluster
  const project = home?.project ?? home?.formerProject // an annotation that is lost for a moment takes nothing away
  const byProject = project === undefined ? [] : (serverIdentity.projects.get(project) ?? [])
  return [...(serverIdentity.namespaces.get(registry.ref.namespace) ?? []), ...byProject]
}

function roleMatches(pattern: string, role: string): boolean {
  return pattern.endsWith('*') ? role.startsWith(pattern.slice(0, -1)) : role === pattern
}
