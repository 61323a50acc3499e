// A server without AWS registries does not pay for the AWS SDK (about 30 MiB and 100 ms).
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const script = `
  import { registerHooks } from 'node:module'
  const seen = []
  registerHooks({
    resolve(specifier, context, next) {
      if (/^@(aws-sdk|smithy)\\//.test(specifier)) seen.push(specifier)
      return next(specifier, context)
    },
  })
  const { providers } = await import(process.argv[1])
  const { guardThatLists } = await import(process.argv[2])
  const endpoint = 'http://127.0.0.1:9'
  const context = { signal: new AbortController().signal, now: () => new Date(), guard: guardThatLists(endpoint) }
  const values = { username: 'robot', password: 'x' }
  await providers.static.issue({ hosts: ['r.example'] }, { ...context, credentials: { kind: 'material', values, source: '' } })
  providers.ecr.hosts({ region: 'eu-west-1', accounts: ['123456789012'], fips: false, dualStack: false })
  const unused = [...seen]
  const key = { accessKeyId: 'a', secretAccessKey: 'b' }
  await providers.ecr
    .issue({ region: 'eu-west-1', fips: false, dualStack: false, endpoint }, { ...context, credentials: { kind: 'material', values: key, source: '' } })
    .catch(() => undefined)
  console.log(JSON.stringify({ unused, used: seen.includes('@aws-sdk/client-ecr') }))
`

test('the list of providers, hosts and other providers load without the AWS SDK; the first ECR call loads it', async () => {
  const index = join(import.meta.dirname, 'index.ts')
  const guard = join(import.meta.dirname, '../net/test-guard.ts')
  const args = ['--input-type=module', '-e', script, index, guard]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  assert.deepEqual(JSON.parse(stdout), { unused: [], used: true })
})
