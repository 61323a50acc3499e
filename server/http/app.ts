import type Koa from 'koa'
import type { Logger } from '../telemetry/logger.ts'
import { createKoa, type Handler, type Routes } from './middleware.ts'
import type { Readiness } from './readiness.ts'

/** What the app of every replica is given. */
export interface AppDeps {
  readonly logger: Logger
  /** Asked at each request; must not do I/O. */
  readonly readiness: () => Readiness
  /** More that is answered. */
  readonly routes?: Routes
  /** Answers all other paths; default a 404 that names the known ones. */
  readonly otherwise?: Handler
}

/**
 * The app of every replica: `/healthz` (the event loop turns, nothing else: a restart heals nothing outside of this
 * process) and `/readyz` (200 or 503, with the named checks as JSON). A probe shows its status alone to whoever looks at
 * the pod, so a change is logged with its reasons.
 */
export function createApp({ logger, readiness, routes, otherwise }: AppDeps): Koa {
  let wasReady: boolean | undefined
  const noteChange = ({ ready, checks }: Readiness): void => {
    const failing = checks.filter(({ ok }) => !ok)
    if (wasReady === true && !ready) logger.warn({ failing }, 'this replica is not ready any more')
    else if (wasReady === false && ready) logger.info({}, 'this replica is ready')
    wasReady = ready
  }
  const health: Routes = {
    '/healthz': (ctx) => {
      ctx.body = { status: 'ok' }
    },
    '/readyz': (ctx) => {
      const now = readiness()
      noteChange(now)
      const { ready, checks } = now
      ctx.status = ready ? 200 : 503
      ctx.body = { ready, checks }
    },
  }
  return createKoa(logger, { ...routes, ...health }, otherwise)
}
