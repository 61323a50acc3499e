// What a row of the fault matrix is. How to write one: README.md here.
import type { Site } from './site.ts'

/** A change of the server's code that the row must notice. */
export interface Mutation {
  /** Path from the top of the checkout; below `server/`. */
  readonly file: string
  /** Text that stands there exactly once. */
  readonly from: string
  readonly to: string
  /** What the changed code no longer does, in one plain sentence. */
  readonly why: string
}

/** A mutant is caught when the row fails with all of its changes made. Mostly one. */
export type Mutant = Mutation | readonly Mutation[]

/** Where in the loop the fault strikes. */
export type Stage = 'start' | 'watch' | 'gather' | 'upstream' | 'write' | 'sweep' | 'status' | 'lease' | 'all'

export interface Row {
  /** Lower case with hyphens; also how the row is chosen on the command line. */
  readonly name: string
  /** What goes wrong, in one plain sentence. */
  readonly fault: string
  readonly stage: Stage
  /** Part of `npm test`: takes a few seconds. */
  readonly short: boolean
  /**
   * Rows with the same story do the same to their objects, so the run without faults that they are compared with is
   * made once. Default: the row's name.
   */
  readonly story?: string
  /** Settings of the server, over the short waits that all rows have: only such as operators have. */
  readonly env?: Readonly<Record<string, string>>
  /** Makes the objects and starts the server. Default: `standardSetup`. Ends when everything is Ready. */
  readonly setup?: (site: Site) => Promise<void>
  /**
   * What happens. Runs twice: once with faults, once without, where `site.fault` does nothing. What people do to their
   * objects must be the same in both. Faults of the proxies that are still in force at the end are healed then.
   */
  readonly run: (site: Site) => Promise<void>
  /** How often the fault struck; none is a failure of the row. Asked after `run`. */
  readonly hits: (site: Site) => number | Promise<number>
  /** Most calls of GetAuthorizationToken over setup and run; a number, since what upstream allows is one. */
  readonly maxUpstreamCalls: number
  /** More to check at the end, once the state is that of a run without faults. */
  readonly after?: (site: Site) => Promise<void>
  /** At least one, so that nobody need believe that the row can fail. */
  readonly mutants: readonly [Mutant, ...Mutant[]]
  /** Seconds that a state is waited for. Default 60; 20 for mutants, which wait for what never comes. */
  readonly patienceSeconds?: number
  /** Seconds that setup and run may take, each. Default 120. */
  readonly limitSeconds?: number
}
