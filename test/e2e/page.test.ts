// The page in the real Dashboard, on the cluster that Rancher runs in and on another one: one stage for all themes.
import { useBed } from './bed.ts'
import { describeActions } from './themes/actions.ts'
import { describeBackend } from './themes/backend.ts'
import { describeCreate } from './themes/create.ts'
import { describeHealth } from './themes/health.ts'
import { describePlaces } from './themes/places.ts'
import { describeRefusals } from './themes/refusals.ts'
import { describeRights } from './themes/rights.ts'

const bed = useBed()
describeRights(bed)
describeCreate(bed)
describeRefusals(bed)
describeActions(bed)
describePlaces(bed)
describeHealth(bed)
// The last one: it takes the product away.
describeBackend(bed)
