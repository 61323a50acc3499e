// Waiting for a state of the cluster by asking for it.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks until the answer is there, and returns it.
 * @param ask returns undefined for "not yet"; what it throws counts as "not yet" too
 * @throws Error with `what` and the last failure when `timeoutMs` (default 60,000) is over
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  do {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error
    }
    await delay(100)
  } while (Date.now() < deadline)
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last })
}
