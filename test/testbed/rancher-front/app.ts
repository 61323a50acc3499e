// The order in which a request meets the parts of the front.
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { Sessions } from './accounts.ts'
import { addAccountRoutes, type Preferences } from './account-routes.ts'
import { answerError, answerErrors } from './api-error.ts'
import { accountOf, checkCsrf, readSession } from './cookies.ts'
import { forward } from './forward.ts'
import type { ApiRequest, Cluster } from './options.ts'
import { servePages } from './pages.ts'
import type { PluginIndex } from './plugin-index.ts'
import { addPluginRoutes } from './plugin-routes.ts'
import { addPublicRoutes } from './public-routes.ts'
import { findTarget, normalise } from './routing.ts'

/** What the app works with; `clusters` and `plugins` are filled when the server already has its address. */
export interface AppParts {
  sessions: Sessions
  preferences: Preferences
  clusters: ReadonlyMap<string, Cluster>
  plugins: PluginIndex
  requests: ApiRequest[]
  version: string
  dashboard: string | undefined
}

/** All that is answered over HTTP; upgrades are separate. */
export function createApp(parts: AppParts): Koa {
  const app = new Koa()
  const router = new Router()
  addPublicRoutes(router, parts.sessions, parts.version)
  addAccountRoutes(router, parts.preferences)
  addPluginRoutes(router, parts.plugins)
  app.use(normalisePath) // before anything that decides by the path
  if (parts.dashboard !== undefined) app.use(servePages(parts.dashboard))
  app.use(record(parts.requests)) // around the answers, for their status
  app.use(answerErrors)
  app.use(readSession(parts.sessions))
  app.use(checkCsrf)
  app.use(router.routes())
  app.use(handOn(parts.clusters))
  // A browser that goes away in the middle of an answer is nobody's fault; the rest must not pass unseen.
  app.on('error', (error: { code?: string }) => {
    if (!gone.has(error.code ?? '')) process.emitWarning(error as Error)
  })
  return app
}

const gone = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_ABORTED'])

const normalisePath: Middleware = (ctx, next) => {
  const { path, query } = normalise(ctx.req.url ?? '/')
  ctx.url = path + query
  return next()
}

function record(requests: ApiRequest[]): Middleware {
  return async (ctx, next) => {
    const { method, path, search } = ctx
    await next()
    requests.push({ method, path, query: search, status: ctx.status, user: accountOf(ctx)?.name })
  }
}

/** What no route has answered goes to the cluster that the path names. */
function handOn(clusters: ReadonlyMap<string, Cluster>): Middleware {
  return async (ctx) => {
    const { method, path, search: query, host } = ctx
    const found = await findTarget(clusters, { method, path, query, host, account: accountOf(ctx) })
    if (found === undefined) return answerError(ctx, 404, 'not found')
    if (!('status' in found)) return forward(ctx, found)
    if (found.message !== undefined) return answerError(ctx, found.status, found.message)
    ctx.body = ''
    ctx.status = found.status
  }
}
