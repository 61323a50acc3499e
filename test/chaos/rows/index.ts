// All rows of the fault matrix, by theme.
import type { Row } from '../row.ts'
import { apiAdmissionRows } from './api-admission.ts'
import { apiListRows } from './api-lists.ts'
import { apiStormRows } from './api-storms.ts'
import { apiWatchRows } from './api-watch.ts'
import { apiWriteRows } from './api-writes.ts'
import { clockRows } from './clock.ts'
import { upstreamFailureRows } from './upstream-failures.ts'
import { objectKeysRows } from './objects-keys.ts'
import { objectNamespacesRows } from './objects-namespaces.ts'
import { objectRegistriesRows } from './objects-registries.ts'
import { objectSecretsRows } from './objects-secrets.ts'
import { upstreamSlowRows } from './upstream-slow.ts'

export const rows: readonly Row[] = [
  ...apiWatchRows,
  ...apiListRows,
  ...apiWriteRows,
  ...apiStormRows,
  ...apiAdmissionRows,
  ...clockRows,
  ...upstreamFailureRows,
  ...objectKeysRows,
  ...objectNamespacesRows,
  ...objectRegistriesRows,
  ...objectSecretsRows,
  ...upstreamSlowRows,
]
