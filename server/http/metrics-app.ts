import type Koa from 'koa'
import type { Context } from 'koa'
import { RegistryError } from '../core/errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { cacheVerdicts, type Authorize } from './authorize.ts'
import { createKoa } from './middleware.ts'
import { HttpProblem } from './problem.ts'

/** Where the figures come from, and who may read them. */
export interface MetricsAppDeps {
  readonly logger: Logger
  readonly metrics: { render(): Promise<string>; readonly contentType: string }
  /** Who may read; null = everybody who reaches the port (METRICS_AUTH=none). */
  readonly authorize: Authorize | null
  /** Milliseconds, for tests. */
  readonly now?: () => number
}

/** `/metrics`, on a port of its own since the figures name tenants' objects: callers need `get` on the path. */
export function createMetricsApp({ logger, metrics, authorize, now }: MetricsAppDeps): Koa {
  const cached = authorize && cacheVerdicts(authorize, now)
  return createKoa(logger, {
    '/metrics': async (ctx) => {
      if (cached) await requireAllowed(ctx, cached)
      ctx.body = await metrics.render()
      ctx.set('Content-Type', metrics.contentType)
    },
  })
}

async function requireAllowed(ctx: Context, authorize: Authorize): Promise<void> {
  const token = /^Bearer +([^\s]+)$/i.exec(ctx.get('Authorization'))?.[1]
  const verdict = token === undefined ? 'unauthenticated' : await ask(authorize, token)
  if (verdict === 'unauthenticated') {
    throw new HttpProblem('Unauthenticated', 'Send a token of this cluster as `Authorization: Bearer …`.', {
      'WWW-Authenticate': 'Bearer',
    })
  }
  if (verdict === 'forbidden') {
    throw new HttpProblem(
      'Forbidden',
      'The caller needs a ClusterRole with `get` on the nonResourceURL /metrics.',
    )
  }
}

async function ask(authorize: Authorize, token: string) {
  try {
    return await authorize(token, { path: '/metrics', verb: 'get' })
  } catch (thrown) {
    if (thrown instanceof HttpProblem) throw thrown
    throw new RegistryError('Unavailable', 'The API server could not be asked about the caller; try again.', {
      cause: thrown,
      retryAfterMs: 5_000,
    })
  }
}
