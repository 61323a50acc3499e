import type { HistoryEntry } from '../generated/types'
import { historyBars, historyCounts, historyHeight, historyRows, historyWidth } from './history'

const entry = (
  minute: number,
  durationMs?: number,
  outcome: HistoryEntry['outcome'] = 'Succeeded',
): HistoryEntry => ({
  time: `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`,
  outcome,
  ...(durationMs !== undefined && { durationMs }),
})

describe('bars of the history', () => {
  it('run from the oldest on the left to the newest', () => {
    const bars = historyBars([entry(1), entry(2), entry(3)])
    expect(bars.map(({ entry: { time } }) => time.slice(14, 16))).toEqual(['01', '02', '03'])
    expect(bars[0]?.x).toBe(0)
    expect(bars[1]!.x).toBeGreaterThanOrEqual(bars[0]!.x + bars[0]!.width)
  })

  it('are as tall as the try was long, by its square root, and never invisible', () => {
    const [none, short, long] = historyBars([entry(1, 0), entry(2, 100), entry(3, 400)])
    expect(long).toMatchObject({ height: historyHeight, y: 0 })
    expect(short).toMatchObject({ height: 27, y: historyHeight - 27 })
    expect(none?.height).toBe(6)
  })

  it('take a try without a duration for a short one', () => {
    expect(historyBars([entry(1), entry(2, 50)]).map(({ height }) => height)).toEqual([6, historyHeight])
  })

  it('stay inside the drawing: the newest 20 of more', () => {
    const bars = historyBars(Array.from({ length: 25 }, (_, index) => entry(index, index)))
    expect(bars).toHaveLength(20)
    expect(bars[0]?.entry.time).toContain('12:05')
    for (const { x, y, width, height } of bars) {
      expect(x + width).toBeLessThanOrEqual(historyWidth)
      expect(y + height).toBe(historyHeight)
    }
  })
})

describe('rows of the history', () => {
  it('start with the newest and tell tries of one second apart', () => {
    const rows = historyRows([entry(1), entry(2), entry(2, 5, 'Failed')])
    expect(rows.map(({ outcome }) => outcome)).toEqual(['Failed', 'Succeeded', 'Succeeded'])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3)
  })

  it('are counted by outcome', () => {
    expect(historyCounts([entry(1), entry(2, 1, 'Failed')])).toEqual({ total: 2, failed: 1 })
    expect(historyCounts([])).toEqual({ total: 0, failed: 0 })
  })
})
