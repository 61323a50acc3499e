// Figures for people: in a terminal, and in Markdown for the README.
import { isReached, type Figure, type Goal } from './figures.ts'
import type { Report } from './report.ts'
import { readable, type Summary } from './statistics.ts'

const header = ['what', 'ours', 'reference', 'goal'] as const
type Row = readonly [string, string, string, string]

/** Lines of a table with aligned columns; a figure that misses a goal is marked with `!`. */
export function textTable(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => toRow(figure, (ok) => (ok ? '' : ' !')))
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

/** The same in Markdown; a missed goal says so in words. */
export function markdownTable(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => toRow(figure, (ok) => (ok ? '' : ' (missed)')))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)]
}

function toRow(figure: Figure, mark: (ok: boolean) => string): Row {
  const { what, unit, of, ours, reference, goals } = figure
  return [
    what,
    withUnit(ours, unit, of),
    reference === undefined ? '' : `${withUnit(reference.value, unit, of)}: ${reference.what}`,
    goals.map((goal) => goalText(goal, figure) + mark(isReached(figure, goal))).join(', '),
  ]
}

function withUnit(summary: Summary, unit: Figure['unit'], of: Figure['of']): string {
  const { count, min, median, p99, max } = summary
  if (of === 'samples')
    return `p50 ${readable(median)}, p99 ${readable(p99)}, max ${readable(max)} ${unit} (${count})`
  const extremes = [readable(min), readable(max)]
  const spread = extremes[0] === extremes[1] ? '' : ` (${extremes.join(' to ')})`
  return `${counted(median, unit)}${spread}`
}

const singular: { readonly [U in Figure['unit']]?: string } = { calls: 'call', requests: 'request' }

function counted(value: number, unit: Figure['unit']): string {
  const number = readable(value)
  return `${number} ${number === '1' ? (singular[unit] ?? unit) : unit}`
}

function goalText({ of, relation, value }: Goal, { unit, of: kind }: Figure): string {
  const which = kind === 'runs' && of === 'median' ? '' : `${of === 'median' ? 'p50' : of} `
  return `${which}${relation === 'at most' ? '≤' : '≥'} ${counted(value, unit)}`
}

/** Where and when, in one sentence. */
export function describeRun({ startedAt, commit, machine, surroundings, quick }: Report): string {
  const { cpu, cores, memoryMiB, kernel, node, kubernetes } = machine
  const others = surroundings.map(({ othersPercent }) => othersPercent)
  const busy =
    others.length === 0
      ? ''
      : ` Other programs took ${readable(Math.min(...others))} to ${readable(Math.max(...others))} % of the machine meanwhile.`
  return (
    `${quick ? 'Quick run with small sizes, not for comparison. ' : ''}${startedAt.slice(0, 10)}, commit ${commit.slice(0, 10)}, ` +
    `${cores} cores (${cpu}), ${readable(memoryMiB / 1024)} GiB, Linux ${kernel}, Node ${node}, Kubernetes ${kubernetes}; ` +
    `control plane, server and bench share the cores.${busy}`
  )
}
