// All rows of the fault matrix, by theme.
import type { Row } from '../row.ts'
import { apiWatchRows } from './api-watch.ts'

export const rows: readonly Row[] = [...apiWatchRows]
