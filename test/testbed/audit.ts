// The API server's audit log as data.
import { readFile } from 'node:fs/promises'

/** One request as the audit log has it (audit.k8s.io/v1 Event at level Metadata). */
export interface AuditEvent {
  auditID: string
  stage: string
  requestURI: string
  verb: string
  user: { username: string; groups?: string[]; extra?: Record<string, string[]> }
  impersonatedUser?: { username: string; groups?: string[] }
  userAgent?: string
  objectRef?: {
    resource?: string
    subresource?: string
    namespace?: string
    name?: string
    apiGroup?: string
  }
  responseStatus?: { code?: number; message?: string }
  requestReceivedTimestamp: string
  annotations?: Record<string, string>
}

/** What events to select; every given field must be equal. */
export interface AuditFilter {
  /** User name, of the impersonated user when there is one. */
  user?: string
  verb?: string
  resource?: string
  namespace?: string
  name?: string
  code?: number
  /** Any further condition. */
  where?: (event: AuditEvent) => boolean
}

/** Reads the finished requests of an audit log, oldest first. A line that is still being written is left out. */
export async function readAuditLog(file: string, filter: AuditFilter = {}): Promise<AuditEvent[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => matches(event, filter))
}

function matches(event: AuditEvent, filter: AuditFilter): boolean {
  const found: Record<string, unknown> = {
    user: (event.impersonatedUser ?? event.user).username,
    verb: event.verb,
    resource: event.objectRef?.resource,
    namespace: event.objectRef?.namespace,
    name: event.objectRef?.name,
    code: event.responseStatus?.code,
  }
  const { where, ...wanted } = filter
  const equal = Object.entries(wanted).every(([key, value]) => value === undefined || found[key] === value)
  return equal && (where?.(event) ?? true)
}
