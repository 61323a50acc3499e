// A registry and a store, as detail pages get them, for tests.
import type { Condition, RegistryStatus } from '../generated/types'
import type { AnySpec, DetailRegistry } from '../utils/details'

/** The moment at which the tests of detail pages look. */
export const noon = new Date('2026-03-01T12:00:00Z')

const hour = 3_600_000

/** RFC 3339 with seconds, as the server writes it, so many hours from noon. */
export function hours(count: number): string {
  return new Date(noon.getTime() + count * hour).toISOString().replace('.000', '')
}

export function condition(type: string, status: Condition['status'], reason: string): Condition {
  return { type, status, reason, message: `${reason}: the server's words`, lastTransitionTime: hours(-2) }
}

export const healthyConditions: readonly Condition[] = [
  condition('Ready', 'True', 'Ready'),
  condition('CredentialIssued', 'True', 'Issued'),
  condition('SecretsSynced', 'True', 'Synced'),
]

/** Works for 7 h yet and is refreshed in 3 h. */
export const healthyStatus: RegistryStatus = {
  observedGeneration: 1,
  conditions: [...healthyConditions],
  provider: 'ecr',
  hosts: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com'],
  identity: 'arn:aws:iam::123456789012:user/puller',
  issuedAt: hours(-5),
  expiresAt: hours(7),
  nextRefreshAt: hours(3),
  targets: { desired: 1, synced: 1, failed: 0 },
  attempts: 0,
}

export const ecrSpec: AnySpec = {
  provider: { ecr: { region: 'eu-west-1', accounts: ['123456789012'], fips: false, dualStack: false } },
  credentials: { secret: { name: 'shop-ecr-credentials' } },
  serviceAccounts: { attach: 'Default' },
  suspend: false,
  deletionPolicy: 'Delete',
}

/** A TokenRegistry shop/images; `status` undefined: the server has not looked at it yet. */
export function registryWith(
  status: RegistryStatus | undefined,
  spec: AnySpec = ecrSpec,
  more: Partial<DetailRegistry> = {},
): DetailRegistry {
  return {
    type: 'tokenregistries.io.tokenregistry',
    metadata: { name: 'images', namespace: 'shop', uid: 'uid-1', generation: 1 },
    spec,
    ...(status && { status }),
    canUpdate: true,
    refreshNow: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    ...more,
  }
}
