import type { RegistryFigures } from '../telemetry/metrics.ts'
import type { Runtime, Runtimes } from './runtime.ts'
import type { World } from './world.ts'

/** What metrics tell of each registry, read from what the process holds anyway. */
export function* registryFigures(
  world: Pick<World, 'registries'>,
  runtimes: Pick<Runtimes, 'all'>,
): Generator<RegistryFigures> {
  for (const runtime of runtimes.all()) {
    const registry = world.registries.get(runtime.registry.owner) ?? runtime.registry
    const { kind, namespace, name } = registry.ref
    const credential = runtime.inUse?.credential
    yield {
      ref: { kind, namespace, name },
      issuedAt: credential?.issuedAt,
      expiresAt: credential?.expiresAt ?? undefined,
      nextRefreshAt: runtime.nextTryAt,
      ready:
        registry.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
        true,
      suspended: registry.suspend,
      targets: countTargets(runtime),
    }
  }
}

/** Namespaces by state, summed over all registries; each counts once. */
export function targetCounts(runtimes: Pick<Runtimes, 'all'>): Record<string, number> {
  const counts = { synced: 0, failed: 0, pending: 0 }
  for (const { results, pending } of runtimes.all()) {
    counts.pending += pending.size
    for (const [namespace, { state }] of results) if (!pending.has(namespace)) counts[state]++
  }
  return counts
}

/** As status counts them: a Secret that is about to be refreshed is still synced. */
function countTargets({ members, results }: Runtime): RegistryFigures['targets'] {
  const counts = { desired: 0, synced: 0, failed: 0 }
  for (const [namespace, membership] of members) {
    if (membership !== 'member') continue
    counts.desired++
    const state = results.get(namespace)?.state
    if (state !== undefined) counts[state]++
  }
  return counts
}
