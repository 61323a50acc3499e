// Errors as Rancher's API writes them.
import type { Context, Middleware } from 'koa'

const codes: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  422: 'InvalidCSRFToken',
  425: 'TooEarly',
  502: 'ServerError',
}

/** Answers with an error of the API. */
export function answerError(ctx: Context, status: number, message: string): void {
  ctx.status = status
  ctx.body = { type: 'error', baseType: 'error', status, code: codes[status] ?? 'ServerError', message }
}

/** Turns what ctx.throw() throws into such an answer; everything else is a fault of ours and stays one. */
export const answerErrors: Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (thrown) {
    const { status, expose, message } = thrown as { status?: number; expose?: boolean; message: string }
    if (status === undefined || (!expose && status !== 502)) throw thrown
    answerError(ctx, status, message)
  }
}
