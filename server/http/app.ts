import type Koa from 'koa'
import type { Logger } from '../telemetry/logger.ts'
import { createKoa, type Handler, type Routes } from './middleware.ts'

/** One condition of readiness, as /readyz prints it. */
export interface ReadinessCheck {
  /** Stable, for example `watch:namespaces`, `lease`, `mac-key`. */
  readonly name: string
  readonly ok: boolean
  /** One sentence for people: how stale, what is missing. Never anything secret, the path is open to the pod network. */
  readonly detail: string
}

/** What /readyz answers, with 200 or 503. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

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
 * process) and `/readyz` (200 or 503, with the named checks as JSON).
 */
export function createApp({ logger, readiness, routes, otherwise }: AppDeps): Koa {
  const health: Routes = {
    '/healthz': (ctx) => {
      ctx.body = { status: 'ok' }
    },
    '/readyz': (ctx) => {
      const { ready, checks } = readiness()
      ctx.status = ready ? 200 : 503
      ctx.body = { ready, checks }
    },
  }
  return createKoa(logger, { ...routes, ...health }, otherwise)
}
