import { parseArgs } from 'node:util'
import type { Tier } from './outcome.ts'

export interface Selection {
  readonly tiers: readonly Tier[]
  /** Tiers left out without having been asked to be, with the reason. */
  readonly leftOut: readonly string[]
  /** Parts of test file paths; empty = all. */
  readonly filter: readonly string[]
}

/**
 * Reads `[--only NAME[,NAME]] [PART OF A FILE PATH …]`. What a selected tier needs is selected with it.
 *
 * @throws Error with the known names when one is unknown
 */
export function selectTiers(all: readonly Tier[], argv: readonly string[], ci: boolean): Selection {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { only: { type: 'string' } },
    allowPositionals: true,
  })
  if (values.only === undefined) {
    const leftOut = ci ? [] : all.filter((tier) => tier.onlyInCi !== undefined)
    return {
      tiers: all.filter((tier) => !leftOut.includes(tier)),
      leftOut: leftOut.map((tier) => `${tier.name}: ${tier.onlyInCi}`),
      filter: positionals,
    }
  }
  const wanted = new Set(values.only.split(','))
  for (const name of wanted) {
    const tier = all.find((known) => known.name === name)
    if (!tier)
      throw new Error(`there is no tier "${name}"; known are ${all.map((known) => known.name).join(', ')}`)
    for (const need of tier.needs ?? []) wanted.add(need) // a Set's loop visits what is added meanwhile
  }
  return { tiers: all.filter((tier) => wanted.has(tier.name)), leftOut: [], filter: positionals }
}
