// The API server's own count of what it was asked, from its Prometheus text.

/** Verb and resource, such as `LIST secrets`; subresources as `secrets/status`. → requests */
export type RequestCounts = ReadonlyMap<string, number>

/** Reads `apiserver_request_total` of a text of /metrics; all codes, groups and scopes are added up. */
export function readRequestCounts(text: string): RequestCounts {
  const counts = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line)
    if (match === null) continue
    const labels = readLabels(match[1] ?? '')
    const { verb = '', resource = '', subresource = '' } = labels
    const key = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`
    counts.set(key, (counts.get(key) ?? 0) + Number(match[2]))
  }
  return counts
}

/** What came between two readings; what did not change is left out. */
export function requestsBetween(before: RequestCounts, after: RequestCounts): RequestCounts {
  const changes = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const)
  return new Map(changes.filter(([, change]) => change !== 0))
}

/** Values may hold escaped quotes, and commas and braces as they like. */
function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  return labels
}
