import type { Failure } from '../core/decide.ts'
import type { OwnerText } from '../core/registry.ts'
import type { HistoryEntry } from '../core/status.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Registries that one line names; one call may serve thousands. */
const mostNamed = 5

/**
 * One line for each call upstream: that a password was issued, or what the provider said against it.
 * @param failure of the identity as it is now; it explains an outcome that is not a success
 */
export function logCall(
  logger: Pick<Logger, 'info' | 'warn'>,
  owners: ReadonlySet<OwnerText>,
  outcome: HistoryEntry,
  failure: Failure | undefined,
): void {
  const { code, expiresAt, durationMs } = outcome
  const fields = { registries: [...owners].slice(0, mostNamed), served: owners.size, durationMs }
  if (code === undefined) logger.info({ ...fields, expiresAt }, 'a password was issued')
  else logger.warn({ ...fields, code }, failure?.message ?? 'a refresh failed')
}
