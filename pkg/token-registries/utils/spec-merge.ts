// Brings what a user changed and what somebody else changed meanwhile together.
import isEqual from 'lodash/isEqual'
import { valueAt, withValue, type Step } from './spec-path'

/** Steps and not a path: keys of annotations have dots in them. */
export type Place = readonly Step[]

/** A place that both changed, and to different values: the user's own is kept. */
export interface Clash {
  readonly place: Place
  readonly theirs: unknown
  readonly mine: unknown
}

/** The merged object, and what is to be told. */
export interface Merge<T> {
  readonly merged: T
  /** Places that somebody else changed. */
  readonly theirs: readonly Place[]
  readonly clashes: readonly Clash[]
}

/**
 * Where two objects differ; a list counts as one value.
 * @param whole places below which nothing is told apart either
 */
export function differences(
  one: unknown,
  other: unknown,
  whole: readonly Place[] = [],
  at: Place = [],
): Place[] {
  if (isEqual(one ?? undefined, other ?? undefined)) return []
  const isWhole = whole.some((place) => isEqual(place, at))
  if (isWhole || !isObject(one) || !isObject(other)) return [at]
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].flatMap((key) => differences(one[key], other[key], whole, [...at, key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Applies the user's changes to what is there now.
 * @param base what the user started from
 * @param choices places of which one block is to be there: where another one was chosen they are one value
 */
export function merge<T>(base: T, mine: T, theirs: T, choices: readonly Place[] = []): Merge<T> {
  const blocks = (object: T, choice: Place): string[] => Object.keys(valueAt(object, choice) ?? {}).sort()
  const whole = choices.filter((choice) => {
    const before = blocks(base, choice)
    return !isEqual(before, blocks(mine, choice)) || !isEqual(before, blocks(theirs, choice))
  })
  const wanted = differences(base, mine, whole)
  const found = differences(base, theirs, whole)
  const merged = wanted.reduce((result, steps) => withValue(result, steps, valueAt(mine, steps)), theirs)
  const clashes = wanted
    .filter((steps) => found.some((other) => overlaps(steps, other)))
    .map((steps) => ({
      place: steps,
      theirs: valueAt(theirs, steps),
      mine: valueAt(mine, steps),
    }))
    .filter((clash) => !isEqual(clash.theirs, clash.mine))
  return { merged, theirs: found, clashes }
}

/** Whether one place is the other, or lies in it. */
export function overlaps(one: Place, other: Place): boolean {
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
