// The page as a part of the Dashboard: how it can be used, and the ways that lead through it.
import { useBed } from './bed.ts'
import { describeAccessibility } from './themes/accessibility.ts'
import { describeServer } from './themes/server.ts'
import { describeWays } from './themes/ways.ts'

const bed = useBed()
describeAccessibility(bed)
describeWays(bed)
// The last one: it stops a server.
describeServer(bed)
