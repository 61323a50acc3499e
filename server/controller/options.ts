import type { Clock } from '../core/clock.ts'
import type { BackoffLimits } from '../core/schedule.ts'
import type { SecretAccess } from '../core/secret-access.ts'
import type { SweepLimits } from '../core/sweep.ts'
import type { SelectionRules } from '../core/targets.ts'
import type { KubeClient } from '../kube/client.ts'
import type { TokenProvider } from '../providers/provider.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** Numbers and names that operators set; all times in milliseconds. */
export interface ControllerConfig {
  readonly serverNamespace: string
  /** Name of this replica, for events. */
  readonly identity: string
  readonly rules: SelectionRules
  /** How far the rights on Secrets and ServiceAccounts reach. */
  readonly access: SecretAccess
  readonly backoff: BackoffLimits
  readonly minCallIntervalMs: number
  readonly upstreamTimeoutMs: number
  readonly workers: number
  readonly writeBudgetPerSecond: number
  readonly projectGraceMs: number
  readonly sweepLimits: SweepLimits
  readonly sweepIntervalMs: number
}

/** All that the controller is given. Lease and watches stay outside: it asks for their state by callback. */
export interface ControllerOptions {
  readonly client: KubeClient
  readonly providers: (type: string) => TokenProvider | undefined
  readonly macKey: Buffer
  readonly clock: Clock
  /** Throws when this process may not write (any more); called in the same tick as each write is sent. */
  readonly guard: () => void
  /** Everything that the sweep relies on was listed to the end. */
  readonly complete: () => boolean
  readonly onPolicyChanged: () => void
  /** Reads the contents of our Secrets that the watch left unknown. */
  readonly fillSecrets: () => Promise<void>
  readonly config: ControllerConfig
  readonly logger: Logger
  readonly metrics: Metrics
}
