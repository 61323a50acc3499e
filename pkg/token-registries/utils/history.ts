// The last tries at upstream as bars and as rows: what status.history says, made ready to be drawn.
import type { HistoryEntry } from '../generated/types'

/** One try as a bar, in the units of a drawing that is `historyWidth` wide and `historyHeight` high. */
export interface HistoryBar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly entry: HistoryEntry
}

/** A row of the table; `id` tells rows apart. */
export interface HistoryRow extends HistoryEntry {
  readonly id: string
}

/** How the tries went, for the text that stands for the drawing. */
export interface HistoryCounts {
  readonly total: number
  readonly failed: number
}

/** As many as the server keeps: with fewer the places on the right stay empty, so that bars never change their width. */
const places = 20
const placeWidth = 16
const gap = 4
/** A try that took no time is a bar too. */
const shortest = 6

export const historyWidth = places * placeWidth
export const historyHeight = 48

/**
 * Oldest on the left. The height tells how long upstream took, by its square root: one try that ran into a timeout
 * does not flatten all others.
 */
export function historyBars(history: readonly HistoryEntry[]): HistoryBar[] {
  const shown = history.slice(-places)
  const longest = Math.max(1, ...shown.map(({ durationMs }) => durationMs ?? 0))
  return shown.map((entry, index) => {
    const share = Math.sqrt(Math.max(0, entry.durationMs ?? 0) / longest)
    const height = Math.round(shortest + (historyHeight - shortest) * share)
    return { x: index * placeWidth, y: historyHeight - height, width: placeWidth - gap, height, entry }
  })
}

/** Newest first, as a table is read. */
export function historyRows(history: readonly HistoryEntry[]): HistoryRow[] {
  // Two tries may end in the same second; status keeps no more than seconds.
  return history.map((entry, index) => ({ ...entry, id: `${entry.time}/${index}` })).reverse()
}

export function historyCounts(history: readonly HistoryEntry[]): HistoryCounts {
  return { total: history.length, failed: history.filter(({ outcome }) => outcome === 'Failed').length }
}
