// The first half of the short rows; all rows: npm run chaos.
import { testShortRows } from './short-rows.ts'

testShortRows(0, 2)
