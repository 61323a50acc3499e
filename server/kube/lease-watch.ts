import type { KubeClient } from './client.ts'
import type { KubeLogger } from './logger.ts'
import { leasePath } from './paths.ts'
import { Reflector } from './reflector.ts'
import type { Lease } from './types.ts'

/** Which Lease to follow. */
export interface LeaseWatchOptions {
  client: KubeClient
  namespace: string
  name: string
  /** The watch is opened anew when it is silent for twice this. */
  leaseDurationMs: number
  logger?: KubeLogger
}

/**
 * Follows one Lease, so that a standby sees at once that it was given back, and sends nothing while it is held.
 * The field selector makes a role with `resourceNames` enough for list and watch.
 * @param seen gets each state; undefined when there is no such Lease
 */
export function watchLease(
  options: LeaseWatchOptions,
  seen: (lease: Lease | undefined) => void,
): Reflector<Lease> {
  return new Reflector<Lease>({
    name: 'leader lease',
    client: options.client,
    path: leasePath(options.namespace),
    fieldSelector: `metadata.name=${options.name}`,
    // A holder renews every few seconds: silence for a whole term means that the watch is dead, or the holder.
    silenceMs: options.leaseDurationMs * 2,
    handler: {
      listed: seen,
      replaced: (uids) => {
        if (uids.size === 0) seen(undefined)
      },
      event: (type, lease) => seen(type === 'DELETED' ? undefined : lease),
    },
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  })
}
