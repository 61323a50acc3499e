import type { Context } from 'koa'
import { RegistryError, type ErrorCode } from '../core/errors.ts'

/** What the HTTP layer itself refuses, beside the product's one vocabulary of errors. */
export type HttpProblemCode = ErrorCode | 'NotFound' | 'MethodNotAllowed' | 'Unauthenticated' | 'Forbidden'

const statuses: Record<HttpProblemCode, number> = {
  Unauthenticated: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  SpecInvalid: 422,
  ReferenceMissing: 422,
  CredentialsInvalid: 422,
  CredentialsExpired: 422,
  WrongTarget: 422,
  NotAllowed: 403,
  NotOwner: 409,
  ClusterConflict: 409,
  RateLimited: 429,
  AccessDenied: 502,
  TrustDenied: 502,
  ClockSkew: 502,
  BadResponse: 502,
  Unavailable: 503,
  ClusterForbidden: 503,
  InternalError: 500,
}

/** A refusal that is shown to the caller as it stands: `detail` must name a remedy and nothing secret. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: HttpProblemCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: HttpProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.code = code
    this.headers = headers
  }
}

/** What was thrown, as an answer; anything that is not ours becomes a 500 with a fixed text. */
export function asHttpProblem(thrown: unknown): HttpProblem {
  if (thrown instanceof HttpProblem) return thrown
  if (thrown instanceof RegistryError) {
    const seconds = thrown.retryAfterMs === undefined ? undefined : Math.ceil(thrown.retryAfterMs / 1000)
    return new HttpProblem(
      thrown.code,
      thrown.message,
      seconds === undefined ? {} : { 'Retry-After': `${seconds}` },
    )
  }
  return new HttpProblem(
    'InternalError',
    'The server failed to answer this request; its log has the details.',
  )
}

/** Writes RFC 9457 problem details. `type` and `code` are stable, `detail` is for people. */
export function sendProblem(ctx: Context, problem: HttpProblem): void {
  const status = statuses[problem.code]
  ctx.status = status
  ctx.set({ ...problem.headers })
  ctx.body = JSON.stringify({
    type: `urn:tokenregistries:problem:${problem.code}`,
    title: problem.code.replace(/(?<=[a-z])(?=[A-Z])/g, ' '),
    status,
    code: problem.code,
    detail: problem.message,
  })
  ctx.type = 'application/problem+json'
}
