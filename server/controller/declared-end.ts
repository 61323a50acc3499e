import type { Runtime } from './runtime.ts'

/** Keys that end are changed by people, and people need notice. */
const warnAheadMs = 30 * 24 * 3_600_000

/**
 * When people must be told that the material ends (spec.credentials.secret.expiresAt); undefined when they were, or
 * when no end is declared.
 */
export function warnAt({ registry, warnedOfEnd }: Runtime): Date | undefined {
  const end = declaredEnd(registry)
  if (end === undefined || warnedOfEnd?.getTime() === end.getTime()) return undefined
  return new Date(end.getTime() - warnAheadMs)
}

/** The warning when it is due; it is given once for each declared end. */
export function takeWarning(runtime: Runtime, nowMs: number): string | undefined {
  const end = declaredEnd(runtime.registry)
  const due = warnAt(runtime)
  if (end === undefined || due === undefined || due.getTime() > nowMs) return undefined
  runtime.warnedOfEnd = end
  return `spec.credentials.secret.expiresAt says that the keys end at ${end.toISOString()}; put new ones into the Secret and move the date`
}

/** The earlier of two times; undefined means never. */
export function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}

function declaredEnd({ credentials }: Runtime['registry']): Date | undefined {
  return credentials.kind === 'secret' ? credentials.expiresAt : undefined
}
