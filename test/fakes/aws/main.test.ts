// The fake as a process of its own, driven over its control port.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'

interface Printed {
  readonly endpoint: string
  readonly control: string
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

let child: ChildProcess
let printed: Printed

before(async () => {
  child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--token-lifetime', '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  printed = JSON.parse(line) as Printed
})
after(async () => {
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 0)
})

async function control(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: never }> {
  const response = await fetch(`${printed.control}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as never }
}

function getToken(): Promise<Date | undefined> {
  const { endpoint, user } = printed
  const client = new ECRClient({ region: 'eu-west-1', endpoint, credentials: user, maxAttempts: 1 })
  return client
    .send(new GetAuthorizationTokenCommand({}))
    .then((output) => output.authorizationData?.[0]?.expiresAt)
}

test('it serves tokens of the given lifetime, and its faults are switched from outside', async () => {
  assert.ok((await getToken())!.getTime() <= Date.now() + 60_000)
  await control('PUT', '/faults', { ecr: 'accessDenied' })
  await assert.rejects(getToken(), { name: 'AccessDeniedException' })
  await control('DELETE', '/faults')
  await control('POST', '/down')
  await assert.rejects(getToken(), { code: 'ECONNREFUSED' })
  await control('POST', '/up')
  await control('PUT', '/lifetimes', { tokenMs: 3_600_000 })
  assert.ok((await getToken())!.getTime() > Date.now() + 60_000)
  const { json } = await control('GET', '/log')
  assert.equal(
    (json as { counters: { actions: Record<string, number> } }).counters.actions['GetAuthorizationToken'],
    3,
  )
  assert.ok(!JSON.stringify(json).includes(printed.user.secretAccessKey))
})

test('what it does not know is refused', async () => {
  assert.equal((await control('PUT', '/faults', { ecr: 'boredom' })).status, 400)
  assert.equal((await control('GET', '/nothing')).status, 404)
})
