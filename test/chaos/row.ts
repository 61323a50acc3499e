// What a row of the fault matrix is. How to write one: README.md here.
import type { Phase } from './run-row.ts'
import type { ChaosBed } from './bed.ts'
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
  /** Where the row must notice it, when a failure elsewhere would only mean a slow machine. Default: anywhere. */
  readonly by?: Phase
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

/** A row that is many: random sequences of events on sites of their own, against a model of what must hold. */
export interface Property extends Pick<Row, 'name' | 'fault' | 'stage' | 'short' | 'mutants'> {
  /** @throws Error with the sequence that fails, and with the seed */
  readonly check: (bed: ChaosBed, options: PropertyOptions) => Promise<PropertyResult>
}

export interface PropertyOptions {
  /** Makes the same sequences again. */
  readonly seed: number
  /** Many sequences instead of a few. */
  readonly thorough: boolean
  /** Looks for a shorter sequence that fails too; that takes minutes. */
  readonly shrink: boolean
  /** Program of the server; default the checkout's. */
  readonly main: string | undefined
  /** How long a state is waited for, in milliseconds. */
  readonly patienceMs: number
}

export interface PropertyResult {
  /** Events over all sequences. */
  readonly hits: number
  /** The most of one sequence. */
  readonly upstreamCalls: number
}

/** What `rows/index.ts` lists. */
export type AnyRow = Row | Property
