// The page in the real Dashboard, on the cluster that Rancher runs in and on another one: one stage for all themes.
import { useBed } from './bed.ts'
import { describeActions } from './themes/actions.ts'
import { describeCreate } from './themes/create.ts'
import { describeRefusals } from './themes/refusals.ts'
import { describeRights } from './themes/rights.ts'

const bed = useBed()
describeRights(bed)
describeCreate(bed)
describeRefusals(bed)
describeActions(bed)
