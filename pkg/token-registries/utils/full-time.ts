// Times in full, in the format that the user has chosen in Rancher's preferences.
import day from 'dayjs'
import { DATE_FORMAT, TIME_FORMAT } from '@shell/store/prefs'
import type { PageStore } from './raw'

/** @param time RFC 3339 */
export function fullTime(store: Pick<PageStore, 'getters'>, time: string): string {
  const preference = store.getters['prefs/get'] as (name: string) => string
  return day(time).format(`${preference(DATE_FORMAT)} ${preference(TIME_FORMAT)}`)
}
