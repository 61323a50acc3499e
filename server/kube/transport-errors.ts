import { TimeoutReached } from './deadline.ts'
import { KubeError } from './errors.ts'

/**
 * What a failed exchange means to the caller.
 * @param request for the message: `GET /api/v1/namespaces`
 * @param signal the caller's own signal: when it aborted, that is the reason, whatever broke because of it
 */
export function errorOfTransport(
  request: string,
  error: unknown,
  signal: AbortSignal | undefined,
): KubeError {
  if (signal?.aborted) {
    return new KubeError({ status: 0, reason: 'Aborted', message: `${request}: aborted by the caller` })
  }
  if (error instanceof KubeError) return error
  const code = codeOf(error)
  const timedOut = error instanceof TimeoutReached || (code !== undefined && timeoutCodes.has(code))
  return new KubeError({
    status: 0,
    reason: timedOut ? 'Timeout' : 'Network',
    message: `${request}: ${sentenceOf(error)}`,
    cause: error,
  })
}

const timeoutCodes: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])

/** The connection broke while or before it was used: a kept-alive one that the server had closed meanwhile. */
export function isBrokenConnection(error: KubeError): boolean {
  const code = codeOf(error.cause)
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

const tlsFailure =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|ERR_TLS_|ERR_SSL_|^INVALID_(CA|PURPOSE)$/

/** The server's certificate was not accepted, or the server did not accept ours. */
export function isTlsFailure(error: KubeError): boolean {
  return error.status === 0 && tlsFailure.test(codeOf(error.cause) ?? '')
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  // With several addresses Node collects one error per address.
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return codeOf(error.cause)
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  const message = first instanceof Error ? first.message : ''
  return message || codeOf(error) || error.name
}
