import type Koa from 'koa'
import type { Context } from 'koa'
import { createApp } from '../http/app.ts'
import type { Logger } from '../telemetry/logger.ts'
import { BundleError, type BundleFile, type PluginBundle } from './bundle.ts'

/** Where Rancher looks for the files; the chart's UIPlugin says the same. */
export const pluginPath = '/plugin/'

/** The bundle, or why there is none. */
export type BundleOrReason = PluginBundle | BundleError

/**
 * `/plugin/<file>` for every file of the bundle, beside the health paths. Nothing is looked up on disk, so no path can
 * lead out of the folder.
 */
export function createPluginApp({ logger, bundle }: { logger: Logger; bundle: BundleOrReason }): Koa {
  const ready = !(bundle instanceof BundleError)
  const detail = ready ? `${bundle.name} ${bundle.version}, ${bundle.files.size} files` : bundle.message
  const files = ready ? [...bundle.files] : []
  return createApp({
    logger,
    readiness: () => ({ ready, checks: [{ name: 'bundle', ok: ready, detail }] }),
    routes: Object.fromEntries(
      files.map(([path, file]) => [pluginPath + path, (ctx: Context) => sendFile(ctx, file)]),
    ),
    otherwise: notFound,
  })
}

function sendFile(ctx: Context, { body, extension, etag }: BundleFile): void {
  ctx.status = 200
  ctx.etag = etag
  // The address holds the version, yet a rebuilt bundle may keep it: ask again, the answer is mostly 304.
  ctx.set('Cache-Control', 'no-cache')
  // The archive is content, not an encoding: with Content-Encoding a client would unpack what Rancher wants packed.
  ctx.type = extension === '.tgz' ? 'application/gzip' : extension
  if (ctx.fresh) ctx.status = 304
  else ctx.body = body
}

/**
 * Plain text with a slash first. Rancher reads this as a list of files when files.txt is not there, since it does not
 * look at the status; a name that begins with a slash is what makes it give up and try again later.
 */
function notFound(ctx: Context): void {
  ctx.status = 404
  ctx.type = 'text/plain'
  ctx.body = '/plugin/ has no such file: is the version that was asked for the one of this image?\n'
}
