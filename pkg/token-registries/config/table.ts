// Columns of the lists. The API can sort and search by printer columns alone, as metadata.fields.<n>: their order is that of
// additionalPrinterColumns in the CRDs (charts/token-registries/templates/crds), with the name in front.
import { AGE, NAME, NAMESPACE, STATE } from '@shell/config/table-headers'
import { TYPES } from './types'

/** Place of a printer column in metadata.fields. */
const field = {
  provider: 'metadata.fields.1',
  hosts: 'metadata.fields.2',
  target: 'metadata.fields.3',
  ready: 'metadata.fields.4',
  reason: 'metadata.fields.5',
  synced: 'metadata.fields.6',
  expires: 'metadata.fields.7',
  nextRefresh: 'metadata.fields.8',
} as const

/**
 * Classes of the columns that narrow windows leave out (components/list/RegistryList.vue): the shell's own widths end at
 * 1281 pixels, where the table is still wider than the page.
 */
const roomFor = {
  facts: 'column-from-1280',
  details: 'column-from-1500',
  target: 'column-from-1700',
} as const

type Column = Record<string, unknown>

/** A column that shows a path of the object, and that the API sorts and searches by its printer column. */
interface Shown {
  readonly name: keyof typeof field
  readonly labelKey: string
  readonly value: string
  readonly more?: Column
}

const shown: readonly Shown[] = [
  {
    name: 'provider',
    labelKey: 'tokenRegistries.list.columns.provider',
    value: 'status.summary.provider',
    more: { formatter: 'TokenRegistryProvider', breakpoint: roomFor.facts },
  },
  {
    name: 'hosts',
    labelKey: 'tokenRegistries.list.columns.hosts',
    value: 'status.summary.hosts',
    more: { formatter: 'TokenRegistryHosts' },
  },
  {
    name: 'target',
    labelKey: 'tokenRegistries.list.columns.target',
    value: 'status.summary.target',
    more: { formatter: 'TokenRegistryTarget', breakpoint: roomFor.target },
  },
  {
    name: 'synced',
    labelKey: 'tokenRegistries.list.columns.synced',
    value: 'status.summary.synced',
    more: { formatter: 'TokenRegistrySynced', breakpoint: roomFor.facts },
  },
  {
    name: 'expires',
    labelKey: 'tokenRegistries.list.columns.expires',
    value: 'status.expiresAt',
    more: {
      formatter: 'TokenRegistryTime',
      formatterOpts: { noneKey: 'tokenRegistries.list.noEnd' },
    },
  },
  {
    name: 'nextRefresh',
    labelKey: 'tokenRegistries.list.columns.nextRefresh',
    value: 'status.nextRefreshAt',
    more: { formatter: 'TokenRegistryTime', breakpoint: roomFor.details },
  },
  {
    name: 'reason',
    labelKey: 'tokenRegistries.list.columns.reason',
    value: 'failureCode',
    more: { formatter: 'TokenRegistryReason', breakpoint: roomFor.details },
  },
]

const stateColumn = { ...STATE, formatter: 'TokenRegistryState' }

/** Rows that need attention come first: False is before True, and reasons stand together. */
const stateSort = [field.ready, field.reason, 'metadata.name']

function columns(namespaced: boolean, own: readonly Column[], paged: boolean): Column[] {
  const sortable = (path: string): Column => (paged ? { value: path, sort: path, search: path } : {})
  const age = { ...AGE, breakpoint: roomFor.facts }
  return [
    paged ? { ...stateColumn, sort: stateSort, search: false } : stateColumn,
    { ...NAME, ...sortable('metadata.name'), defaultSort: paged },
    ...(namespaced ? [{ ...NAMESPACE, ...sortable('metadata.namespace') }] : []),
    ...own,
    paged
      ? { ...age, value: 'metadata.creationTimestamp', sort: 'metadata.creationTimestamp', search: false }
      : age,
  ]
}

/** Columns of a list whose rows are all in the browser, which sorts and searches them. */
export function headers(type: string): Column[] {
  const own = shown.map(({ name, labelKey, value, more }) => ({
    name,
    labelKey,
    value,
    sort: value,
    ...more,
  }))
  return columns(type === TYPES.TokenRegistry, own, false)
}

/** Columns of a list that the API pages, sorts and searches. */
export function paginationHeaders(type: string): Column[] {
  const own = shown.map(({ name, labelKey, value, more }) => ({
    name,
    labelKey,
    value,
    sort: field[name],
    search: field[name],
    ...more,
  }))
  return columns(type === TYPES.TokenRegistry, own, true)
}
