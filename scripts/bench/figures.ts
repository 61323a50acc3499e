// What the bench measures, as data: one figure per row of the table, each beside its reference and its goal.
import type { Summary } from './statistics.ts'

/** What there is to measure, in the order of the table; `--only` names them by letter. */
export const parts = {
  a: 'raw write rate of a bare client',
  b: 'fan-out of one fresh token to many namespaces',
  c: 'new namespace to Secret, with many namespaces present',
  d: 'upstream calls',
  e: 'memory and CPU',
  f: 'API requests at rest',
  g: 'cold start and restart',
  h: 'many registries, each with an identity of its own',
} as const
/** A letter of `parts`. */
export type Part = keyof typeof parts

/** `% of a core` is CPU time over wall time. */
export type Unit = 'ms' | 's' | '/s' | '%' | 'MiB' | '% of a core' | 'calls' | 'requests' | 'per minute'

/** A limit for one of a summary's values. */
export interface Goal {
  readonly of: 'median' | 'p99' | 'max'
  readonly relation: 'at most' | 'at least'
  readonly value: number
}

/** One figure. */
export interface Figure {
  /** Stable over releases, for comparisons: `fan-out.1000.unthrottled.time`. */
  readonly id: string
  readonly part: Part
  readonly what: string
  readonly unit: Unit
  /** `samples` are shown as p50, p99 and max; `runs` as median and extremes. */
  readonly of: 'samples' | 'runs'
  readonly ours: Summary
  /** The same, done by something simpler in the same run. */
  readonly reference?: { readonly what: string; readonly value: Summary }
  readonly goals: readonly Goal[]
}

/** Whether a figure keeps a goal. */
export function isReached({ ours }: Pick<Figure, 'ours'>, { of, relation, value }: Goal): boolean {
  return relation === 'at most' ? ours[of] <= value : ours[of] >= value
}
