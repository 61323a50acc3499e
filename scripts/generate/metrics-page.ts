/** Writes the page of metrics from server/telemetry/metric-table.ts. */
import { metricTable, type MetricEntry } from '../../server/telemetry/metric-table.ts'

const introduction = `# Metrics

What \`:8081/metrics\` of each replica exports, in the text format of Prometheus. Nothing in it is secret; it names registries and
their namespaces, so callers need the right to get the path (chart value \`metrics.auth\`). Alerts and a dashboard come with the
chart: [operations](../operations.md#alerts).`

const perRegistry = `## Of each registry

Exported by the leader alone. There is one series per registry whatever its number of namespaces, and it vanishes with the registry.

The label \`namespace\` is the registry's, so the chart's ServiceMonitor sets \`honorLabels\`. Where something else scrapes without it,
Prometheus calls that label \`exported_namespace\`, and the chart's alerts do not find it.`

const ofReplica = `## Of each replica`

export function renderMetricsPage(header: string): string {
  const entries: readonly MetricEntry[] = metricTable
  const registries = entries.filter(({ labels }) => 'kind' in labels)
  const others = entries.filter((entry) => !registries.includes(entry))
  const labels = `| Label | Value |\n| --- | --- |\n${Object.entries(registries[0]?.labels ?? {})
    .map(([label, meaning]) => `| \`${label}\` | ${meaning} |\n`)
    .join('')}`
  const short = registries.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)
  const long = others.map(({ name, type, help, labels }) => {
    const meanings = Object.entries(labels).map(([label, meaning]) => `\`${label}\`: ${meaning}`)
    return `| \`${name}\` | ${type} | ${help} | ${meanings.join('; ')} |`
  })
  const parts = [
    header,
    introduction,
    `${perRegistry}\n\n${labels}`,
    ['| Name | Type | What it says |', '| --- | --- | --- |', ...short].join('\n'),
    ofReplica,
    ['| Name | Type | What it says | Labels |', '| --- | --- | --- | --- |', ...long].join('\n'),
  ]
  return `${parts.map((part) => part.trim()).join('\n\n')}\n`
}
