import type { Figure, Part } from '../../../scripts/bench/figures.ts'
import type { Artefact } from '../artefact.ts'
import type { Bed } from '../bed.ts'

/** How large to measure. */
export interface Sizes {
  readonly namespaces: number
  readonly manyNamespaces: number
  readonly sharingRegistries: number
  readonly registries: number
  readonly unrelatedSecrets: number
  /** New namespaces per series. */
  readonly samples: number
  /** Repetitions of what is short. */
  readonly runs: number
  readonly idleSeconds: number
}

/** The sizes of the published table, and small ones to try the bench out. */
export const sizes = {
  full: {
    namespaces: 1000,
    manyNamespaces: 10_000,
    sharingRegistries: 100,
    registries: 1000,
    unrelatedSecrets: 10_000,
    samples: 100,
    runs: 5,
    idleSeconds: 60,
  },
  quick: {
    namespaces: 100,
    manyNamespaces: 500,
    sharingRegistries: 20,
    registries: 50,
    unrelatedSecrets: 200,
    samples: 15,
    runs: 2,
    idleSeconds: 10,
  },
} as const satisfies Record<string, Sizes>

/** What a measurement works with. */
export interface Bench {
  readonly artefact: Artefact
  readonly sizes: Sizes
  readonly signal: AbortSignal
  /** Starts a bed that is closed when the measurement is over, however it ends. */
  bed(): Promise<Bed>
  say(line: string): void
}

/** One or two letters that are measured together, because they need the same bed. */
export interface Measurement {
  readonly parts: readonly Part[]
  measure(bench: Bench): Promise<Figure[]>
}
