// Brings what a user changed and what somebody else changed meanwhile together.
import isEqual from 'lodash/isEqual'
import { formatPath, valueAt, withValue, type Step } from './spec-path'

/** A place that both changed, and to different values: the user's own is kept. */
export interface Clash {
  readonly path: string
  readonly theirs: unknown
  readonly mine: unknown
}

/** The merged object, and what is to be told. */
export interface Merge<T> {
  readonly merged: T
  /** Places that somebody else changed. */
  readonly theirs: readonly string[]
  readonly clashes: readonly Clash[]
}

/** Where two objects differ; a list counts as one value. */
export function differences(one: unknown, other: unknown, at: readonly Step[] = []): Step[][] {
  if (isEqual(one ?? undefined, other ?? undefined)) return []
  if (!isObject(one) || !isObject(other)) return [[...at]]
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].flatMap((key) => differences(one[key], other[key], [...at, key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Applies the user's changes to what is there now.
 * @param base what the user started from
 */
export function merge<T>(base: T, mine: T, theirs: T): Merge<T> {
  const wanted = differences(base, mine)
  const found = differences(base, theirs)
  const merged = wanted.reduce((result, steps) => withValue(result, steps, valueAt(mine, steps)), theirs)
  const clashes = wanted
    .filter((steps) => found.some((other) => overlaps(steps, other)))
    .map((steps) => ({
      path: formatPath(steps),
      theirs: valueAt(theirs, steps),
      mine: valueAt(mine, steps),
    }))
    .filter((clash) => !isEqual(clash.theirs, clash.mine))
  return { merged, theirs: found.map(formatPath), clashes }
}

function overlaps(one: readonly Step[], other: readonly Step[]): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short.every((step, index) => step === long[index])
}

interface ManagedFields {
  readonly manager?: string
  readonly time?: string
  readonly subresource?: string
}

/** Who wrote an object last, its status aside: the name of a program, such as kubectl-edit. */
export function lastWriter(object: {
  readonly metadata?: { readonly managedFields?: readonly ManagedFields[] }
}): string | undefined {
  const written = (object.metadata?.managedFields ?? []).filter(({ subresource }) => !subresource)
  return written.sort((one, other) => (one.time ?? '').localeCompare(other.time ?? '')).at(-1)?.manager
}
