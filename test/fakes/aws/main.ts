/**
 * The fake AWS as a process of its own: `node test/fakes/aws/main.ts [--port N] [--auth-port N] [--control-port N]
 * [--token-lifetime SECONDS]`. Prints one line of JSON with its addresses and a user, then stays until SIGTERM.
 */
import { parseArgs } from 'node:util'
import { startControl } from './control.ts'
import { startFakeAws } from './index.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'auth-port': { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    'token-lifetime': { type: 'string' },
  },
})
const lifetime = values['token-lifetime']
const fake = await startFakeAws({
  port: Number(values.port),
  registryAuthPort: Number(values['auth-port']),
  ...(lifetime === undefined ? {} : { tokenLifetimeMs: Number(lifetime) * 1000 }),
})
const control = await startControl(fake, Number(values['control-port']))
const user = fake.world.addUser({ name: 'demo' })
const role = fake.world.addRole({ name: 'image-pull', trust: { principals: [user.principal.arn] } })
const { endpoint, realm, service, issuer, rootCertBundlePem, pusher } = fake
const { accessKeyId, secretAccessKey } = user

console.log(
  JSON.stringify({
    endpoint,
    control: control.url,
    account: user.principal.account,
    user: { accessKeyId, secretAccessKey },
    roleArn: role.arn,
    registry: { realm, service, issuer, rootCertBundlePem, pusher },
  }),
)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void Promise.all([fake.close(), control.down()]).then(() => process.exit(0)))
}
