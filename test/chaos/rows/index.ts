// All rows of the fault matrix, by theme.
import { randomEvents } from '../properties/random-events.ts'
import type { AnyRow } from '../row.ts'
import { apiAdmissionRows } from './api-admission.ts'
import { apiListRows } from './api-lists.ts'
import { apiStormRows } from './api-storms.ts'
import { apiWatchRows } from './api-watch.ts'
import { apiWriteRows } from './api-writes.ts'
import { certificateRows } from './certificates.ts'
import { clockRows } from './clock.ts'
import { killRows } from './process-kills.ts'
import { leaderRows } from './leader.ts'
import { outageRows } from './process-outages.ts'
import { rightsRows } from './process-rights.ts'
import { takeoverRows } from './takeover.ts'
import { upstreamFailureRows } from './upstream-failures.ts'
import { objectKeysRows } from './objects-keys.ts'
import { objectNamespacesRows } from './objects-namespaces.ts'
import { objectRegistriesRows } from './objects-registries.ts'
import { objectSecretsRows } from './objects-secrets.ts'
import { upstreamSlowRows } from './upstream-slow.ts'

export const rows: readonly AnyRow[] = [
  ...apiWatchRows,
  ...apiListRows,
  ...apiWriteRows,
  ...apiStormRows,
  ...apiAdmissionRows,
  ...certificateRows,
  ...clockRows,
  ...rightsRows,
  ...outageRows,
  ...leaderRows,
  ...takeoverRows,
  ...killRows,
  ...upstreamFailureRows,
  ...objectKeysRows,
  ...objectNamespacesRows,
  ...objectRegistriesRows,
  ...objectSecretsRows,
  ...upstreamSlowRows,
  randomEvents,
]
