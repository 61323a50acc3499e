// The bugs that would cost most, each with the cheapest test that must fail when it is planted.
import type { Mutation } from './row.ts'

export interface PlantedBug {
  /** Lower case with hyphens; also how it is chosen on the command line. */
  readonly name: string
  readonly mutation: Mutation
  /** A test of a file, by its name; or a row of the matrix. */
  readonly caughtBy: { readonly file: string; readonly test: string } | { readonly row: string }
}

export const plantedBugs: readonly PlantedBug[] = []
