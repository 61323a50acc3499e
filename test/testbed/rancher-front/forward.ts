// Hands requests and upgrades on to a Steve, as an identity that the caller decides.
import { request as upgradeRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context } from 'koa'
import { request } from 'undici'
import { headersFor, type Headers, type Identity, type LinkBase } from './identity.ts'

/** Where a request goes and as whom. */
export interface Target extends LinkBase {
  /** `http://127.0.0.1:<port>` of a Steve. */
  origin: string
  /** Path with query, without the cluster's prefix. */
  path: string
  identity: Identity
}

/** Not for the browser: what belongs to one connection, and cookies, which are the front's own. */
const kept = new Set(['connection', 'keep-alive', 'transfer-encoding', 'set-cookie', 'x-api-cattle-auth'])

/** Answers with what Steve answers, unchanged and as a stream; a Steve that does not answer is a 502. */
export async function forward(ctx: Context, target: Target): Promise<void> {
  const { headers } = ctx.req
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  const answer = await request(target.origin + target.path, {
    method: ctx.method as 'GET',
    headers: headersFor(headers, target.identity, target),
    body: hasBody ? ctx.req : null,
    // A watch on the raw path stays open for as long as the browser likes.
    bodyTimeout: 0,
  }).catch((error: Error) => ctx.throw(502, `the cluster does not answer: ${error.message}`))
  ctx.status = answer.statusCode
  ctx.body = answer.body
  // Koa ends it when the browser goes away in the middle, and an error that nobody listens to would end the process.
  answer.body.on('error', (error: Error) => ctx.app.emit('error', error, ctx))
  ctx.remove('Content-Type')
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !kept.has(name)) ctx.set(name, value)
  }
}

/**
 * Connects an upgrade (a websocket, exec) with Steve's end of it, byte by byte.
 * @returns the status of Steve's answer: 101, or its refusal, which is passed on
 */
export function forwardUpgrade(
  incoming: IncomingMessage,
  browser: Duplex,
  head: Buffer,
  target: Target,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const outgoing = upgradeRequest(target.origin + target.path, {
    method: incoming.method ?? 'GET',
    headers: headersFor(incoming.headers, target.identity, target),
  })
  outgoing.on('upgrade', (answer, steve: Duplex, steveHead: Buffer) => {
    browser.write(statusLines(answer.statusCode ?? 101, answer.headers))
    browser.write(steveHead)
    steve.write(head)
    join(browser, steve)
    resolve(101)
  })
  outgoing.on('response', (answer) => {
    const status = answer.statusCode ?? 502
    browser.write(statusLines(status, { ...answer.headers, connection: 'close' }))
    answer.pipe(browser)
    resolve(status)
  })
  outgoing.on('error', () => {
    refuseUpgrade(browser, 502)
    resolve(502)
  })
  outgoing.end()
  return promise
}

/** Ends an upgrade that is not wanted. */
export function refuseUpgrade(browser: Duplex, status: number): void {
  browser.end(statusLines(status, { connection: 'close', 'content-length': '0' }))
}

/** Each end goes when the other one does; a reset of one is no error of ours. */
function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

function statusLines(status: number, headers: Headers): string {
  const lines = Object.entries(headers)
    .filter(([name]) => name !== 'set-cookie' && name !== 'transfer-encoding')
    .map(([name, value]) => `${name}: ${String(value)}\r\n`)
  return `HTTP/1.1 ${status} ${status === 101 ? 'Switching Protocols' : 'Refused'}\r\n${lines.join('')}\r\n`
}
