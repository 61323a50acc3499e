// What to tell about the server of a cluster, and what its administrator can be asked for.
import { CHART, type Backend } from './backend'
import type { Text } from './text'

/** A sentence with its remedy, and a text that a user can send to the administrator. */
export interface BackendNotice {
  readonly colour: 'info' | 'warning'
  readonly sentence: Text
  readonly remedy: Text
  readonly request: Text
}

/** Pure: undefined when there is nothing to tell. @param cluster name of the cluster as users know it */
export function backendNotice(backend: Backend, cluster: string): BackendNotice | undefined {
  const args = { cluster, chart: CHART.name, namespace: backend.namespace ?? CHART.namespace }
  const version = backend.version ?? ''
  switch (backend.state) {
    case 'missing':
      return {
        colour: 'info',
        sentence: { key: 'tokenRegistries.backend.missing.sentence' },
        remedy: { key: 'tokenRegistries.backend.missing.remedy', args },
        request: { key: 'tokenRegistries.backend.missing.request', args },
      }
    case 'silent':
      return {
        colour: 'warning',
        sentence: { key: 'tokenRegistries.backend.silent.sentence' },
        remedy: { key: 'tokenRegistries.backend.silent.remedy', args },
        request: { key: 'tokenRegistries.backend.silent.request', args },
      }
    case 'older':
      return {
        colour: 'info',
        sentence: { key: 'tokenRegistries.backend.older.sentence', args: { version } },
        remedy: { key: 'tokenRegistries.backend.older.remedy', args },
        request: { key: 'tokenRegistries.backend.older.request', args: { ...args, version } },
      }
    case 'newer':
      return {
        colour: 'info',
        sentence: { key: 'tokenRegistries.backend.newer.sentence', args: { version } },
        remedy: { key: 'tokenRegistries.backend.newer.remedy' },
        request: { key: 'tokenRegistries.backend.newer.request', args: { ...args, version } },
      }
    case 'ready':
    case 'noRights':
      return undefined
  }
}
