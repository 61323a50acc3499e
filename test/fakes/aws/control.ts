/** The fake's switches over HTTP, on a port of their own, for tests in other processes and for the demo. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { faultNames, type FaultSettings } from './faults.ts'
import type { FakeAws } from './index.ts'
import { Listener } from './listener.ts'
import { readBody } from './wire.ts'

type Route = (fake: FakeAws, body: Record<string, unknown>) => unknown

/** `METHOD /path` → what it does; what it returns is sent as JSON. */
const routes: Readonly<Record<string, Route>> = {
  'GET /log': ({ log }) => ({ counters: log.counters(), entries: log.entries }),
  'DELETE /log': (fake) => fake.resetCounters(),
  'GET /faults': ({ faults }) => ({ ...faults.settings, known: faultNames }),
  'PUT /faults': ({ faults }, body) => {
    for (const service of ['ecr', 'sts', 'metadata'] as const) {
      const fault = body[service] ?? null
      if (fault !== null && !(faultNames as readonly unknown[]).includes(fault)) {
        throw new Error(`${service}: no such fault; known are ${faultNames.join(', ')}`)
      }
    }
    faults.set(body as FaultSettings)
    return faults.settings
  },
  'DELETE /faults': ({ faults }) => faults.clear(),
  'POST /down': (fake) => fake.down(),
  'POST /up': (fake) => fake.up(),
  'PUT /lifetimes': ({ tokens, world }, { tokenMs, sessionSeconds }) => {
    if (typeof tokenMs === 'number') tokens.lifetimeMs = tokenMs
    if (typeof sessionSeconds === 'number') world.sessionSeconds = sessionSeconds
    return { tokenMs: tokens.lifetimeMs, sessionSeconds: world.sessionSeconds }
  },
}

/** Starts the control port. */
export async function startControl(fake: FakeAws, port = 0): Promise<Listener> {
  const listener = new Listener((request, response) => {
    handle(fake, request, response).catch((thrown: unknown) =>
      reply(response, 400, { error: String(thrown) }),
    )
  }, port)
  await listener.up()
  return listener
}

async function handle(fake: FakeAws, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routes[`${request.method} ${request.url}`]
  if (route === undefined) return reply(response, 404, { routes: Object.keys(routes) })
  const text = await readBody(request)
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  reply(response, 200, (await route(fake, body)) ?? {})
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
