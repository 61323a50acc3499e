/**
 * Writes what the admission policies must look at: every field of `spec` that points to something its author might
 * have no right to use. The fields are marked in the schemas (server/api/schema/reference.ts), so a provider that comes
 * with an address or a role of its own is guarded from its first day.
 */
import { objectName } from '../../server/api/schema/formats.ts'
import { referenceKinds, type ReferenceKind } from '../../server/api/schema/reference.ts'
import type { Kind } from '../../server/api/v1alpha1/kind.ts'
import type { KindTree } from './outputs.ts'
import { places, readSchema, type Place, type SchemaNode } from './schema-node.ts'

/** One marked field. */
export interface PolicyPath {
  readonly reference: ReferenceKind
  /** As messages name it: `spec.credentials.secret.name`. */
  readonly field: string
  /** CEL for its text, empty when it is absent; for roles a list of texts; for a block the block, as an optional. */
  readonly cel: string
}

/** CEL lets one policy ask the authorizer 28 times; attaching to ServiceAccounts takes 8 of them. */
const mostQuestions = 28 - 8

const namePattern = readSchema(objectName).pattern

/** The marked fields of a kind's spec, in the order of its fields. */
export function policyPaths(root: SchemaNode): PolicyPath[] {
  return places(root).flatMap((place) => {
    const { path, node } = place
    const reference = node.reference ?? node.items?.reference
    if (reference === undefined || !path.startsWith('spec.')) return []
    return [{ reference, field: path.replaceAll('[]', ''), cel: celOf(place, reference) }]
  })
}

/** What the policies could not guard: fields without a mark, and marks that CEL cannot follow. */
export function referenceProblems({ scope }: Pick<Kind, 'scope'>, root: SchemaNode): string[] {
  const fields = places(root).filter(({ path }) => path.startsWith('spec.'))
  const unmarked = fields
    .filter(({ path }) => /^spec\.(credentials|provider)\./.test(path))
    .filter(({ node }) => (node.items ?? node).pattern === namePattern)
    .filter(({ node }) => (node.items ?? node).reference === undefined)
    .map(
      ({ path }) =>
        `${path} names an object, but not with refersTo(): admission would not ask for a right on it`,
    )
  const inLists = fields
    .filter(({ node }) => node.reference !== 'upstreamRole' && node.items?.reference !== 'upstreamRole')
    .filter(
      ({ path, node }) => (path.includes('[]') && node.reference !== undefined) || node.items?.reference,
    )
    .map(({ path }) => `${path} refers to something from within a list: a policy has no checks for so many`)
  const count = (kind: ReferenceKind): number =>
    policyPaths(root).filter(({ reference }) => reference === kind).length
  const questions = count('secret') + count('serviceAccountToken')
  const single = (['serviceAccountEdit', 'project'] as const)
    .filter((kind) => count(kind) > 1)
    .map((kind) => `two fields are marked ${kind}, and the policies know one`)
  return [
    ...unmarked,
    ...inLists,
    ...single,
    ...(questions > mostQuestions
      ? [`${questions} fields need an authorizer check, a policy has ${mostQuestions}`]
      : []),
    ...(scope === 'Cluster' && count('project') > 0
      ? ['a cluster-scoped kind has no project of its own']
      : []),
  ]
}

/** Every part but the first is optional: the schema, not the policy, says what must be there. */
function celOf({ path, node }: Place, reference: ReferenceKind): string {
  const [outer = '', inner] = path.split('[].')
  const value = `object.${outer.replaceAll('.', '.?')}`
  if (reference === 'serviceAccountEdit') return value
  if (reference !== 'upstreamRole') return `${value}.orValue('')`
  if (inner !== undefined)
    return `${value}.orValue([]).map(item, item.?${inner.replaceAll('.', '.?')}.orValue(''))`
  return node.items ? `${value}.orValue([])` : `[${value}.orValue('')].filter(role, role != '')`
}

/** A named template that gives the paths as JSON: kind, then reference, then fields. */
export function renderPolicyPaths(trees: readonly KindTree[], notice: string): string {
  const kinds = trees
    .map(({ kind, root }) => [kind.kind, policyPaths(root)] as const)
    .filter(([, paths]) => paths.length > 0)
    .map(([kind, paths]) => [kind, byReference(paths)] as const)
  const json = JSON.stringify(Object.fromEntries(kinds), null, 2)
  return `{{- /* ${notice} */ -}}\n{{- define "token-registries.policy.paths" -}}\n${json}\n{{- end }}\n`
}

function byReference(paths: readonly PolicyPath[]): Record<string, unknown> {
  const entries = referenceKinds.map((kind) => {
    const own = paths.filter(({ reference }) => reference === kind)
    return [kind, own.map(({ field, cel }) => ({ field, cel }))]
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}
