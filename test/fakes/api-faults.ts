// What a proxy in front of the API server can do to a request, and the list of what it does at the moment.

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Such as `secrets` or `tokenregistries/status`; never a name. */
  readonly resource: string
}

/** What becomes of a request. Whatever is not answered here is the real server's word. */
export type Effect =
  /** Answers in the API server's place; `body` is sent as JSON. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Nothing comes back until the fault is healed; then the request arrives, late, even when its sender is gone. */
  | { readonly kind: 'hold' }
  /** Passed on after so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection breaks, and the API server never hears of the request. */
  | { readonly kind: 'cut' }
  /** Passed on as it is: only counted. */
  | { readonly kind: 'count' }
  /** The API server carries it out, and the connection breaks before a byte of the answer. */
  | { readonly kind: 'loseAnswer' }
  /** Half of the answer comes; `clean` ends it as if that were all, else the connection breaks. */
  | { readonly kind: 'truncate'; readonly clean: boolean }
  /** A watch stays open and no byte of it comes any more, on those that are open already too. */
  | { readonly kind: 'mute' }
  /** A watch brings no bookmarks, as a server brings none that does not know them. */
  | { readonly kind: 'withoutBookmarks' }

export interface Fault {
  readonly when: (request: ProxiedRequest) => boolean
  readonly effect: Effect
  /** The part of the requests that it hits, 0 to 1, by the proxy's random numbers. Default 1. */
  readonly share?: number
  /** Requests that it hits before it heals by itself. Default: until healed. */
  readonly times?: number
}

/** A Status in the API server's words. */
export function refusal(
  code: number,
  reason: string,
  message = 'injected',
  headers: Readonly<Record<string, string>> = {},
): Extract<Effect, { kind: 'answer' }> {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }
  return { kind: 'answer', status: code, body, headers }
}

/** A watch that begins well and says that it cannot go on: how the API server tells of an old version. */
export function errorEvent(
  code: number,
  reason: string,
  message = 'injected',
): Extract<Effect, { kind: 'answer' }> {
  const { body } = refusal(code, reason, message)
  return { kind: 'answer', status: 200, body: { type: 'ERROR', object: body } }
}

interface Entry {
  readonly fault: Fault
  hits: number
  held: number
  readonly times: number[]
  readonly healed: Promise<void>
  readonly heal: () => void
}

/** The faults in force, by name, each with a count of what it hit. Counts outlive the fault. */
export class FaultBook {
  readonly #entries = new Map<string, Entry>()
  readonly #past = new Map<string, number>()
  /** For `share`: values from 0 to 1. */
  random: () => number = Math.random

  inject(name: string, fault: Fault): void {
    this.heal(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#entries.set(name, { fault, hits: 0, held: 0, times: [], healed: promise, heal: resolve })
  }

  /** Ends a fault, and lets go what it held. Does nothing for one that is not in force. */
  heal(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#entries.delete(name)
    this.#past.set(name, (this.#past.get(name) ?? 0) + entry.hits)
    entry.heal()
  }

  healAll(): void {
    for (const name of [...this.#entries.keys()]) this.heal(name)
  }

  /** Heals all and forgets the counts. */
  reset(): void {
    this.healAll()
    this.#past.clear()
  }

  /** When the fault of this name has hit since it was injected last, by the monotonic clock in milliseconds. */
  hitTimes(name: string): readonly number[] {
    return this.#entries.get(name)?.times ?? []
  }

  /** How often the fault of this name has hit, over all times that it was injected. */
  hits(name: string): number {
    return (this.#past.get(name) ?? 0) + (this.#entries.get(name)?.hits ?? 0)
  }

  /**
   * Requests that the fault of this name holds with all that their sender had to say: these arrive when it is healed,
   * whatever has become of the sender. A hit is counted with the headers, and its body may still be missing.
   */
  held(name: string): number {
    return this.#entries.get(name)?.held ?? 0
  }

  /** The fault that hits this request, counted; `healed` resolves when it ends. `whole` is called when its body is there. */
  take(request: ProxiedRequest): { effect: Effect; healed: Promise<void>; whole: () => void } | undefined {
    for (const entry of this.#entries.values()) {
      const { when, effect, share = 1, times = Infinity } = entry.fault
      if (entry.hits >= times || !when(request)) continue
      if (share < 1 && this.random() >= share) continue
      entry.hits++
      entry.times.push(performance.now())
      return { effect, healed: entry.healed, whole: () => void entry.held++ }
    }
    return undefined
  }

  /** Whether bytes of an open watch are swallowed now; counts those that are. */
  mutes(request: ProxiedRequest): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.fault.effect.kind !== 'mute' || !entry.fault.when(request)) continue
      entry.hits++
      return true
    }
    return false
  }
}
