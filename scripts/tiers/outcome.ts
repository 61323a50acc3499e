/** What one tier came to. Tiers that are not node:test files have zero counts. */
export interface Outcome {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  /** Printed in full when the tier failed. */
  readonly output: string
  /** Tests or tiers that did not run, one line each with the reason. */
  readonly notRun: readonly string[]
}

export interface TierContext {
  readonly root: string
  readonly signal: AbortSignal
  /** Parts of file paths to keep; empty = all files. */
  readonly filter: readonly string[]
  /** A line for people who wait. */
  readonly progress: (line: string) => void
}

export interface Tier {
  readonly name: string
  /** Tiers that must have succeeded first; they are added to a selection that lacks them. */
  readonly needs?: readonly string[]
  /** Why it is left out by default, and when it runs; absent = always. */
  readonly onlyInCi?: string
  readonly run: (context: TierContext) => Promise<Outcome>
}

/** A tier without tests of its own. */
export function plain(ok: boolean, output: string): Outcome {
  return { ok, passed: 0, failed: 0, output, notRun: [] }
}
