import { RegistryError } from './errors.ts'
import type { LabelSelector, Registry } from './registry.ts'

/** What the loop keeps of a namespace. */
export interface NamespaceInfo {
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  /** Value of the guarded project annotation, `<cluster>:<project>`. */
  readonly project: string | undefined
  /** The project that this namespace had until it lost the annotation, while the grace period runs. */
  readonly formerProject: string | undefined
  readonly terminating: boolean
}

/** What a selection reaches only by exact name, beside namespaces that begin with kube- or cattle-. */
export interface SelectionRules {
  /** The server's own namespace: never a target unless named exactly. */
  readonly serverNamespace: string
  /** Rancher's system project, `<cluster>:<project>`: likewise. */
  readonly systemProject: string | undefined
}

/** `member`: write. `held`: neither write nor remove, because the project annotation vanished a moment ago. `out`: remove. */
export type Membership = 'member' | 'held' | 'out'

const protectedNames = /^(kube|cattle)-/

/** `*` stands for any characters, also for none. Linear in time: tenants choose the names, and admins the patterns. */
export function matchesGlob(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false
  const end = name.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** By the rules of Kubernetes: NotIn also matches where the label is missing. */
export function matchesSelector(selector: LabelSelector, given: Readonly<Record<string, string>>): boolean {
  const labelsMatch = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => given[key] === value)
  return (
    labelsMatch &&
    (selector.matchExpressions ?? []).every((expression) => matchesExpression(expression, given))
  )
}

function matchesExpression(
  { key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number],
  given: Readonly<Record<string, string>>,
): boolean {
  const value = given[key]
  switch (operator) {
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
  }
}

/** Pure: whether a registry's Secret belongs into a namespace. */
export function membership(registry: Registry, namespace: NamespaceInfo, rules: SelectionRules): Membership {
  if (namespace.terminating) return 'held'
  const { target } = registry
  switch (target.type) {
    case 'namespace':
      return namespace.name === registry.ref.namespace ? 'member' : 'out'
    case 'project':
      return projectMembership([target.project], namespace)
    case 'selection':
      return selectionMembership(target, namespace, rules)
  }
}

function projectMembership(
  projects: readonly string[],
  { project, formerProject }: NamespaceInfo,
): Membership {
  if (project !== undefined) return projects.includes(project) ? 'member' : 'out'
  return formerProject !== undefined && projects.includes(formerProject) ? 'held' : 'out'
}

function selectionMembership(
  target: Extract<Registry['target'], { type: 'selection' }>,
  namespace: NamespaceInfo,
  rules: SelectionRules,
): Membership {
  if (target.exclude.some((pattern) => matchesGlob(pattern, namespace.name))) return 'out'
  if (isProtected(namespace, rules) && !target.names.includes(namespace.name)) return 'out'
  if (target.names.length > 0 && !target.names.some((pattern) => matchesGlob(pattern, namespace.name)))
    return 'out'
  if (target.selector !== undefined && !matchesSelector(target.selector, namespace.labels)) return 'out'
  return target.projects.length > 0 ? projectMembership(target.projects, namespace) : 'member'
}

function isProtected(namespace: NamespaceInfo, rules: SelectionRules): boolean {
  if (protectedNames.test(namespace.name) || namespace.name === rules.serverNamespace) return true
  const project = namespace.project ?? namespace.formerProject
  return rules.systemProject !== undefined && project === rules.systemProject
}

/** Pure: false when a registry for a project lives in a namespace of another one, or of none. */
export function isInItsProject({ target }: Registry, home: NamespaceInfo | undefined): boolean {
  if (target.type !== 'project' || home === undefined) return true
  return projectMembership([target.project], home) !== 'out'
}

/**
 * A registry for a project may only live in that project: the annotation of its home namespace must say so now,
 * whatever it said when the registry was created. While the annotation is lost for a moment the answer is open.
 * @throws RegistryError NotAllowed
 */
export function checkHomeProject(registry: Registry, home: NamespaceInfo | undefined): void {
  const { target } = registry
  if (target.type !== 'project' || home === undefined || isInItsProject(registry, home)) return
  const actual = home.project === undefined ? 'it belongs to no project' : `it belongs to ${home.project}`
  throw new RegistryError(
    'NotAllowed',
    `spec.target.project is ${target.project}, but the project annotation of namespace ${home.name} says that ${actual}; ` +
      `create the registry in a namespace of that project, or correct spec.target.project`,
  )
}
