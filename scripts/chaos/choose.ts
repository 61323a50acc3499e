import type { AnyRow } from '../../test/chaos/row.ts'
import { rows } from '../../test/chaos/rows/index.ts'

/** The rows that are asked for, in the order of the list. @throws Error with the known names when one is unknown */
export function chooseRows({ only, short }: { only: readonly string[]; short: boolean }): readonly AnyRow[] {
  const known = new Set(rows.map(({ name }) => name))
  const unknown = only.filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new Error(`there is no row ${unknown.join(', ')}; known are ${[...known].join(', ')}`)
  return rows.filter((row) => (only.length === 0 || only.includes(row.name)) && (!short || row.short))
}
