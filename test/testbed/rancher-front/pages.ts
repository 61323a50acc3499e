// The Dashboard's files, with its start page for every path that is a page of its own.
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import type { Context, Middleware } from 'koa'

/**
 * A file below a folder; undefined for anything else, also for a link that leads out of it.
 * @param path percent-encoded path with `/`, as it comes in a URL
 */
export async function fileIn(folder: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, decodeURIComponent(path)))
    return file.startsWith(root + sep) && (await stat(file)).isFile() ? file : undefined
  } catch (error) {
    // Not there, or not a path at all (a NUL, half a percent sign, a name that is too long).
    if (error instanceof URIError || (error as { code?: unknown }).code !== undefined) return undefined
    throw error
  }
}

/** Answers with a file, its type by its name. */
export function sendFile(ctx: Context, file: string): void {
  ctx.type = extname(file) || 'application/octet-stream'
  ctx.body = createReadStream(file)
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Serves a production build of the Dashboard below /dashboard/, and leads there. */
export function servePages(folder: string): Middleware {
  return async (ctx, next) => {
    if (ctx.path === '/' || ctx.path === '/dashboard') return ctx.redirect('/dashboard/')
    if (!ctx.path.startsWith('/dashboard/') || !isRead(ctx.method)) return next()
    const found = await fileIn(folder, ctx.path.slice('/dashboard/'.length))
    sendFile(ctx, found ?? join(folder, 'index.html'))
  }
}
