// What Rancher tells a user about the user: id, principal and preferences. Steve alone knows none of it.
import { json } from 'node:stream/consumers'
import type Router from '@koa/router'
import { mustBeLoggedIn } from './cookies.ts'
import type { Account } from './options.ts'

/** Preferences by user id. */
export type Preferences = Map<string, Record<string, string>>

/** Adds `selfuser`, `principals`, the schemas of the old API and the preferences, all for logged-in users. */
export function addAccountRoutes(router: Router, preferences: Preferences): void {
  // The Dashboard uses the singular; Steve takes both.
  router.post(['/v1/ext.cattle.io.selfuser', '/v1/ext.cattle.io.selfusers'], (ctx) => {
    const { id } = mustBeLoggedIn(ctx)
    ctx.status = 201
    ctx.body = { type: 'ext.cattle.io.selfuser', kind: 'SelfUser', status: { userID: id } }
  })

  router.get('/v3/principals', (ctx) => {
    const account = mustBeLoggedIn(ctx)
    const links = { self: `http://${ctx.host}/v3/principals` }
    ctx.body = { type: 'collection', resourceType: 'principal', links, data: [principal(account, ctx.host)] }
  })

  router.get('/v3/schemas', (ctx) => {
    mustBeLoggedIn(ctx)
    const data = ['principal', 'user', 'token'].map((id) => schema(id, ctx.host))
    ctx.body = { type: 'collection', resourceType: 'schema', data }
  })

  // Steve has this type too, but with one file for everybody.
  router.get(['/v1/userpreferences', '/v1/userpreference'], (ctx) => {
    const { id } = mustBeLoggedIn(ctx)
    const data = [preference(id, preferences, ctx.host)]
    ctx.body = { type: 'collection', resourceType: 'userpreference', count: 1, data }
  })

  router.get('/v1/userpreferences/:id', (ctx) => {
    const { id } = mustBeLoggedIn(ctx)
    ctx.body = preference(id, preferences, ctx.host)
  })

  // As in Rancher, the session decides whose preferences these are, not the path.
  router.put('/v1/userpreferences/:id', async (ctx) => {
    const { id } = mustBeLoggedIn(ctx)
    const { data = {} } = (await json(ctx.req)) as { data?: Record<string, unknown> }
    preferences.set(id, Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)])))
    ctx.body = preference(id, preferences, ctx.host)
  })
}

function preference(id: string, preferences: Preferences, host: string): object {
  const self = `http://${host}/v1/userpreferences/${id}`
  const data = preferences.get(id) ?? {}
  return { id, type: 'userpreference', links: { self, update: self, remove: self }, data }
}

function principal({ id, name, displayName }: Account, host: string): object {
  const self = `http://${host}/v3/principals/${encodeURIComponent(`local://${id}`)}`
  return {
    id: `local://${id}`,
    type: 'principal',
    links: { self },
    loginName: name,
    name: displayName,
    me: true,
    principalType: 'user',
    provider: 'local',
  }
}

function schema(id: string, host: string): object {
  const links = {
    self: `http://${host}/v3/schemas/${id}`,
    collection: `http://${host}/v3/${id}s`,
  }
  const methods = { collectionMethods: ['GET'], resourceMethods: ['GET'] }
  return { id, type: 'schema', pluralName: `${id}s`, links, ...methods, resourceFields: {} }
}
