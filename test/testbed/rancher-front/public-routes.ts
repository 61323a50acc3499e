// What Rancher answers without a login.
import { json } from 'node:stream/consumers'
import type Router from '@koa/router'
import { answerError } from './api-error.ts'
import { endSession, sessionOf, startSession } from './cookies.ts'
import type { Sessions } from './accounts.ts'

/** Adds log in, log out, the way to log in, and the version. */
export function addPublicRoutes(router: Router, sessions: Sessions, version: string): void {
  router.get('/rancherversion', (ctx) => {
    ctx.body = { Version: version, GitCommit: 'testbed', RancherPrime: 'false' }
  })

  router.get('/v1-public/authproviders', (ctx) => {
    const local = { id: 'local', type: 'localProvider' }
    ctx.body = { type: 'collection', resourceType: 'authProvider', data: [local] }
  })

  router.post('/v1-public/login', async (ctx) => {
    const login = (await json(ctx.req)) as { type?: string; username?: unknown; password?: unknown }
    const session = login.type === 'localProvider' && sessions.login(login.username, login.password)
    if (!session) return answerError(ctx, 401, 'authentication failed')
    startSession(ctx, session)
    ctx.body = ''
    ctx.status = 200
  })

  router.post('/v1/logout', (ctx) => {
    const session = sessionOf(ctx)
    if (session === undefined) return answerError(ctx, 401, 'No valid token cookie or auth header')
    sessions.logout(session)
    endSession(ctx)
    ctx.set('X-Api-Cattle-Auth', 'false')
    ctx.type = 'json'
    ctx.body = ''
    ctx.status = 200
  })
}
