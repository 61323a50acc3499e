// What one user asked of the API server since a mark, from the end of the audit log: the whole would be 100 MB.
import { open, stat } from 'node:fs/promises'
import type { AuditEvent } from '../testbed/audit.ts'

/** Requests of one user, by `verb resource`. */
export class AuditTail {
  readonly #file: string
  readonly #user: string
  #offset = 0

  constructor(file: string, user: string) {
    this.#file = file
    this.#user = user
  }

  /** Forgets what was asked so far. */
  async mark(): Promise<void> {
    this.#offset = (await stat(this.#file)).size
  }

  /** Requests that were answered since the mark, watches (which end whenever they end) left out. The mark stays. */
  async since(): Promise<Map<string, number>> {
    const handle = await open(this.#file)
    try {
      const counts = new Map<string, number>()
      for await (const line of handle.readLines({ start: this.#offset })) {
        if (!line.includes(this.#user)) continue
        const event = parse(line)
        if (event?.user.username !== this.#user || event.verb === 'watch') continue
        const { resource = '', subresource } = event.objectRef ?? {}
        const key = `${event.verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return counts
    } finally {
      await handle.close()
    }
  }
}

/** undefined for a line that is still being written. */
function parse(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent
  } catch {
    return undefined
  }
}

/** All of them; renewals of the Lease come by the clock and belong to no work. */
export function withoutLease(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce((sum, [key, count]) => (key.endsWith(' leases') ? sum : sum + count), 0)
}
