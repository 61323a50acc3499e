// Runs a row once without faults and once with, and compares.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChaosBed } from './bed.ts'
import type { EndState } from './end-state.ts'
import { seededRandom } from './random.ts'
import type { AnyRow, Row } from './row.ts'
import { runProperty } from './run-property.ts'
import { Site, standardSetup } from './site.ts'
import { judgeSite } from './witness.ts'

export interface RunOptions {
  readonly seed: number
  /** End states of runs without faults, by story. Shared by the rows of one bed. */
  readonly baselines: Map<string, EndState>
  /** Program of the server under test; the run without faults always takes the checkout's. */
  readonly main?: string
  /** How long a state is waited for, in milliseconds. Default 60000. */
  readonly patienceMs?: number
  /** Many sequences for a property, and a search for a short one that fails. Default false. */
  readonly thorough?: boolean
}

/** Up to `setup` nothing was wrong yet: a failure there says nothing about the fault. */
export type Phase =
  'baseline' | 'setup' | 'run' | 'end state' | 'witness' | 'hits' | 'upstream calls' | 'after'

export interface RowResult {
  readonly row: AnyRow
  readonly hits: number
  readonly upstreamCalls: number
  readonly seconds: number
  /** Undefined when all is well. */
  readonly failure: { readonly phase: Phase; readonly error: Error; readonly log?: string } | undefined
}

/** Never rejects for what the row finds. */
export async function runRow(bed: ChaosBed, row: AnyRow, options: RunOptions): Promise<RowResult> {
  if ('check' in row) return runProperty(bed, row, options)
  const startedAt = performance.now()
  const story = row.story ?? row.name
  const play = new Play(bed, row, options)
  try {
    if (!options.baselines.has(story)) options.baselines.set(story, await play.withoutFaults())
    await play.withFaults(options.baselines.get(story))
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return result({ phase: play.phase, error, log: play.log })
  }
  return result(undefined)

  function result(failure: RowResult['failure']): RowResult {
    const { hits, upstreamCalls } = play
    return { row, hits, upstreamCalls, seconds: (performance.now() - startedAt) / 1000, failure }
  }
}

/** Throws with the failure in its message, for node:test. */
export async function assertRow(bed: ChaosBed, row: AnyRow, options: RunOptions): Promise<void> {
  const { failure } = await runRow(bed, row, options)
  if (failure !== undefined)
    throw new Error(`${failure.phase}: ${failure.error.message}\n${failure.log ?? ''}`, {
      cause: failure.error,
    })
}

class Play {
  phase: Phase = 'baseline'
  hits = 0
  upstreamCalls = 0
  /** What the servers logged last. */
  log = ''
  readonly #bed: ChaosBed
  readonly #row: Row
  readonly #options: RunOptions

  constructor(bed: ChaosBed, row: Row, options: RunOptions) {
    this.#bed = bed
    this.#row = row
    this.#options = options
  }

  async withoutFaults(): Promise<EndState> {
    const site = await this.#open(false)
    try {
      await this.#act(site)
      return await site.untilConverged()
    } finally {
      this.log = site.logTail()
      await site.close()
    }
  }

  async withFaults(expected: EndState | undefined): Promise<void> {
    this.phase = 'setup'
    const site = await this.#open(true)
    const row = this.#row
    try {
      await this.#act(site, () => {
        this.phase = 'run'
        const { patienceSeconds } = row
        site.patienceMs =
          patienceSeconds === undefined ? (this.#options.patienceMs ?? 60_000) : patienceSeconds * 1000
      })
      this.phase = 'hits'
      this.hits = await row.hits(site)
      assert.ok(this.hits > 0, 'the fault was never hit')
      this.phase = 'end state'
      await this.#untilEqual(site, expected)
      this.phase = 'witness'
      await site.untilWitnessed()
      const violations = judgeSite(site).map(({ rule, what }) => `${rule}: ${what}`)
      assert.equal(violations.length, 0, violations.slice(0, 5).join('\n'))
      this.phase = 'upstream calls'
      this.upstreamCalls = site.upstreamCalls
      const { maxUpstreamCalls } = row
      assert.ok(
        this.upstreamCalls <= maxUpstreamCalls,
        `upstream was asked ${this.upstreamCalls} times, which is more than ${maxUpstreamCalls}`,
      )
      this.phase = 'after'
      await row.after?.(site)
    } finally {
      this.log = site.logTail()
      await site.close()
    }
  }

  #open(faulty: boolean): Promise<Site> {
    const { seed, main } = this.#options
    const { name, env } = this.#row
    return Site.open(this.#bed, {
      faulty,
      random: seededRandom(seed, name),
      env,
      main: faulty ? main : undefined,
    })
  }

  /** Setup and run, each within the row's limit. Faults of proxies that are left are healed at the end. */
  async #act(site: Site, setUp: () => void = () => undefined): Promise<void> {
    const { setup = standardSetup, run, limitSeconds = 120 } = this.#row
    await within(limitSeconds, 'the setup', setup(site))
    setUp()
    await within(limitSeconds, 'the row', run(site))
    await this.#bed.heal()
  }

  async #untilEqual(site: Site, expected: EndState | undefined): Promise<void> {
    try {
      await site.until('the state of a run without faults', async () =>
        isEqual(await site.endState(), expected),
      )
    } catch (error) {
      // The comparison's own message shows what differs.
      assert.deepEqual(await site.endState(), expected)
      throw error
    }
  }
}

function isEqual(actual: EndState, expected: EndState | undefined): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected)
}

async function within(seconds: number, what: string, work: Promise<void>): Promise<void> {
  const patience = new AbortController()
  const late = delay(seconds * 1000, undefined, { signal: patience.signal }).then(
    () => Promise.reject(new Error(`${what} did not end within ${seconds} s`)),
    () => undefined,
  )
  try {
    await Promise.race([work, late])
  } finally {
    patience.abort()
  }
}
