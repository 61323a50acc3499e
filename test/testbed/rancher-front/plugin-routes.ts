// The list of UI extensions and their files.
import type Router from '@koa/router'
import type { Context } from 'koa'
import { accountOf } from './cookies.ts'
import { fileIn, sendFile } from './pages.ts'
import type { IndexedPlugin, PluginIndex } from './plugin-index.ts'

const filePath = /^\/v1\/uiplugins\/([^/]+)\/([^/]+)\/(.+)$/

/** Adds /v1/uiplugins and the files below it. Browsers may keep neither. */
export function addPluginRoutes(router: Router, index: PluginIndex): void {
  router.get('/v1/uiplugins', (ctx) => {
    noCache(ctx)
    ctx.type = 'text/plain'
    ctx.body = JSON.stringify(index.list(accountOf(ctx) !== undefined))
  })

  router.get(filePath, async (ctx) => {
    noCache(ctx)
    const [, name = '', version = '', rest = ''] = filePath.exec(ctx.path) ?? []
    const entry = index.find(decoded(name), accountOf(ctx) !== undefined)
    if (entry?.version !== decoded(version)) {
      return answer(ctx, 404, `plugin [name: ${name} version: ${version}] does not exist in index`)
    }
    if (entry.noCache || entry.CacheState === 'pending') return refuseProxying(ctx, entry)
    const file = await fileIn(index.folder, `${name}/${version}/${rest}`)
    if (file === undefined) return answer(ctx, 404, '404 page not found')
    sendFile(ctx, file)
  })
}

/**
 * Rancher would hand the request on to the endpoint, but only by https and never to loopback or private addresses.
 * Here nothing else exists, so each is one of its refusals.
 */
function refuseProxying(ctx: Context, { endpoint }: IndexedPlugin): void {
  if (!endpoint) return answer(ctx, 425, 'caching still in progress')
  const scheme = URL.parse(endpoint)?.protocol.slice(0, -1) ?? ''
  if (scheme === 'https') return answer(ctx, 403, `url [${endpoint}] is forbidden`)
  answer(ctx, 403, `url scheme [${scheme}] is not allowed, only https is permitted`)
}

function noCache(ctx: Context): void {
  ctx.set('Cache-Control', 'no-cache, no-store, must-revalidate')
}

function answer(ctx: Context, status: number, text: string): void {
  ctx.status = status
  ctx.type = 'text/plain'
  ctx.body = text
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
