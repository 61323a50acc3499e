/** What was asked of the fake, without secrets: for counting calls and for waiting on them. */
export interface LogEntry {
  readonly time: string
  readonly service: 'ecr' | 'sts' | 'metadata' | 'registry'
  readonly action: string
  readonly region: string
  /** ARN of the caller once its signature was verified. */
  principal: string
  /** 0 until answered, and for requests that are never answered. */
  status: number
  /** AWS's error code, or empty. */
  error: string
  /** Parameters that tests look at: RoleArn, ExternalId, tags, scope. Never a key, token or password. */
  readonly detail: Record<string, string>
}

export class RequestLog {
  readonly entries: LogEntry[] = []
  readonly #waiting: { action: string; resolve: (entry: LogEntry) => void }[] = []

  /** Notes a request when it arrives. */
  begin(entry: Pick<LogEntry, 'service' | 'action' | 'region' | 'detail'> & { readonly at: Date }): LogEntry {
    const { at, ...rest } = entry
    const noted: LogEntry = { ...rest, time: at.toISOString(), principal: '', status: 0, error: '' }
    this.entries.push(noted)
    for (const waiter of this.#waiting.filter(({ action }) => action === noted.action)) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve(noted)
    }
    return noted
  }

  /** Resolves when the next request with this action arrives, answered or not. */
  next(action: string): Promise<LogEntry> {
    return new Promise((resolve) => this.#waiting.push({ action, resolve }))
  }

  /** Calls of one action; of all when no action is named. */
  count(action?: string): number {
    return action === undefined
      ? this.entries.length
      : this.entries.filter((entry) => entry.action === action).length
  }

  /** Calls by `action` and by `action principal`. */
  counters(): { actions: Record<string, number>; principals: Record<string, number> } {
    const actions: Record<string, number> = {}
    const principals: Record<string, number> = {}
    for (const { action, principal } of this.entries) {
      actions[action] = (actions[action] ?? 0) + 1
      if (principal !== '') principals[principal] = (principals[principal] ?? 0) + 1
    }
    return { actions, principals }
  }

  clear(): void {
    this.entries.length = 0
  }
}
