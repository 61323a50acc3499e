// The second half of the short rows, beside the first.
import { testShortRows } from './short-rows.ts'

testShortRows(1, 2)
