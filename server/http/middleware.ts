import Koa, { type Context, type Middleware } from 'koa'
import type { Logger } from '../telemetry/logger.ts'
import { asHttpProblem, HttpProblem, sendProblem } from './problem.ts'

/** Writes the answer into `ctx`; what it throws becomes an HttpProblem. */
export type Handler = (ctx: Context) => void | Promise<void>

/** Exact paths and what answers GET and HEAD there. */
export type Routes = Readonly<Record<string, Handler>>

/**
 * Koa with what every app of ours has. Order matters: each line says why it stands where it does.
 *
 * @param otherwise answers all other paths; default a 404 that names the known ones
 */
export function createKoa(logger: Logger, routes: Routes, otherwise?: Handler): Koa {
  const app = new Koa()
  app.silent = true // Koa's own handler prints to standard error, around the redactor
  app.on('error', (error: unknown) => logger.debug({ err: error }, 'http connection failed'))
  app.use(dropCookies) // before anything that could log or keep them
  app.use(securityHeaders) // before answers of any kind, errors included
  app.use(accessLog(logger)) // around the errors, so that it sees their status
  app.use(answerErrors(logger)) // last before the routes
  app.use(route(routes, otherwise))
  return app
}

/** The kube service proxy hands the caller's Rancher session on to us: it is not ours to see. */
const dropCookies: Middleware = (ctx, next) => {
  delete ctx.req.headers.cookie
  const raw = ctx.req.rawHeaders
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (raw[at]?.toLowerCase() === 'cookie') raw.splice(at, 2)
  }
  return next()
}

const securityHeaders: Middleware = (ctx, next) => {
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  })
  return next()
}

/** Probes come every few seconds, hence debug. The query is left out: it may hold what a caller should not have sent. */
function accessLog(logger: Logger): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now()
    await next()
    const durationMs = Math.round(performance.now() - startedAt)
    logger.debug({ method: ctx.method, path: ctx.path, status: ctx.status, durationMs }, 'http request')
  }
}

function answerErrors(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (thrown) {
      const problem = asHttpProblem(thrown)
      if (problem.code === 'InternalError')
        logger.error({ err: thrown, path: ctx.path }, 'http request failed')
      sendProblem(ctx, problem)
    }
  }
}

function route(routes: Routes, otherwise: Handler | undefined): Middleware {
  const table = new Map(Object.entries(routes))
  return async (ctx) => {
    const handler = table.get(ctx.path) ?? otherwise
    if (handler === undefined) {
      throw new HttpProblem(
        'NotFound',
        `There is nothing here. Known paths: ${[...table.keys()].join(', ')}.`,
      )
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      throw new HttpProblem('MethodNotAllowed', 'Only GET and HEAD are answered here.', {
        Allow: 'GET, HEAD',
      })
    }
    await handler(ctx)
  }
}
