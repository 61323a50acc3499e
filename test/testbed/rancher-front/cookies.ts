// The two cookies: R_SESS says who is logged in, CSRF is what scripts of the same site must repeat in a header.
import { randomBytes } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import { answerError } from './api-error.ts'
import type { Sessions } from './accounts.ts'
import type { Account } from './options.ts'

/** Lax as Rancher's; not Secure, because this is plain HTTP on loopback. */
const attributes = { path: '/', sameSite: 'lax', secure: false, overwrite: true } as const
const sessionCookie = 'R_SESS'
const csrfCookie = 'CSRF'

/** The account behind a request, or undefined when logged out. */
export function accountOf(ctx: Context): Account | undefined {
  return ctx.state.account as Account | undefined
}

/** The account behind a request. @throws 401 as Rancher says it */
export function mustBeLoggedIn(ctx: Context): Account {
  return accountOf(ctx) ?? ctx.throw(401, 'must authenticate')
}

/** Finds the session and says on every answer whether there is one, which the Dashboard goes by. */
export function readSession(sessions: Sessions): Middleware {
  return (ctx, next) => {
    ctx.state.account = sessions.find(sessionOf(ctx))
    ctx.set('X-Api-Cattle-Auth', String(ctx.state.account !== undefined))
    return next()
  }
}

/** The value of the cookie R_SESS. */
export function sessionOf(ctx: Context): string | undefined {
  return ctx.cookies.get(sessionCookie)
}

/** The same for an upgrade, which has no Koa context. */
export function sessionOfHeader(cookie = ''): string | undefined {
  return new RegExp(`(?:^|;\\s*)${sessionCookie}=([^;]*)`).exec(cookie)?.[1]
}

/** Sets R_SESS. */
export function startSession(ctx: Context, session: string): void {
  ctx.cookies.set(sessionCookie, session, { ...attributes, httpOnly: true })
}

/** Removes both cookies. */
export function endSession(ctx: Context): void {
  ctx.cookies.set(sessionCookie, null, { ...attributes, httpOnly: true })
  ctx.cookies.set(csrfCookie, null, attributes)
}

/** Where Rancher checks the header: its own APIs and Steve in any cluster, not the raw Kubernetes paths. */
const guarded = /^\/(v1|v3|k8s\/clusters\/[^/]+\/v1)(\/|$)/

/** Gives browsers a CSRF cookie, and refuses a change whose header x-api-csrf does not repeat it. */
export const checkCsrf: Middleware = (ctx, next) => {
  const isBrowser = /mozilla/i.test(ctx.get('User-Agent'))
  if (!isBrowser || !guarded.test(ctx.path) || ctx.path === '/v1/logout') return next()
  const cookie = ctx.cookies.get(csrfCookie)
  if (cookie === undefined) {
    ctx.cookies.set(csrfCookie, randomBytes(16).toString('hex'), { ...attributes, httpOnly: false })
  } else if (ctx.method !== 'GET' && ctx.get('X-Api-Csrf') !== cookie) {
    answerError(ctx, 422, 'Invalid CSRF token')
    return undefined
  }
  return next()
}
