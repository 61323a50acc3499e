/** One condition of readiness, as /readyz prints it. */
export interface ReadinessCheck {
  /** Stable, for example `watch:namespaces`, `lease`, `mac-key`. */
  readonly name: string
  readonly ok: boolean
  /** One sentence for people: how stale, what is missing. Never anything secret, the path is open to the pod network. */
  readonly detail: string
  /** RFC 3339: when a check that fails was fine for the last time, where that is known. */
  readonly since?: string
}

/** What /readyz answers, with 200 or 503. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

/** The state of one watch. */
export interface WatchFacts {
  /** The resource that it follows. */
  readonly name: string
  /** Listed to the end, and nothing lost since. */
  readonly synced: boolean
  /** Milliseconds since the API server was last heard of on it; Infinity before the first time. */
  readonly staleMs: number
  readonly lastError: string | undefined
}

/** What a replica knows of itself. */
export interface ReplicaFacts {
  readonly macKeyLoaded: boolean
  /** Who holds the Lease, as last seen. */
  readonly leader: string | undefined
  /** Empty before the watches were started, which is not ready. */
  readonly watches: readonly WatchFacts[]
  /** A watch that was silent for longer makes the replica unready, in milliseconds. */
  readonly staleAfterMs: number
}

/**
 * Whether a replica sees what it must see. It says so to whoever watches over it and stops nothing: a leader that is
 * not ready goes on with what it knows, since passwords end meanwhile.
 */
export function replicaReadiness(facts: ReplicaFacts, now: Date): Readiness {
  const { macKeyLoaded, leader, watches, staleAfterMs } = facts
  const checks: ReadinessCheck[] = [
    { name: 'mac-key', ok: macKeyLoaded, detail: macKeyLoaded ? 'loaded' : 'not loaded yet' },
    {
      name: 'lease',
      ok: leader !== undefined,
      detail: leader === undefined ? 'no leader is known yet' : `held by ${leader}`,
    },
    ...watches.map((watch) => watchCheck(watch, staleAfterMs, now)),
  ]
  return { ready: watches.length > 0 && checks.every(({ ok }) => ok), checks }
}

function watchCheck(
  { name, synced, staleMs, lastError }: WatchFacts,
  staleAfterMs: number,
  now: Date,
): ReadinessCheck {
  const ok = synced && staleMs < staleAfterMs
  const heard = Number.isFinite(staleMs)
  const silent = heard ? `silent for ${Math.round(staleMs / 1000)} s` : 'never heard of yet'
  const why = synced ? 'the API server says nothing on it' : 'not listed to the end yet'
  return {
    name: `watch:${name}`,
    ok,
    detail: ok ? silent : `${silent}; ${lastError ?? why}`,
    ...(!ok && heard ? { since: new Date(now.getTime() - staleMs).toISOString() } : {}),
  }
}
