// Which metrics and labels an expression of PromQL names. Whether it is well-formed is promtool's word, not ours.
import { metricTable, type MetricEntry } from '../../server/telemetry/metric-table.ts'

/** What Prometheus itself, or the Operator's ServiceMonitor, adds to each series of a target. */
const targetLabels = ['instance', 'job', 'pod', 'namespace', 'service', 'container', 'endpoint']
const operators = new Set(['and', 'or', 'unless', 'bool', 'offset'])

/** What an expression names. */
export interface Uses {
  /** Metric → labels in its braces. A metric may come several times. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[]
  /** Labels after by, without, on, ignoring, group_left and group_right. */
  readonly grouping: readonly string[]
}

/** Reads an expression without templates. */
export function usesOf(expression: string): Uses {
  const selectors: { metric: string; labels: string[] }[] = []
  const grouping: string[] = []
  const noRanges = expression.replace(/\[[^\]]*\]/g, ' ')
  const noBraces = noRanges.replace(
    /([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g,
    (_all, metric: string, inner: string) => {
      const labels = [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label)
      selectors.push({ metric, labels })
      return ' '
    },
  )
  const bare = noBraces
    .replace(/"[^"]*"/g, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_all, list: string) => {
      grouping.push(...list.split(',').map((label) => label.trim()))
      return ' '
    })
  for (const [, name = ''] of bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(?![\w:]|\s*\()/g))
    if (!operators.has(name)) selectors.push({ metric: name, labels: [] })
  return { selectors, grouping }
}

/** What of an expression does not exist: metrics that are not in the table, labels that none of its metrics has. */
export function unknownNames(expression: string): string[] {
  const { selectors, grouping } = usesOf(expression)
  const problems: string[] = []
  const known = new Set(targetLabels)
  for (const { metric, labels } of selectors) {
    const entry = entryOf(metric)
    if (entry === undefined) problems.push(metric)
    const own = new Set([...targetLabels, ...(entry ? labelsOf(entry) : [])])
    for (const label of own) known.add(label)
    problems.push(...labels.filter((label) => !own.has(label)).map((label) => `${metric}{${label}}`))
  }
  return [...problems, ...grouping.filter((label) => !known.has(label))]
}

function entryOf(name: string): MetricEntry | undefined {
  const entries: readonly MetricEntry[] = metricTable
  const base = name.replace(/_(bucket|sum|count)$/, '')
  return (
    entries.find((entry) => entry.name === name && entry.type !== 'histogram') ??
    entries.find((entry) => entry.name === base && entry.type === 'histogram' && base !== name)
  )
}

function labelsOf({ labels, type }: MetricEntry): string[] {
  return [...Object.keys(labels), ...(type === 'histogram' ? ['le'] : [])]
}
