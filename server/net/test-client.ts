// For tests: a client of addresses that specs name, on real sockets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { get as getTls } from 'node:https'
import { BlockList } from 'node:net'
import { AddressRanges } from './addresses.ts'
import { guardedAgents } from './agents.ts'
import { AddressGuard, AddressRefused, type GuardOptions, type RefusedClass } from './guard.ts'

/** Of a cluster whose Services are in 10.43.0.0/16 and whose administrator denies 10.99.0.0/16. */
export const ranges = new AddressRanges({ services: ['10.43.0.0/16'], denied: ['10.99.0.0/16'] })

/** Stops what the guard let through (http only) before it leaves this machine; the error names where it was going. */
const nowhere = new BlockList()
nowhere.addSubnet('10.0.0.0', 8)
nowhere.addSubnet('1.0.0.0', 8)

export interface Try extends Partial<GuardOptions> {
  readonly proxyEnv?: Readonly<Record<string, string>>
}

/** Gets a URL as a client of a spec's address would. */
export async function fetchGuarded(
  url: string,
  { proxyEnv, ...options }: Try = {},
): Promise<IncomingMessage> {
  const guard = new AddressGuard({ allowedEndpoints: [], ranges, ...options })
  // An agent hands it to node:net; its types do not know that.
  const stopped = { blockList: nowhere }
  const { httpAgent, httpsAgent } = guardedAgents(guard, {
    ...stopped,
    ...(proxyEnv === undefined ? {} : { proxyEnv: { ...proxyEnv } }),
  })
  const request = url.startsWith('https:')
    ? getTls(url, { agent: httpsAgent })
    : get(url, { agent: httpAgent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response.resume()
}

export async function refusal(url: string, options?: Try): Promise<RefusedClass> {
  const error = await fetchGuarded(url, options).then(
    () => assert.fail(`${url} was connected to`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof AddressRefused, String(error))
  return error.addressClass
}

/** Where the connection went that the guard let through. */
export async function attempted(url: string, options?: Try): Promise<string> {
  const error = await fetchGuarded(url, options).then(
    () => assert.fail('nothing stopped it'),
    (thrown: unknown) => thrown as Error,
  )
  const address = /^IP\((.*)\) is blocked/.exec(error.message)?.[1]
  assert.ok(address, String(error))
  return address
}
