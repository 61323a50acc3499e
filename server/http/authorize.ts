import { createHash } from 'node:crypto'
import { HttpProblem } from './problem.ts'

/** `unauthenticated`: the API server does not know the token. `forbidden`: it does, and RBAC says no. */
export type Verdict = 'allowed' | 'unauthenticated' | 'forbidden'

/** TokenReview and SubjectAccessReview on a non-resource path. Throws when the API server cannot be asked. */
export type Authorize = (token: string, attributes: { path: string; verb: string }) => Promise<Verdict>

/** Milliseconds that a verdict holds, verdicts kept, and API server questions in flight. */
const limits = { allowedMs: 60_000, deniedMs: 10_000, entries: 1000, inFlight: 16 }

/**
 * Remembers verdicts by the token's digest: 60 s for allowed, 10 s for the others. The limits bound what a caller with
 * random tokens can cost in memory and in API requests. A failure to ask is not remembered.
 *
 * @throws {HttpProblem} RateLimited when too many different tokens are being asked about.
 */
export function cacheVerdicts(authorize: Authorize, now: () => number = Date.now): Authorize {
  const known = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>()
  const asking = new Map<string, Promise<Verdict>>()

  function remember(key: string, verdict: Verdict): void {
    known.delete(key)
    known.set(key, { verdict, untilMs: now() + (verdict === 'allowed' ? limits.allowedMs : limits.deniedMs) })
    if (known.size <= limits.entries) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      break
    }
  }

  return async (token, attributes) => {
    const key = createHash('sha256')
      .update(JSON.stringify([attributes.path, attributes.verb, token]))
      .digest('base64')
    const hit = known.get(key)
    if (hit !== undefined && hit.untilMs > now()) return hit.verdict
    const running = asking.get(key)
    if (running !== undefined) return running
    if (asking.size >= limits.inFlight) {
      throw new HttpProblem('RateLimited', 'Too many callers are being checked at once.', {
        'Retry-After': '1',
      })
    }
    const question = authorize(token, attributes)
      .then((verdict) => {
        remember(key, verdict)
        return verdict
      })
      .finally(() => asking.delete(key))
    asking.set(key, question)
    return question
  }
}
