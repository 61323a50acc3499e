// Summaries of measurements. A figure never stands alone: how many there were, and how far they lie apart, goes along.

/** What a series of measurements came to, in the unit of its figure. */
export interface Summary {
  readonly count: number
  readonly min: number
  readonly median: number
  readonly p99: number
  readonly max: number
}

/** @throws RangeError without a value: a figure that was not measured must not look like one */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    count: sorted.length,
    min: percentile(sorted, 0),
    median: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  }
}

/**
 * Nearest rank: always a value that was measured, never one in between. Of an even number the median is the lower one.
 * @param sorted ascending
 * @param percent 0 to 100
 * @throws RangeError
 */
export function percentile(sorted: readonly number[], percent: number): number {
  if (percent < 0 || percent > 100) throw new RangeError(`${percent} is no percentage`)
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('nothing was measured')
  return value
}

/** Three digits that count, and no more zeros than it has: 0.42, 9.81, 12.3, 150, 1042. */
export function readable(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
