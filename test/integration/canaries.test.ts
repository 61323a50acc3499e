// Secrets of every kind pass through a server whose every output is looked through: none comes out. Then through one that
// leaks on purpose, and each leak is found, or the search would prove nothing.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { secretValue, stem } from '../canaries/marks.ts'
import { canariesOf, checkCanaries } from '../canaries/plane.ts'
import { plant, type MutatedCopy } from '../chaos/mutate.ts'
import type { Mutation } from '../chaos/row.ts'
import type { AccessKey } from '../fakes/aws/index.ts'
import { createNamespace } from '../testbed/rancher.ts'
import { condition, createKeys, isReady, registries, startBed, untilStatus, type Bed } from './harness.ts'

const why = 'leaks on purpose'
const leaks: readonly Mutation[] = [
  {
    file: 'server/providers/ecr/token.ts',
    from: '  const pair = splitToken(authorizationToken)\n',
    to: '  const pair = splitToken(authorizationToken)\n  process.stdout.write(`{"msg":"${authorizationToken}"}\\n`)\n  process.stderr.write(process.env[\'AWS_SECRET_ACCESS_KEY\'] ?? \'\')\n',
    why,
  },
  {
    // A part of it: the log's redactor knows a whole one, most often.
    file: 'server/providers/ecr/token.ts',
    from: '    throw toRegistryError(thrown, situation)\n',
    to: '    throw Object.assign(toRegistryError(thrown, situation), { message: keys.secretAccessKey.slice(0, 24) })\n',
    why,
  },
  {
    file: 'server/http/app.ts',
    from: '      ctx.body = { ready, checks }\n',
    to: "      ctx.body = { ready, checks, leak: process.env['AWS_SECRET_ACCESS_KEY'] }\n",
    why,
  },
  {
    file: 'server/http/metrics-app.ts',
    from: 'ctx.body = await metrics.render()',
    to: "ctx.body = `${await metrics.render()}# ${process.env['AWS_SECRET_ACCESS_KEY']}\\n`",
    why,
  },
]

describe('secrets', () => {
  let bed: Bed
  let copy: MutatedCopy | undefined
  let user: AccessKey
  let env: Record<string, string>

  before(async () => {
    bed = await startBed({ policy: { serverIdentity: { namespaces: { machine: ['self'] } } } })
    const { cp, aws, chart } = bed
    user = aws.world.addUser({ name: 'puller' })
    const machine = aws.world.addUser({ name: 'machine' })
    env = { AWS_ACCESS_KEY_ID: machine.accessKeyId, AWS_SECRET_ACCESS_KEY: machine.secretAccessKey }
    // As the server would make it, with a mark.
    await cp.admin.create(`/api/v1/namespaces/${chart.namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token-registries-state', namespace: chart.namespace },
      type: 'tokenregistries.io/state',
      immutable: true,
      stringData: { macKey: secretValue('key', 32) },
    })
    for (const name of ['keys', 'chain', 'machine', 'plain', 'wrong', 'late']) await createNamespace(cp, name)
  })
  after(() => copy?.remove())

  it('do not come out, whatever becomes of the registries', async () => {
    const { cp, aws } = bed
    const role = aws.world.addRole({ name: 'pull', trust: { principals: [user.principal.arn] } })
    const { accessKeyId, secretAccessKey } = user
    for (const namespace of ['keys', 'chain'])
      await createKeys(cp, namespace, { accessKeyId, secretAccessKey })
    const wrong = { accessKeyId, secretAccessKey: secretValue('secret access key') }
    for (const namespace of ['wrong', 'late']) await createKeys(cp, namespace, wrong)
    await createKeys(cp, 'plain', { username: 'robot', password: secretValue('password') })
    const server = await bed.startServer({ env })
    await create('keys')
    await create('chain', {}, { assumeRoles: [{ arn: role.arn }] })
    await create('machine', { credentials: { serverIdentity: {} } })
    await create('plain', { provider: { static: { hosts: ['registry.example'] } } })
    await create('wrong')
    for (const name of ['keys', 'chain', 'machine', 'plain']) {
      await untilStatus(cp, registries.path(name, 'pull'), 'ready', isReady)
    }
    await untilStatus(
      cp,
      registries.path('wrong', 'pull'),
      'CredentialsInvalid',
      (object) => condition(object, 'CredentialIssued')?.reason === 'CredentialsInvalid',
    )
    await server.scrape(cp.adminToken)
    await checkCanaries(cp)
  })

  it('were looked for in everything', () => {
    const { looked } = canariesOf(bed.cp)
    for (const place of [
      'the log of server-0',
      '/readyz of server-0',
      '/metrics of server-0',
      'the audit log',
      'events',
      'TokenRegistries',
      'ClusterTokenRegistries',
      'TokenRegistryServers',
    ]) {
      assert.ok((looked.get(place) ?? 0) > 50, `${place} is empty`)
    }
  })

  it('are found wherever a server leaks them, and the bed fails when it closes', async () => {
    const { cp } = bed
    await bed.killServers()
    copy = await plant(leaks, ['server', 'package.json'])
    await bed.startServer({ name: 'leaky', env, main: copy.main })
    await refresh('keys')
    await create('late')
    const leaking = (object: unknown): boolean => JSON.stringify(object).includes(stem)
    await untilStatus(cp, registries.path('late', 'pull'), 'the leak', leaking)
    await cp.admin.waitFor('/apis/events.k8s.io/v1/namespaces/late/events', leaking, { what: 'the leak' })
    await assert.rejects(bed.close(), (error: Error) => {
      const found = [...error.message.matchAll(/'(.* in .*)'/g)].map(([, line]) => line)
      assert.deepEqual(found, [
        'password in the log of leaky',
        'secret access key in /metrics of leaky',
        'secret access key in /readyz of leaky',
        'secret access key in TokenRegistries',
        'secret access key in events',
        'secret access key in stderr of leaky',
        'secret access key in the audit log',
        'secret access key in the log of leaky',
      ])
      return true
    })
  })

  async function create(namespace: string, spec: Record<string, unknown> = {}, ecr = {}): Promise<void> {
    await bed.cp.admin.create(registries.path(namespace), registries.ecr(namespace, 'pull', bed, spec, ecr))
  }

  async function refresh(namespace: string): Promise<void> {
    const annotations = { 'tokenregistries.io/refresh-requested-at': new Date().toISOString() }
    await bed.cp.admin.patch(registries.path(namespace, 'pull'), { metadata: { annotations } })
  }
})
